//! How a message becomes words in a language.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::language::Language;

/// Something to say, in no language yet: its identifier in `locales/` and what stands in its gaps. Made in
/// [`crate::texts`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    id: &'static str,
    arguments: Vec<(&'static str, Argument)>,
}

impl Message {
    pub(crate) const fn new(id: &'static str, arguments: Vec<(&'static str, Argument)>) -> Self {
        Self { id, arguments }
    }
}

impl AsRef<Self> for Message {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// What stands in the gap of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    /// Ready to read.
    Text(String),
    /// Chooses the plural.
    Number(u32),
    /// To be said in the same language.
    Message(Message),
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<u32> for Argument {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<Message> for Argument {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

/// Says messages in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    /// Which.
    pub language: Language,
}

/// Stands for the text [`Words::around`] leaves out.
const GAP: &str = "\u{fffc}";

impl Words {
    #[must_use]
    pub(crate) const fn new(language: Language) -> Self {
        Self { language }
    }

    /// The message in words. They are text and not markup.
    #[must_use]
    pub(crate) fn say(self, message: impl AsRef<Message>) -> String {
        let message = message.as_ref();
        let bundle = &BUNDLES[self.language as usize];
        let Some(pattern) = bundle.get_message(message.id).and_then(|found| found.value()) else {
            // A test holds every file to the list of messages.
            return message.id.to_owned();
        };
        let arguments: FluentArgs<'_> =
            message.arguments.iter().map(|(name, argument)| (*name, self.value(argument))).collect();
        bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }

    /// The two halves of a message around its argument, for a text of somebody else's that a page has to isolate.
    #[must_use]
    pub(crate) fn around(self, message: impl FnOnce(&'static str) -> Message) -> (String, String) {
        let said = self.say(message(GAP));
        let (before, after) = said.split_once(GAP).unwrap_or((&said, ""));
        (before.to_owned(), after.to_owned())
    }

    fn value(self, argument: &Argument) -> FluentValue<'_> {
        match argument {
            Argument::Text(text) => text.as_str().into(),
            Argument::Number(number) => (*number).into(),
            Argument::Message(message) => self.say(message).into(),
        }
    }
}

type Bundle = FluentBundle<FluentResource>;

/// Each language's words, parsed once.
static BUNDLES: LazyLock<Vec<Bundle>> = LazyLock::new(|| Language::ALL.map(bundle).into());

fn bundle(language: Language) -> Bundle {
    let locale: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // Arguments are our own amounts, dates and names in Latin letters: they need isolating only where the sentence
    // runs the other way. What a merchant or payer wrote is isolated by `<bdi>`.
    bundle.set_use_isolating(language.direction() == "rtl");
    // What cannot be read is left out here, and found by a test.
    let resource = FluentResource::try_new(language.file().to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};

    use super::*;
    use crate::texts;

    /// The messages of a file: the gaps of each.
    fn messages(language: Language) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let file = language.file();
        let parsed =
            fluent_syntax::parser::parse(file).unwrap_or_else(|(_, errors)| panic!("{language:?}: {errors:?}"));
        let mut messages = BTreeMap::new();
        for entry in parsed.body {
            match entry {
                Entry::Message(message) => {
                    let mut gaps = BTreeSet::new();
                    find_gaps(message.value.as_ref().expect("words"), &mut gaps);
                    let before = messages.insert(message.id.name, gaps);
                    assert!(before.is_none(), "{language:?}: {} is there twice", message.id.name);
                    assert!(message.attributes.is_empty(), "{language:?}: {}", message.id.name);
                }
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                Entry::Term(_) | Entry::Junk { .. } => panic!("{language:?}: {entry:?}"),
            }
        }
        messages
    }

    fn find_gaps<'a>(pattern: &Pattern<&'a str>, gaps: &mut BTreeSet<&'a str>) {
        for element in &pattern.elements {
            let PatternElement::Placeable { expression } = element else { continue };
            let inline = match expression {
                Expression::Inline(inline) => inline,
                Expression::Select { selector, variants } => {
                    variants.iter().for_each(|variant| find_gaps(&variant.value, gaps));
                    selector
                }
            };
            match inline {
                InlineExpression::VariableReference { id } => {
                    gaps.insert(id.name);
                }
                // A character that cannot be seen.
                InlineExpression::StringLiteral { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_language_has_every_message_with_the_same_gaps() {
        let wanted: BTreeMap<&str, BTreeSet<&str>> =
            texts::ALL.iter().map(|(id, arguments)| (*id, arguments.iter().copied().collect())).collect();
        assert_eq!(texts::ALL.len(), wanted.len(), "every identifier once");
        for language in Language::ALL {
            let found = messages(language);
            for (id, gaps) in &wanted {
                let said = found.get(id).unwrap_or_else(|| panic!("{language:?}: {id} is missing"));
                assert_eq!(gaps, said, "{language:?}: {id}");
            }
            let left_over: Vec<_> = found.keys().filter(|id| !wanted.contains_key(*id)).collect();
            assert!(left_over.is_empty(), "{language:?}: {left_over:?}");
        }
    }

    /// The keys of the first choice a message makes; empty for one that makes none.
    fn keys(language: Language, id: &str) -> Vec<String> {
        let parsed = fluent_syntax::parser::parse(language.file()).expect("readable");
        let found = parsed.body.iter().find_map(|entry| match entry {
            Entry::Message(message) if message.id.name == id => message.value.as_ref(),
            _ => None,
        });
        let elements = &found.expect("a message").elements;
        let variants = elements.iter().find_map(|element| match element {
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => Some(variants),
            _ => None,
        });
        let key = |key: &VariantKey<&str>| match key {
            VariantKey::Identifier { name } => (*name).to_owned(),
            VariantKey::NumberLiteral { value } => (*value).to_owned(),
        };
        variants.into_iter().flatten().map(|variant| key(&variant.key)).collect()
    }

    #[test]
    fn what_is_counted_has_the_plurals_of_its_language() {
        for language in Language::ALL {
            let plurals: &[&str] = match language {
                Language::English | Language::German | Language::Swedish => &["one", "other"],
                // `many` is for millions.
                Language::French | Language::Spanish => &["one", "other"],
                Language::Polish => &["one", "few", "many", "other"],
                Language::Arabic => &["zero", "one", "two", "few", "many", "other"],
                Language::Malay | Language::Chinese => &[],
            };
            assert_eq!(plurals, keys(language, "wrong-code"), "{language:?}");
        }
        let left = |language, left| Words::new(language).say(texts::wrong_code(left));
        assert_eq!("Ten kod jest nieprawidłowy. Pozostała 1 próba", left(Language::Polish, 1));
        assert_eq!("Ten kod jest nieprawidłowy. Pozostały 2 próby", left(Language::Polish, 2));
        assert_eq!("Ten kod jest nieprawidłowy. Pozostało 5 prób", left(Language::Polish, 5));
        assert!(left(Language::Arabic, 2).contains("محاولتان"));
        assert!(left(Language::Arabic, 3).contains("محاولات"));
    }

    #[test]
    fn nothing_was_left_in_english() {
        let english = Words::new(Language::English);
        let mut same = Vec::new();
        for (id, arguments) in texts::ALL {
            let gaps = arguments.iter().map(|name| (*name, Argument::Text(GAP.to_owned()))).collect();
            let message = Message::new(id, gaps);
            let copied = |language: &Language| {
                english.say(&message) == Words::new(*language).say(&message).replace(['\u{2068}', '\u{2069}'], "")
            };
            let copies: Vec<&str> = Language::ALL.iter().skip(1).filter(|l| copied(l)).map(|l| l.code()).collect();
            if !copies.is_empty() {
                same.push(format!("{}: {}", english.say(&message), copies.join(" ")));
            }
        }
        // The same word in both languages, each looked at.
        insta::assert_snapshot!(same.join("\n"), @r"
        (optional): de
        Error: ￼: es
        Subtotal: es
        Total: fr es
        Date: fr
        TEST: fr de sv pl
        ￼, ￼ (￼): ms es pl
        ");
    }

    #[test]
    fn where_the_sentence_runs_the_other_way_its_gaps_are_isolated() {
        let pay = |language| Words::new(language).say(texts::pay("MYR 52.00"));
        assert_eq!("ادفع \u{2068}MYR 52.00\u{2069}", pay(Language::Arabic));
        for language in Language::ALL.into_iter().filter(|language| language.direction() == "ltr") {
            assert!(!pay(language).contains(['\u{2068}', '\u{2069}']), "{language:?}");
        }
    }

    #[test]
    fn a_text_in_arabic_says_itself_which_way_it_runs() {
        // Browsers go by the first letter of a `<bdi>`, even one in a gap.
        let arabic = Words::new(Language::Arabic);
        for (id, arguments) in texts::ALL {
            let gaps = arguments.iter().map(|name| (*name, Argument::Text("x".to_owned()))).collect();
            let said = arabic.say(Message::new(id, gaps));
            let first = said.chars().find(|c| c.is_alphabetic() || *c == '\u{200f}');
            let latin = first.is_none_or(|letter| letter.is_ascii());
            assert!(!latin, "{id}: {said}");
        }
    }

    #[test]
    fn a_message_becomes_words() {
        let words = Words::new(Language::English);
        assert_eq!("Card number", words.say(texts::CARD_NUMBER));
        assert_eq!("Pay RM 52.00", words.say(texts::pay("RM 52.00")));
        assert_eq!("This code is wrong. 1 try left", words.say(texts::wrong_code(1)));
        assert_eq!("This code is wrong. 2 tries left", words.say(texts::wrong_code(2)));
        let too_long = texts::at_most(texts::CITY, 1_280);
        assert_eq!("City is too long. Use at most 1280 characters", words.say(too_long));
        let (before, after) = words.around(texts::reference_is);
        assert_eq!(("Reference: ", ""), (before.as_str(), after.as_str()));
    }
}

//! The test acquirer's own page (orchestration-api 8.4): a wallet, a lender or a bank asks the payer, and leads back.

use askama::Template;
use domain::RedirectMethod;
use engine::redirects::RedirectView;

use super::{Frame, Link, Refresh, Target, html, shown};
use crate::words::{Message, Words};
use crate::{money, texts};

/// The page that asks. Its form posts `action`: `approve`, `refuse`, `cancel` or `later`. Once there is nothing left to
/// decide, it goes on to where the payer came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AcquirerPage<'a> {
    /// In the language of the page.
    pub words: Words,
    /// Where the form goes: this page.
    pub action: &'a str,
    /// What is asked.
    pub view: &'a RedirectView,
}

impl AcquirerPage<'_> {
    /// The page.
    #[must_use]
    pub(crate) fn render(&self) -> String {
        let (words, view) = (self.words, self.view);
        let house = match (view.local, view.method) {
            (Some(local), _) => local.house().to_owned(),
            (None, RedirectMethod::Wallet) => words.say(texts::ACQUIRER_WALLET),
            (None, RedirectMethod::PayLater) => words.say(texts::ACQUIRER_LENDER),
            (None, RedirectMethod::Bank) => words.say(texts::ACS_ISSUER),
        };
        let heading = if view.decided { texts::ACS_DONE } else { texts::ACS_TITLE };
        let title = format!("{} - {}", words.say(heading.clone()), house);
        let mut frame = Frame { test: true, languages: &[], ..Frame::of_nobody(&title) };
        let mut choices = vec![];
        let mut links = vec![];
        if view.decided {
            // Browsers hold redirects after a form against the form's `form-action` (checkout-ux 8).
            if let Some(target) = Target::of(Some(&view.return_url)) {
                frame.refresh = Some(Refresh::go_on(target.url.clone()));
                links.push(Link { href: target.url, text: words.say(texts::CONTINUE), primary: true });
            }
        } else {
            choices.push(("refuse", texts::ACQUIRER_REFUSE));
            choices.push(("cancel", texts::ACS_CANCEL));
            if view.may_wait {
                choices.push(("later", texts::ACQUIRER_LATER));
            }
        }
        html(&AcquirerTemplate {
            words,
            frame,
            action: self.action,
            house,
            heading,
            decided: view.decided,
            facts: vec![
                (texts::ACS_MERCHANT, shown(&view.merchant)),
                (texts::AMOUNT, money::amount(view.amount, words.language)),
            ],
            choices,
            links,
        })
    }
}

#[derive(Template)]
#[template(path = "acquirer.html")]
struct AcquirerTemplate<'a> {
    words: Words,
    frame: Frame,
    action: &'a str,
    house: String,
    heading: Message,
    decided: bool,
    facts: Vec<(Message, String)>,
    choices: Vec<(&'static str, Message)>,
    links: Vec<Link>,
}

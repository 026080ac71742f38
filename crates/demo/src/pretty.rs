//! How JSON is shown: as it was written, but with line breaks, and without what opens doors.

use serde_json::Value;

/// Bytes of a text that are shown; the rest is said to be left out.
const SHOWN_MAX: usize = 16 * 1024;

/// JSON with line breaks, in the order in which it was written. Anything else stays as it is.
pub(crate) fn json(text: &str) -> String {
    // What is nested too deep to be read is not indented either.
    if serde_json::from_str::<Value>(text).is_err() {
        return cut(text);
    }
    let mut shown = String::with_capacity(text.len() * 2);
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    let mut letters = text.chars().filter(|letter| *letter != '\r').peekable();
    while let Some(letter) = letters.next() {
        if is_text {
            is_text = is_escaped || letter != '"';
            is_escaped = !is_escaped && letter == '\\';
            shown.push(letter);
            continue;
        }
        match letter {
            '"' => {
                is_text = true;
                shown.push(letter);
            }
            '{' | '[' => {
                shown.push(letter);
                while letters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth += 1;
                    new_line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut shown, depth);
                shown.push(letter);
            }
            ',' => {
                shown.push(letter);
                new_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            letter if letter.is_ascii_whitespace() => {}
            letter => shown.push(letter),
        }
    }
    cut(&shown)
}

fn new_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.push_str(&"  ".repeat(depth));
}

fn cut(text: &str) -> String {
    if text.len() <= SHOWN_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SHOWN_MAX);
    format!("{}\n… {} bytes more", &text[..end], text.len() - end)
}

/// Enough of a secret to tell it from another one.
pub(crate) fn shortened(secret: &str) -> String {
    let shown: String = secret.chars().take(12).collect();
    format!("{shown}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_in_its_own_order() {
        let text = r#"{"b":1,"a":[{"c":"x,{y}\"[z]\\"},2],"none":{},"empty": [ ]}"#;
        let shown = "{\n  \"b\": 1,\n  \"a\": [\n    {\n      \"c\": \"x,{y}\\\"[z]\\\\\"\n    },\n    2\n  ],\n  \
                     \"none\": {},\n  \"empty\": []\n}";
        assert_eq!(shown, json(text));
        assert_eq!(shown, json(shown), "once more changes nothing");
    }

    #[test]
    fn what_is_no_json_stays_and_what_is_long_is_cut() {
        for text in ["", "grant_type=client_credentials", "{", "Nothing is here."] {
            assert_eq!(text, json(text));
        }
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        assert_eq!(deep, json(&deep), "a line for each bracket would be a book");
        let long = format!("\"{}\"", "ä".repeat(SHOWN_MAX));
        let shown = json(&long);
        assert!(shown.len() < SHOWN_MAX + 40 && shown.ends_with(" bytes more"), "{}", shown.len());
    }

    #[test]
    fn a_secret_is_not_shown_whole() {
        assert_eq!("sk_test_ab12…", shortened("sk_test_ab12cd34ef56"));
    }
}

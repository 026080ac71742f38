//! What happened to an order, step by step: each call that the shop made, and each message that reached it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use crate::client::Unanswered;

/// Steps of one order; what happens after that is not told.
const STEPS_MAX: usize = 120;
/// Messages of one order that were not believed; others are not told.
const REFUSED_MAX: usize = 12;
/// Bytes of a message or an answer that are kept.
pub(crate) const KEPT_MAX: usize = 32 * 1024;

/// A call to the gateway, as the shop makes it.
pub(crate) struct Request {
    /// What it is for.
    pub(crate) title: &'static str,
    /// Why a shop makes it.
    pub(crate) about: &'static str,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) opens_with: Opens,
    /// Names the operation, so that a repeat is none.
    pub(crate) once: Option<Once>,
    pub(crate) content: Content,
}

/// What a call is opened with.
#[derive(Clone)]
pub(crate) enum Opens {
    /// Nothing.
    Public,
    /// The secret key of the purchases API.
    Key(String),
    /// The client's name and secret, for a token.
    Client { id: String, secret: String },
    /// A token.
    Token(String),
}

/// The header that names an operation, and its value.
pub(crate) struct Once {
    pub(crate) header: &'static str,
    pub(crate) value: String,
}

/// What a call carries.
pub(crate) enum Content {
    Nothing,
    Json(Value),
    Form(&'static str),
}

/// One thing that happened. Times are microseconds since 1970.
pub(crate) struct Step {
    pub(crate) at: i64,
    pub(crate) what: What,
}

pub(crate) enum What {
    Called(Box<Called>),
    Arrived(Box<Arrived>),
}

/// A call, and what came of it.
pub(crate) struct Called {
    pub(crate) request: Request,
    pub(crate) took: Duration,
    pub(crate) outcome: Result<Answered, Unanswered>,
}

pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A message that reached the shop.
pub(crate) struct Arrived {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    /// What it says has happened, in the dialect's words; empty where it says nothing.
    pub(crate) tells: String,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) verdict: Verdict,
}

/// What the shop makes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the gateway's: the key it was checked with.
    Verified(Checked),
    /// It is not; what it says changed nothing.
    Refused(String),
    /// It says nothing by itself: the shop asks, and believes the answer.
    Asked,
}

/// What a good signature was checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checked {
    /// `GET /public_key/`
    CompanyKey { signature: String },
    /// `GET /webhooks/{id}/`
    WebhookKey { webhook: String, signature: String },
    /// The published key of this name, over the body.
    Detached { kid: String, jws: String },
    /// The published key of this name, over what the token itself carries.
    Token { kid: String, jws: String },
}

/// The steps of one order, oldest first.
#[derive(Default)]
pub(crate) struct Story(Mutex<Vec<Step>>);

impl Story {
    /// Tells one more step, while there is room.
    pub(crate) fn tell(&self, step: Step) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = steps.len() < STEPS_MAX
            && (!step.is_refused() || steps.iter().filter(|step| step.is_refused()).count() < REFUSED_MAX);
        if has_room {
            steps.push(step);
        }
    }

    /// Tells what another story told.
    pub(crate) fn take_over(&self, other: &Self) {
        let steps = std::mem::take(&mut *other.0.lock().unwrap_or_else(PoisonError::into_inner));
        for step in steps {
            self.tell(step);
        }
    }

    /// Reads the steps.
    pub(crate) fn read<T>(&self, reading: impl FnOnce(&[Step]) -> T) -> T {
        reading(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Step {
    fn is_refused(&self) -> bool {
        match &self.what {
            What::Called(_) => false,
            What::Arrived(arrived) => matches!(arrived.verdict, Verdict::Refused(_)),
        }
    }
}

impl Request {
    /// A call that reads something. What it is for is said by whoever makes it.
    pub(crate) const fn get(opens_with: Opens, target: String) -> Self {
        let (method, once, content) = (Method::GET, None, Content::Nothing);
        Self { title: "", about: "", method, target, opens_with, once, content }
    }

    /// A call that changes something.
    pub(crate) fn post(opens_with: Opens, target: String) -> Self {
        Self { method: Method::POST, ..Self::get(opens_with, target) }
    }
}

impl Content {
    /// The bytes, which are text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Json(value) => value.to_string(),
            Self::Form(form) => (*form).to_owned(),
        }
    }

    /// Its `Content-Type`.
    pub(crate) const fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Json(_) => Some("application/json"),
            Self::Form(_) => Some("application/x-www-form-urlencoded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(verdict: Verdict) -> Step {
        let (title, about, tells, target) = ("", "", String::new(), String::new());
        let arrived =
            Arrived { title, about, tells, method: Method::POST, target, headers: vec![], body: vec![], verdict };
        Step { at: 0, what: What::Arrived(Box::new(arrived)) }
    }

    #[test]
    fn a_story_ends_somewhere_and_forgers_do_not_fill_it() {
        let story = Story::default();
        for _ in 0..1_000 {
            story.tell(arrived(Verdict::Refused("it is not ours".to_owned())));
        }
        assert_eq!(REFUSED_MAX, story.read(<[Step]>::len));
        for _ in 0..1_000 {
            story.tell(arrived(Verdict::Asked));
        }
        assert_eq!(STEPS_MAX, story.read(<[Step]>::len));
    }
}

//! What is wrong with a body, each thing by its JSON Pointer (orchestration-api 1.7).

use serde::Serialize;
use tollgate_http::fields::Verdict;
use utoipa::ToSchema;

/// Problems told of one request, so that no answer is much larger than what asked for it.
const PROBLEMS_MAX: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WrongMember)]
pub(crate) struct Problem {
    /// What is wrong, for people; it never repeats what was sent.
    pub detail: String,
    /// Where: a JSON Pointer into the body.
    #[schema(example = "/order/shipments/0/item_lines/1/quantity")]
    pub pointer: String,
}

/// Everything that is wrong with a value and what is inside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// One thing that is wrong with the value itself.
    #[must_use]
    pub(crate) fn here(detail: impl Into<String>) -> Self {
        Self(vec![Problem { detail: detail.into(), pointer: String::new() }])
    }

    /// One more problem of what `pointer` leads to.
    pub(crate) fn refuse(&mut self, pointer: &str, detail: impl Into<String>) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(Problem { detail: detail.into(), pointer: pointer.to_owned() });
        }
    }

    /// All of them, in the order of the description.
    #[must_use]
    pub(crate) fn into_list(self) -> Vec<Problem> {
        self.0
    }

    /// The problems of what stands at `step` inside this value.
    pub(crate) fn add_inside(&mut self, step: &str, inside: Self) {
        let step = step.replace('~', "~0").replace('/', "~1");
        for Problem { detail, pointer } in inside.0 {
            self.refuse(&format!("/{step}{pointer}"), detail);
        }
    }
}

impl Verdict for Problems {
    type Wrong = Self;

    const NULL_IS_NOTHING: bool = true;

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, name: &'static str, wrong: Self) {
        self.add_inside(name, wrong);
    }

    fn add_missing(&mut self, name: &'static str) {
        self.refuse(&format!("/{name}"), "This member is required.");
    }
}

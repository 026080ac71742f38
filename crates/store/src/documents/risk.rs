//! What an operator decided about tries at a merchant. Only what differs from the default is written, so that a rule
//! that comes later has its default for everybody.

use domain::risk::{Policy, Rule, RuleName};
use serde::{Deserialize, Serialize};

use super::word;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyDoc {
    challenge_at: u32,
    block_at: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleDoc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleDoc {
    #[serde(with = "word")]
    name: RuleName,
    limit: u32,
    each: u32,
    most: u32,
}

impl From<&Policy> for PolicyDoc {
    fn from(policy: &Policy) -> Self {
        let rules = policy.changed().map(|Rule { name, limit, each, most }| RuleDoc {
            name: *name,
            limit: *limit,
            each: *each,
            most: *most,
        });
        Self { challenge_at: policy.challenge_at, block_at: policy.block_at, rules: rules.collect() }
    }
}

impl From<PolicyDoc> for Policy {
    fn from(PolicyDoc { challenge_at, block_at, rules }: PolicyDoc) -> Self {
        let mut policy = Self::new(challenge_at, block_at);
        for RuleDoc { name, limit, each, most } in rules {
            policy.set(Rule { name, limit, each, most });
        }
        policy
    }
}

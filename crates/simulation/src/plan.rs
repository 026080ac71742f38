//! What is done in one run, and how bad the weather is. All of it follows from the seed, and each step draws from a
//! stream of its own: what is left out changes nothing about the others, so that a failing run can be made smaller.

use std::time::Duration;

use crate::chance::Chance;

/// A run.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) weather: Weather,
    pub(crate) steps: Vec<Step>,
}

/// Something that is done at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) number: usize,
    /// Since the run began.
    pub(crate) at: Duration,
    pub(crate) what: What,
    pub(crate) seed: u64,
}

/// What is done; to which of the things that there are by then, the step draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    OpenPurchase,
    PayPurchase,
    ActOnPurchase,
    ChargePurchase,
    OpenLink,
    PayLink,
    ActOnLink,
    ChargeStored,
    Tender,
    ActOnTender,
    /// What an acquirer says of money that was taken.
    Report,
    /// Somebody sets the gateway's clock forward.
    JumpAhead,
}

/// How often each is done, of all.
const WEIGHTS: [(What, u64); 12] = [
    (What::OpenPurchase, 22),
    (What::PayPurchase, 20),
    (What::ActOnPurchase, 20),
    (What::ChargePurchase, 5),
    (What::OpenLink, 14),
    (What::PayLink, 10),
    (What::ActOnLink, 14),
    (What::ChargeStored, 4),
    (What::Tender, 12),
    (What::ActOnTender, 14),
    (What::Report, 8),
    (What::JumpAhead, 1),
];

/// How long after the step before, in milliseconds at most.
const PAUSES: [(u64, u64); 5] = [(0, 5), (50, 6), (2_000, 6), (90_000, 3), (20_000_000, 1)];

/// What goes wrong besides what the cards' scripts say: once in so many times each, never when it is 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// The gateway dies, at any use of its store, its network or its callers.
    pub(crate) crash: u64,
    /// A commit is done and nobody hears of it, is not done and nobody knows that, or somebody else was faster.
    pub(crate) commit: u64,
    /// A message to or from the acquirer is lost, late or doubled.
    pub(crate) network: u64,
    /// Somebody who is told of something does not answer, or says no.
    pub(crate) receiver: u64,
    /// A client hangs up before it is answered.
    pub(crate) hang_up: u64,
}

impl Plan {
    pub(crate) fn of(seed: u64, operations: usize) -> Self {
        let chance = Chance::new(seed);
        let rate = |rates: [u64; 3]| *chance.one_of(&rates).unwrap_or(&0);
        let weather = Weather {
            crash: rate([0, 1_500, 300]),
            commit: rate([0, 400, 60]),
            network: rate([0, 40, 8]),
            receiver: rate([0, 10, 3]),
            hang_up: rate([0, 30, 8]),
        };
        let mut at = Duration::ZERO;
        let steps = (0..operations).map(|number| {
            at += Duration::from_millis(chance.below(weighted(&chance, &PAUSES) + 1));
            Step { number, at, what: weighted(&chance, &WEIGHTS), seed: chance.draw() }
        });
        let steps = steps.collect();
        Self { seed, weather, steps }
    }
}

fn weighted<T: Copy, const N: usize>(chance: &Chance, rows: &[(T, u64); N]) -> T {
    let mut drawn = chance.below(rows.iter().map(|(_, weight)| weight).sum());
    for (what, weight) in rows {
        match drawn.checked_sub(*weight) {
            Some(rest) => drawn = rest,
            None => return *what,
        }
    }
    rows[0].0
}

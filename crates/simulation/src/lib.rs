//! The whole gateway on one thread, with a clock, a network, a disk and callers that are made up: thousands of operations
//! of shops and payers in all three dialects, while the gateway dies at any moment, commits are lost, messages are late or
//! doubled and clocks jump. Then the storm ends, and three books must agree: what clients were told, the ledger, and the
//! acquirer's own (security X3).
//!
//! All of it follows from a seed: the same seed gives the same run, line by line. A run that fails is made smaller until
//! nothing can be left out, and told as a story.

mod chance;
mod plan;
mod run;
mod setup;
mod shop;
mod surroundings;
mod trace;
mod world;

mod card_payments;
mod orchestration;
mod purchases;

use std::sync::Arc;

use axum::Router;
use domain::Timestamp;
use engine::{Engine, Letters, Narrator};

pub use run::{Report, Simulation, Story};

/// When every run begins.
const START: Timestamp = Timestamp::from_seconds(1_795_132_800);

/// The gateway that is simulated: all that lies above its engine.
pub struct Gateway {
    /// Tells merchants what happens.
    pub narrator: Arc<dyn Narrator>,
    /// Words what payers are mailed.
    pub letters: Arc<dyn Letters>,
    /// Every route, over an engine; the sandbox's own among them.
    pub router: Arc<dyn Fn(Engine) -> Router + Send + Sync>,
    /// Where links lead, without a slash at its end.
    pub public_url: String,
    /// What opens the sandbox's routes.
    pub control_token: String,
}

/// The simulation itself does not work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The store in memory.
    #[error("the store in memory")]
    Store(#[source] store::Error),
    /// The acquirer's book in memory.
    #[error("the acquirer's book in memory")]
    Acquirer(#[source] acquirer::Error),
    /// Something else.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    fn store(error: store::Error) -> Self {
        Self::Store(error)
    }

    fn acquirer(error: acquirer::Error) -> Self {
        Self::Acquirer(error)
    }
}

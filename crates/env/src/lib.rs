//! What the world hands in: time and chance. The only place that reads a clock or asks for randomness, so that a test
//! or a simulation may hand in its own.

mod clock;
mod random;

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use uuid::Uuid;

pub use clock::{Clock, Stopwatch};
pub use random::Random;

/// Time and chance for one process. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    clock: Arc<Clock>,
    random: Arc<Random>,
}

impl Env {
    /// The real clock and the operating system's randomness.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(Clock::real()), random: Arc::new(Random::system()) }
    }

    /// A clock that stands still at `start` until it is moved, and chance that follows from `seed`.
    #[must_use]
    pub fn still(start: Timestamp, seed: u64) -> Self {
        Self { clock: Arc::new(Clock::still(start)), random: Arc::new(Random::seeded(seed)) }
    }

    /// The clock, to move it or to sleep by it.
    #[must_use]
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sleeps by the clock.
    pub async fn sleep(&self, duration: Duration) {
        self.clock.sleep_until(self.clock.now().plus(duration)).await;
    }

    /// Rests before something that failed is tried again. Nobody who moves the clock waits for it, and where the real clock
    /// goes on it lasts as long however the sandbox clock is moved.
    pub async fn pause(&self, duration: Duration) {
        if self.clock.stands_still() {
            self.sleep(duration).await;
        } else {
            tokio::time::sleep(duration).await;
        }
    }

    /// Does work that keeps a core busy, off the async threads. Where the clock stands still it is done here and now, so that
    /// a simulation runs the same way each time. `None` when the process ends first.
    pub async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        if self.clock.stands_still() { Some(work()) } else { tokio::task::spawn_blocking(work).await.ok() }
    }

    /// Bytes nobody can guess.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A random id, for what stands in a payer's link (122 random bits).
    #[must_use]
    pub fn random_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// An id that sorts by creation (UUIDv7), for everything else.
    #[must_use]
    pub fn ordered_id(&self) -> Uuid {
        let millis = u64::try_from(self.now().micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

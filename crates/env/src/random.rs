//! Chance.

use std::sync::Mutex;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Where random bytes come from.
pub struct Random(Source);

enum Source {
    System(SystemRandom),
    /// For tests and simulations only: the same seed, the same bytes.
    Seeded(Mutex<u64>),
}

impl Random {
    pub(crate) fn system() -> Self {
        Self(Source::System(SystemRandom::new()))
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Mutex::new(seed)))
    }

    /// Fills `bytes`.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, with which nothing here can be done safely.
    #[allow(clippy::expect_used, reason = "no safe way on without randomness")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System(system) => system.fill(bytes).expect("the operating system gives randomness"),
            Source::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                for chunk in bytes.chunks_mut(8) {
                    let word = split_mix(&mut state).to_le_bytes();
                    chunk.copy_from_slice(&word[..chunk.len()]);
                }
            }
        }
    }
}

/// `SplitMix64`: small, and good enough to tell ids apart.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

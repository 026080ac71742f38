//! Chance that follows from a seed.

use domain::Timestamp;
use env::Env;

/// A stream of draws. Streams of different seeds have nothing to do with each other.
pub(crate) struct Chance(Env);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Env::still(Timestamp::from_seconds(0), seed))
    }

    pub(crate) fn draw(&self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    /// One of `0..count`; 0 when there is none.
    pub(crate) fn below(&self, count: u64) -> u64 {
        self.draw().checked_rem(count).unwrap_or(0)
    }

    /// True once in so many times; never when that is 0.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        times > 0 && self.below(times) == 0
    }

    pub(crate) fn one_of<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }
}

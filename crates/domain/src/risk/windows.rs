//! What is remembered of the last tries, in a few bytes.

/// How the last tries ended, `N` of them at most, 128 at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastTries<const N: u32> {
    /// The newest in the lowest bit; 1 is a failure.
    failed: u128,
    seen: u32,
}

impl<const N: u32> LastTries<N> {
    /// One more.
    pub const fn push(&mut self, failed: bool) {
        self.failed = self.failed << 1 | if failed { 1 } else { 0 };
        if N < u128::BITS {
            self.failed &= (1 << N) - 1;
        }
        if self.seen < N {
            self.seen += 1;
        }
    }

    /// How many are remembered.
    #[must_use]
    pub const fn seen(&self) -> u32 {
        self.seen
    }

    /// How many of them failed, in whole per cent, rounded down; `None` before `least` tries.
    #[must_use]
    pub const fn percent_failed(&self, least: u32) -> Option<u32> {
        if self.seen == 0 || self.seen < least { None } else { Some(self.failed.count_ones() * 100 / self.seen) }
    }

    /// Whether more than `percent` of so many tries as can be remembered failed.
    #[must_use]
    pub const fn is_above(&self, percent: u32) -> bool {
        self.seen >= N && self.failed.count_ones() * 100 > percent * self.seen
    }
}

/// The amount that is usual: a mean in which the newest payments count most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usual {
    mean: i64,
    count: u32,
}

impl Usual {
    /// Before so many payments nothing is usual.
    const ENOUGH: u32 = 20;
    /// The weight of the newest payment is one part of so many.
    const SHARE: i64 = 20;

    /// One more payment, in minor units.
    pub fn push(&mut self, amount: i64) {
        self.count = self.count.saturating_add(1);
        let share = i64::from(self.count).min(Self::SHARE);
        // Neither is negative, so that their difference fits.
        self.mean += (amount.max(0) - self.mean) / share;
    }

    /// How many times the usual amount this is, rounded down; 0 as long as nothing is usual.
    #[must_use]
    pub fn times(&self, amount: i64) -> u32 {
        if self.count < Self::ENOUGH || self.mean == 0 {
            return 0;
        }
        u32::try_from(amount / self.mean).unwrap_or(if amount > 0 { u32::MAX } else { 0 })
    }
}

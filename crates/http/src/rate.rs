//! How often somebody may ask (security R3): a bucket of tokens per key, refilled at a steady pace.
//!
//! A bucket is one moment: the one at which it would be full again. So a bucket that is full says nothing and may be
//! forgotten, and only keys seen within the time a bucket takes to fill need memory. They lie in two generations: keys
//! move to the young one when they are seen, and every now and then the old one is dropped whole. Should there be
//! more keys than room, those longest not seen are forgotten: they get a full bucket, and nobody waits for anybody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;

/// So many locks, so that two cores seldom meet at one, and growing one table holds up few.
const SHARDS: usize = 16;

/// A limit, and how many keys are remembered.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long one token takes to come back.
    pub interval: Duration,
    /// How many tokens a full bucket holds: what may be asked at once.
    pub burst: u32,
    /// How many keys are remembered at most, all shards together.
    pub keys_max: usize,
}

impl Default for Settings {
    /// Per key 100 requests a second, 300 at once; a million keys.
    fn default() -> Self {
        Self { interval: Duration::from_millis(10), burst: 300, keys_max: 1_000_000 }
    }
}

/// The bucket is empty: after how many whole seconds there is a token again, at least 1, as `Retry-After` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub u64);

/// One limit over many keys.
pub struct RateLimiter {
    interval_micros: i64,
    /// How long an empty bucket takes to fill.
    window_micros: i64,
    /// How many keys a generation of one shard holds.
    generation_max: usize,
    shards: [Mutex<Shard>; SHARDS],
}

/// When each bucket is full again, in microseconds.
#[derive(Default)]
struct Shard {
    young: HashMap<u64, i64>,
    old: HashMap<u64, i64>,
    /// When the young generation began.
    since: i64,
}

impl RateLimiter {
    /// All buckets full.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let interval_micros = i64::try_from(settings.interval.as_micros()).unwrap_or(i64::MAX).max(1);
        Self {
            interval_micros,
            window_micros: interval_micros.saturating_mul(i64::from(settings.burst)),
            generation_max: (settings.keys_max / SHARDS / 2).max(1),
            shards: Default::default(),
        }
    }

    /// Takes a token from the bucket of `key`, a hash of whatever is limited.
    ///
    /// # Errors
    /// When there is none; then nothing is taken.
    pub fn check(&self, key: u64, now: Timestamp) -> Result<(), RetryAfter> {
        let now = now.micros();
        // The last bits choose the shard; any hash is good in all of its bits.
        let shard = &self.shards[usize::try_from(key % SHARDS as u64).unwrap_or(0)];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.young.len() >= self.generation_max || now.saturating_sub(shard.since) >= self.window_micros {
            shard.turn(now);
        }
        let full_at = shard.young.get(&key).or_else(|| shard.old.get(&key)).map_or(now, |&full_at| full_at.max(now));
        let full_at_next = full_at.saturating_add(self.interval_micros);
        let too_early = full_at_next.saturating_sub(now).saturating_sub(self.window_micros);
        if too_early > 0 {
            // Written down again: who keeps asking is not forgotten for it.
            shard.young.insert(key, full_at);
            return Err(RetryAfter(u64::try_from(too_early).unwrap_or(0).div_ceil(1_000_000)));
        }
        shard.young.insert(key, full_at_next);
        Ok(())
    }
}

impl Shard {
    /// The young generation becomes the old one, and the old one is forgotten.
    fn turn(&mut self, now: i64) {
        self.old = std::mem::take(&mut self.young);
        self.since = now;
    }
}

/// The key of an address's bucket; of an IPv6 address the network counts.
#[must_use]
pub fn bucket(caller: Option<IpAddr>) -> u64 {
    let bits = match caller {
        None => 0,
        Some(IpAddr::V4(address)) => u64::from(address.to_bits()),
        Some(IpAddr::V6(address)) => u64::try_from(address.to_bits() >> 64).unwrap_or(0),
    };
    // Spread over all bits: neighbours are not to share a shard.
    bits.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_right(32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limiter(interval_ms: u64, burst: u32, keys_max: usize) -> RateLimiter {
        RateLimiter::new(Settings { interval: Duration::from_millis(interval_ms), burst, keys_max })
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + millis * 1_000)
    }

    #[test]
    fn by_default_300_at_once_and_100_a_second() {
        let limiter = RateLimiter::new(Settings::default());
        assert_eq!(300, (0..1_000).filter(|_| limiter.check(1, at(0)).is_ok()).count());
        assert_eq!(Err(RetryAfter(1)), limiter.check(1, at(0)));
        assert_eq!(100, (0..1_000).filter(|_| limiter.check(1, at(1_000)).is_ok()).count());
        assert_eq!(Ok(()), limiter.check(2, at(1_000)), "another key has a bucket of its own");
    }

    #[test]
    fn who_waits_as_long_as_told_is_let_in() {
        let limiter = limiter(30_000, 2, 100);
        assert_eq!(Ok(()), limiter.check(1, at(0)));
        assert_eq!(Ok(()), limiter.check(1, at(0)));
        assert_eq!(Err(RetryAfter(30)), limiter.check(1, at(0)));
        assert_eq!(Err(RetryAfter(1)), limiter.check(1, at(29_001)));
        assert_eq!(Ok(()), limiter.check(1, at(30_000)));
        assert_eq!(Err(RetryAfter(30)), limiter.check(1, at(30_000)));
    }

    #[test]
    fn memory_has_an_end() {
        let limiter = limiter(1_000_000, 1, 3_200);
        for key in 0..100_000 {
            let _ = limiter.check(key, at(0));
        }
        let kept: usize = limiter
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.lock().unwrap();
                shard.young.len() + shard.old.len()
            })
            .sum();
        assert!(kept <= 3_200, "{kept} keys");
        assert_eq!(Err(RetryAfter(1_000)), limiter.check(99_999, at(0)), "the latest is still known");
        assert_eq!(Ok(()), limiter.check(0, at(0)), "the first is forgotten");
    }

    #[test]
    fn a_key_that_is_seen_outlives_a_flood_of_others() {
        let limiter = limiter(1_000_000, 1_000, 3_200);
        let allowed = (0..50_000)
            .filter(|flood| {
                let _ = limiter.check(1_000_000 + flood, at(0));
                limiter.check(7, at(0)).is_ok()
            })
            .count();
        assert_eq!(1_000, allowed);
    }

    proptest! {
        /// Whatever is asked when, within any span of time no more is allowed than a full bucket and what came back
        /// in that span; and whoever is refused is let in after the time told.
        #[test]
        fn never_more_than_the_limit(
            steps in proptest::collection::vec((0_i64..400, 0_u64..3), 1..300), interval_ms in 1_u64..100, burst in 1_u32..20,
        ) {
            let limiter = limiter(interval_ms, burst, 10_000);
            let mut millis = 0;
            let mut allowed = [const { Vec::new() }; 3];
            for (step, key) in steps {
                // Mostly at once, now and then a pause.
                millis += if step < 300 { step / 100 } else { step };
                match limiter.check(key, at(millis)) {
                    Ok(()) => allowed[usize::try_from(key).unwrap()].push(millis),
                    Err(RetryAfter(seconds)) => {
                        prop_assert!(seconds >= 1);
                        let back = millis + i64::try_from(seconds).unwrap() * 1_000;
                        prop_assert_eq!(Ok(()), limiter.check(key, at(back)));
                        allowed[usize::try_from(key).unwrap()].push(back);
                        millis = back;
                    }
                }
            }
            for times in &allowed {
                for (first, start) in times.iter().enumerate() {
                    for (last, end) in times.iter().enumerate().skip(first) {
                        let back = (end - start) / i64::try_from(interval_ms).unwrap();
                        prop_assert!(i64::try_from(last - first + 1).unwrap() <= i64::from(burst) + back + 1);
                    }
                }
            }
        }
    }

    #[test]
    fn neighbours_have_buckets_of_their_own() {
        let bucket = |ip: &str| bucket(Some(ip.parse().expect("an address")));
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::2"), "one network");
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
    }
}

//! Time: the real clock plus an offset that only grows, or a clock that stands still.
//!
//! Everything that waits for a business moment sleeps here, so that a moved clock wakes it. Who moves the clock wants
//! each thing to happen at its own moment: it jumps to the next sleeper's time, then waits until those it woke have
//! done what they woke for ([`Clock::quiet`]). Work that counts for this runs inside [`Clock::activity`].

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use domain::Timestamp;
use tokio::sync::{Notify, oneshot};

/// The one clock of a process.
pub struct Clock {
    base: Base,
    offset: AtomicI64,
    /// The latest time shown.
    latest: AtomicI64,
    sleepers: Mutex<BTreeMap<(Timestamp, u64), Sleeper>>,
    sleeper_count: AtomicU64,
    busy: Arc<Busy>,
}

enum Base {
    System { since: Instant, ahead: Ahead },
    Still(Timestamp),
}

/// What the calendar shows beyond a clock that only ticks, in microseconds: set forward it is followed, set back it is
/// not.
struct Ahead(AtomicI64);

impl Ahead {
    const fn unknown() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }

    fn at(&self, calendar: i64, ticks: i64) -> i64 {
        let ahead = calendar.saturating_sub(ticks);
        self.0.fetch_max(ahead, Ordering::SeqCst).max(ahead).saturating_add(ticks)
    }
}

struct Sleeper {
    wake: oneshot::Sender<()>,
    activity: Option<Arc<Activity>>,
}

/// How many activities are awake.
#[derive(Default)]
struct Busy {
    awake: AtomicUsize,
    changed: Notify,
}

struct Activity {
    awake: AtomicBool,
    busy: Arc<Busy>,
}

impl Activity {
    fn set_awake(&self, awake: bool) {
        if self.awake.swap(awake, Ordering::SeqCst) != awake {
            if awake {
                self.busy.awake.fetch_add(1, Ordering::SeqCst);
            } else {
                self.busy.awake.fetch_sub(1, Ordering::SeqCst);
                self.busy.changed.notify_waiters();
            }
        }
    }
}

tokio::task_local! {
    static ACTIVITY: Arc<Activity>;
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the ticking clock")]
    pub(crate) fn real() -> Self {
        Self::new(Base::System { since: Instant::now(), ahead: Ahead::unknown() })
    }

    pub(crate) fn still(start: Timestamp) -> Self {
        Self::new(Base::Still(start))
    }

    fn new(base: Base) -> Self {
        Self {
            base,
            offset: AtomicI64::new(0),
            latest: AtomicI64::new(i64::MIN),
            sleepers: Mutex::default(),
            sleeper_count: AtomicU64::new(0),
            busy: Arc::default(),
        }
    }

    /// What time it is. Never earlier than what it said before.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the calendar clock")]
    pub fn now(&self) -> Timestamp {
        let micros = |since: Duration| i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        let base = match &self.base {
            Base::System { since, ahead } => {
                let calendar = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, micros);
                ahead.at(calendar, micros(since.elapsed()))
            }
            Base::Still(start) => start.micros(),
        };
        let now = base.saturating_add(self.offset.load(Ordering::SeqCst));
        Timestamp::from_micros(self.latest.fetch_max(now, Ordering::SeqCst).max(now))
    }

    pub(crate) fn stands_still(&self) -> bool {
        matches!(self.base, Base::Still(_))
    }

    /// How far the clock was moved, in microseconds; kept across restarts by whoever moves it.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset.load(Ordering::SeqCst)
    }

    /// Sets the offset a stored one was left at. Only at start, before anybody asks for the time.
    pub fn restore_offset(&self, micros: i64) {
        self.offset.store(micros.max(0), Ordering::SeqCst);
    }

    /// Moves the clock to `target`, unless it is there already, and wakes who slept until then.
    pub fn move_to(&self, target: Timestamp) {
        let ahead = target.micros().saturating_sub(self.now().micros());
        if ahead > 0 {
            self.offset.fetch_add(ahead, Ordering::SeqCst);
        }
        let now = self.now();
        let mut sleepers = self.sleepers();
        while let Some(entry) = sleepers.first_entry().filter(|entry| entry.key().0 <= now) {
            let sleeper = entry.remove();
            if let Some(activity) = &sleeper.activity {
                activity.set_awake(true);
            }
            // Nobody may be waiting any more.
            let _ = sleeper.wake.send(());
        }
    }

    /// The moment of the next sleeper.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers().first_key_value().map(|((at, _), _)| *at)
    }

    /// Whether every activity is asleep or done.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.busy.awake.load(Ordering::SeqCst) == 0
    }

    /// Waits until every activity is asleep or done.
    pub async fn quiet(&self) {
        loop {
            let changed = self.busy.changed.notified();
            if self.is_quiet() {
                return;
            }
            changed.await;
        }
    }

    /// Runs work that [`Clock::quiet`] waits for, except while it sleeps by this clock.
    pub fn activity<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let activity = Arc::new(Activity { awake: AtomicBool::new(false), busy: Arc::clone(&self.busy) });
        activity.set_awake(true);
        let done = Done(Arc::clone(&activity));
        ACTIVITY.scope(activity, async move {
            let _done = done;
            work.await
        })
    }

    /// Sleeps until the clock shows `deadline`, however it gets there.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        loop {
            let now = self.now();
            if now >= deadline {
                return;
            }
            let (wake, woken) = oneshot::channel();
            let activity = ACTIVITY.try_with(Arc::clone).ok();
            let key = (deadline, self.sleeper_count.fetch_add(1, Ordering::Relaxed));
            self.sleepers().insert(key, Sleeper { wake, activity: activity.clone() });
            let _registered = Registered { clock: self, key };
            // The clock may have been moved between the look and the registration.
            if self.now() >= deadline {
                return;
            }
            if let Some(activity) = &activity {
                activity.set_awake(false);
            }
            match self.base {
                Base::System { .. } => {
                    tokio::select! {
                        _ = woken => {}
                        () = tokio::time::sleep(deadline.since(now)) => {}
                    }
                }
                Base::Still(_) => {
                    let _ = woken.await;
                }
            }
            if let Some(activity) = &activity {
                activity.set_awake(true);
            }
        }
    }

    fn sleepers(&self) -> MutexGuard<'_, BTreeMap<(Timestamp, u64), Sleeper>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a sleeper off the list however its sleep ends.
struct Registered<'a> {
    clock: &'a Clock,
    key: (Timestamp, u64),
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.clock.sleepers().remove(&self.key);
    }
}

struct Done(Arc<Activity>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.set_awake(false);
    }
}

/// How long something took, by the monotonic clock; for metrics and network limits, never for business time.
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_set_back_does_not_stop_the_time() {
        let ahead = Ahead::unknown();
        assert_eq!(1_000, ahead.at(1_000, 0));
        assert_eq!(1_010, ahead.at(400, 10), "set back by 610");
        assert_eq!(1_020, ahead.at(410, 20));
        assert_eq!(5_000, ahead.at(5_000, 30), "set forward");
        assert_eq!(5_010, ahead.at(430, 40), "and back again");
    }

    #[tokio::test]
    async fn sleepers_wake_in_order_each_at_its_own_moment() {
        let clock = Arc::new(Clock::still(Timestamp::from_seconds(1_000)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        for second in [1_030, 1_010, 1_020] {
            let (clock, seen) = (Arc::clone(&clock), Arc::clone(&seen));
            tokio::spawn(clock.clone().activity(async move {
                clock.sleep_until(Timestamp::from_seconds(second)).await;
                tokio::task::yield_now().await;
                seen.lock().expect("not poisoned").push((second, clock.now().seconds()));
            }));
        }
        clock.quiet().await;
        while let Some(next) = clock.next_wake() {
            clock.move_to(next);
            clock.quiet().await;
        }
        assert_eq!(vec![(1_010, 1_010), (1_020, 1_020), (1_030, 1_030)], *seen.lock().expect("not poisoned"));
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = Clock::still(Timestamp::from_seconds(1_000));
        clock.move_to(Timestamp::from_seconds(2_000));
        clock.move_to(Timestamp::from_seconds(1_500));
        assert_eq!(2_000, clock.now().seconds());
    }
}

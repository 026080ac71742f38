//! Everything a gateway touches, as the simulation has it: its disk, its network, whoever it tells of something. Here it is
//! decided what goes wrong, and when the gateway dies.
//!
//! A gateway dies at a *turn*: wherever it waits for its store, its acquirer, or to answer a caller. From then on nothing
//! of it goes on, and nothing it does is seen.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use acquirer::{Delivery, HttpRequest, HttpResponse, Wire};
use axum::Router;
use axum::http::HeaderMap;
use domain::Timestamp;
use engine::Receivers;
use env::Env;
use store::{CommitFate, Disk};
use tokio::sync::oneshot;

use crate::chance::Chance;
use crate::plan::Weather;
use crate::shop::Answer;
use crate::trace::Trace;

/// What the gateway and the world around it share.
#[derive(Clone)]
pub(crate) struct Surroundings(Arc<Mutex<Shared>>);

pub(crate) struct Shared {
    chance: Chance,
    weather: Weather,
    /// The storm is over: nothing goes wrong any more but what cards' scripts say.
    pub(crate) is_calm: bool,
    /// The gateway of this moment is dead.
    pub(crate) is_dead: bool,
    /// The runtime has nothing to do.
    pub(crate) is_idle: bool,
    /// Who moves the world.
    pub(crate) mover: Option<Waker>,
    pub(crate) to_acquirer: Vec<Message>,
    pub(crate) calls: Vec<Call>,
    /// What the acquirer answered last.
    last_answer: Option<HttpResponse>,
    /// Where clients find the gateway, as long as it answers.
    pub(crate) door: Option<Router>,
    /// Clients that wait for an answer, by the number of what they asked.
    pub(crate) waiting: BTreeMap<u64, oneshot::Sender<Answer>>,
    pub(crate) asked: u64,
    /// So far somebody sets the gateway's clock forward, in microseconds.
    pub(crate) jump: i64,
    pub(crate) trace: Trace,
    pub(crate) crashes: u64,
    pub(crate) faults: u64,
    /// True time, which only the world knows.
    pub(crate) world: Env,
}

/// A request on its way to the acquirer.
pub(crate) struct Message {
    pub(crate) request: HttpRequest,
    /// For how long its sender waits.
    pub(crate) patience: Duration,
    pub(crate) answer: oneshot::Sender<Delivery>,
}

/// Somebody is told of something.
pub(crate) struct Call {
    pub(crate) url: String,
    /// The notification's id, if the call names it.
    pub(crate) delivery: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Option<u16>>,
}

/// What the network does to a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// It arrives after so long; `None` is never.
    pub(crate) there: Option<Duration>,
    /// It arrives a second time, so long after the first.
    pub(crate) again: Option<Duration>,
    /// The answer arrives after so long; `None` is never.
    pub(crate) back: Option<Duration>,
    /// What comes back is the answer to another request.
    pub(crate) crossed: bool,
    /// There is no connection: it is not sent.
    pub(crate) refused: bool,
}

impl Surroundings {
    pub(crate) fn new(seed: u64, weather: Weather, world: Env, is_traced: bool) -> Self {
        Self(Arc::new(Mutex::new(Shared {
            chance: Chance::new(seed ^ 0x5745_4154_4845_5221),
            weather,
            is_calm: false,
            is_dead: false,
            is_idle: false,
            mover: None,
            to_acquirer: Vec::new(),
            calls: Vec::new(),
            last_answer: None,
            door: None,
            waiting: BTreeMap::new(),
            asked: 0,
            jump: 0,
            trace: Trace::new(is_traced),
            crashes: 0,
            faults: 0,
            world,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, line: fmt::Arguments<'_>) {
        self.lock().note(line);
    }

    /// The gateway may die here; else others may go first.
    pub(crate) fn turn(&self, place: &'static str) -> impl Future<Output = ()> + Send + use<> {
        let others = self.lock().dies_or_waits(place);
        async move {
            match others {
                None => pending().await,
                Some(others) => let_others_go(others).await,
            }
        }
    }
}

impl Shared {
    pub(crate) fn note(&mut self, line: fmt::Arguments<'_>) {
        let at = self.world.now().micros();
        self.trace.note(format!("{at} {line}"));
    }

    fn fault(&mut self, rate: u64) -> bool {
        let strikes = !self.is_calm && self.chance.once_in(rate);
        self.faults += u64::from(strikes);
        strikes
    }

    /// `None` when the gateway is dead, from now on or since before; else how many times others go first.
    fn dies_or_waits(&mut self, place: &'static str) -> Option<u64> {
        if !self.is_dead && !self.is_calm && self.chance.once_in(self.weather.crash) {
            self.is_dead = true;
            self.crashes += 1;
            self.note(format_args!("the gateway dies: {place}"));
            self.wake();
        }
        (!self.is_dead).then(|| self.chance.below(3))
    }

    pub(crate) fn wake(&mut self) {
        if let Some(mover) = &self.mover {
            mover.wake_by_ref();
        }
    }

    /// What the network does to a message.
    pub(crate) fn way(&mut self) -> Way {
        let (there, back) = (Some(self.latency()), Some(self.latency()));
        let mut way = Way { there, again: None, back, crossed: false, refused: false };
        if self.fault(self.weather.network) {
            match self.chance.below(9) {
                0 => way.refused = true,
                1 => way.there = None,
                2 => way.back = None,
                3 => way.there = Some(self.late()),
                4 => way.back = Some(Duration::from_millis(self.chance.below(60_000))),
                5..=6 => way.crossed = true,
                7 => way.again = Some(Duration::from_millis(self.chance.below(2_000))),
                _ => way.again = Some(Duration::from_secs(self.chance.below(4_000))),
            }
            self.note(format_args!("the network: {way:?}"));
        }
        way
    }

    /// Mostly within the minutes in which an acquirer is asked again, now and then long after.
    fn late(&self) -> Duration {
        let longest = if self.chance.once_in(4) { 4_000_000 } else { 200_000 };
        Duration::from_millis(self.chance.below(longest))
    }

    /// What comes back: this, or the answer that came before it.
    pub(crate) fn comes_back(&mut self, delivery: Delivery, crossed: bool) -> Delivery {
        let Delivery::Answered(answer) = delivery else { return delivery };
        let before = self.last_answer.replace(answer.clone());
        if crossed { before.map_or(Delivery::Lost, Delivery::Answered) } else { Delivery::Answered(answer) }
    }

    fn latency(&self) -> Duration {
        Duration::from_micros(self.chance.below(40_000))
    }

    /// What somebody who is told of something answers, after how long; `None` when nothing.
    pub(crate) fn answer_of_receiver(&mut self) -> (Duration, Option<u16>) {
        let answer = if self.fault(self.weather.receiver) {
            [None, Some(500), Some(404)][usize::try_from(self.chance.below(3)).unwrap_or(0)]
        } else {
            Some(200)
        };
        (self.latency(), answer)
    }

    /// After how long a client hangs up that does not want to wait.
    pub(crate) fn patience(&mut self) -> Option<Duration> {
        self.fault(self.weather.hang_up).then(|| Duration::from_micros(self.chance.below(60_000)))
    }

    /// How long a dead gateway stays away, and what its clock shows then beyond true time, in microseconds.
    pub(crate) fn restart(&mut self) -> (Duration, i64) {
        let longest = if self.chance.once_in(8) { 120_000 } else { 1_500 };
        let away = Duration::from_millis(self.chance.below(longest));
        let minutes_20 = 20 * 60 * 1_000_000;
        let skew = i64::try_from(self.chance.below(minutes_20)).unwrap_or(0) - 10 * 60 * 1_000_000;
        (away, skew)
    }
}

/// A client that waits. Whoever asked hears that no answer comes when this is dropped, unless the gateway is dead: then all
/// hear it, in order.
pub(crate) struct Waits {
    surroundings: Surroundings,
    number: u64,
}

impl Waits {
    pub(crate) fn new(surroundings: &Surroundings) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let mut shared = surroundings.lock();
        shared.asked += 1;
        let number = shared.asked;
        shared.waiting.insert(number, answer);
        drop(shared);
        (Self { surroundings: surroundings.clone(), number }, answered)
    }

    pub(crate) fn answer(self, answer: Answer) {
        if let Some(waiting) = self.surroundings.lock().waiting.remove(&self.number) {
            // Who asked may have hung up.
            let _ = waiting.send(answer);
        }
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        let mut shared = self.surroundings.lock();
        if !shared.is_dead {
            shared.waiting.remove(&self.number);
        }
    }
}

/// Lets whoever is ready go first, so many times.
async fn let_others_go(mut times: u64) {
    poll_fn(|context| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Disk for Surroundings {
    fn commit(&self, of_payment: bool) -> CommitFate {
        let mut shared = self.lock();
        if shared.dies_or_waits("before a commit").is_none() {
            return CommitFate::NotWritten;
        }
        let rate = shared.weather.commit;
        if !shared.fault(rate) {
            return CommitFate::Written;
        }
        let fate = match shared.chance.below(3) {
            0 => CommitFate::AnswerLost,
            1 => CommitFate::NotWritten,
            _ if of_payment => CommitFate::Stale,
            _ => CommitFate::Written,
        };
        shared.note(format_args!("the disk: {fate:?}"));
        fate
    }

    fn turn(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Self::turn(self, "after a look into the store"))
    }
}

/// The way of one gateway to its acquirer: the clock is that gateway's.
pub(crate) struct Line {
    pub(crate) surroundings: Surroundings,
    pub(crate) env: Env,
}

impl Wire for Line {
    fn carry(&self, request: HttpRequest, deadline: Timestamp) -> Pin<Box<dyn Future<Output = Delivery> + Send>> {
        let (surroundings, env) = (self.surroundings.clone(), self.env.clone());
        Box::pin(async move {
            surroundings.turn("before something is sent").await;
            let (answer, answered) = oneshot::channel();
            {
                let mut shared = surroundings.lock();
                let patience = deadline.since(env.now());
                shared.note(format_args!("to the acquirer: {:?} {}", request.method, request.path));
                shared.to_acquirer.push(Message { request, patience, answer });
                shared.wake();
            }
            let delivery = tokio::select! {
                biased;
                answer = answered => answer.unwrap_or(Delivery::Lost),
                () = env.clock().sleep_until(deadline) => Delivery::Lost,
            };
            surroundings.turn("before an answer of the acquirer is heard").await;
            delivery
        })
    }
}

impl Receivers for Surroundings {
    fn call(&self, url: &str, headers: &HeaderMap, body: &[u8]) -> Pin<Box<dyn Future<Output = Option<u16>> + Send>> {
        let (surroundings, url, body) = (self.clone(), url.to_owned(), body.to_vec());
        let in_header = headers.get("webhook-id").and_then(|id| id.to_str().ok());
        let in_query = url.split_once("?token=").map(|(_, token)| token);
        let delivery = in_header.or(in_query).map(str::to_owned);
        Box::pin(async move {
            surroundings.turn("before somebody is told").await;
            let (answer, answered) = oneshot::channel();
            {
                let mut shared = surroundings.lock();
                shared.calls.push(Call { url, delivery, body, answer });
                shared.wake();
            }
            let status = answered.await.ok().flatten();
            surroundings.turn("before a receiver is heard").await;
            status
        })
    }
}

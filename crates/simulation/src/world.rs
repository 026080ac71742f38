//! The world: one gateway after the other on one thread, the acquirer that outlives them, the clients that use them, and
//! time, which moves when nobody has anything left to do now.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use acquirer::{Delivery, HttpRequest, TestAcquirer};
use axum::Router;
use domain::Timestamp;
use engine::{Engine, Parts, Post, Reach, RootKey, Sender};
use env::Env;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use store::{AuditReport, Store};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::shop::{Client, Shop};
use crate::surroundings::{Call, Line, Message, Surroundings};
use crate::{Failure, Gateway, START};

/// Time moves at most so often in one run; one that needs more never ends.
const MOVES_MAX: u64 = 2_000_000;
/// How long after it cannot be opened a gateway is started again.
const START_AGAIN: Duration = Duration::from_secs(1);

type Task = Pin<Box<dyn Future<Output = ()>>>;

pub(crate) struct World<'g> {
    gateway: &'g Gateway,
    surroundings: Surroundings,
    env: Env,
    acquirer: TestAcquirer,
    tasks: FuturesUnordered<Task>,
    /// How often anything around the gateway did something.
    polled: Arc<AtomicU64>,
    /// What is committed.
    store: Store,
    running: Running,
    shop: Arc<Shop>,
    processes: u64,
    moves: u64,
}

/// The gateway's process.
enum Running {
    /// It starts again at this moment, its clock so far beyond true time, in microseconds.
    No {
        at: Timestamp,
        skew: i64,
    },
    Yes {
        env: Env,
        skew: i64,
    },
}

/// What one gateway's time ends with.
enum Ended {
    Died,
    Done,
}

impl<'g> World<'g> {
    pub(crate) fn new(
        gateway: &'g Gateway,
        surroundings: Surroundings,
        env: Env,
        shop: Arc<Shop>,
        image: Option<&[u8]>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            gateway,
            acquirer: TestAcquirer::in_memory(env.clone()).map_err(Failure::acquirer)?,
            tasks: FuturesUnordered::new(),
            polled: Arc::default(),
            store: Store::in_memory(image, Arc::new(surroundings.clone())).map_err(Failure::store)?,
            running: Running::No { at: env.now(), skew: 0 },
            surroundings,
            env,
            shop,
            processes: 0,
            moves: 0,
        })
    }

    /// Runs until `main` is done, through as many gateways as it takes.
    pub(crate) fn run(&mut self, main: impl Future<Output = ()> + 'static) -> Result<(), Failure> {
        let (done, mut is_done) = oneshot::channel();
        self.spawn(async move {
            main.await;
            // Who waits for it is this very function.
            let _ = done.send(());
        });
        loop {
            let runtime = self.runtime()?;
            let ended = runtime.block_on(poll_fn(|context| self.poll(context, &mut is_done)));
            // Whatever the gateway was doing ends here.
            drop(runtime);
            match ended? {
                Ended::Died => self.bury()?,
                Ended::Done => return Ok(()),
            }
        }
    }

    /// The engine's own audit of what is committed.
    pub(crate) fn audit(&self) -> Result<AuditReport, Failure> {
        self.runtime()?.block_on(self.store.audit()).map_err(Failure::store)
    }

    /// What is committed, as a database file.
    pub(crate) fn image(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.store.image().map_err(Failure::store)?.unwrap_or_default())
    }

    /// The acquirer's book.
    pub(crate) fn acquirers_book(&self) -> Result<Vec<acquirer::Transaction>, Failure> {
        self.runtime()?.block_on(self.acquirer.transactions()).map_err(Failure::acquirer)
    }

    fn runtime(&self) -> Result<Runtime, Failure> {
        let surroundings = self.surroundings.clone();
        let mut builder = Builder::new_current_thread();
        builder.enable_time().on_thread_park(move || {
            let mut shared = surroundings.lock();
            shared.is_idle = true;
            shared.wake();
        });
        builder.build().map_err(|error| Failure::Broken(format!("no runtime: {error}")))
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let (polled, mut task) = (Arc::clone(&self.polled), Box::pin(task));
        self.tasks.push(Box::pin(poll_fn(move |context| {
            polled.fetch_add(1, Ordering::Relaxed);
            task.as_mut().poll(context)
        })));
    }

    fn poll(&mut self, context: &mut Context<'_>, is_done: &mut oneshot::Receiver<()>) -> Poll<Result<Ended, Failure>> {
        let before = self.polled.load(Ordering::Relaxed);
        let (messages, calls) = {
            let mut shared = self.surroundings.lock();
            shared.mover = Some(context.waker().clone());
            if shared.is_dead {
                return Poll::Ready(Ok(Ended::Died));
            }
            (std::mem::take(&mut shared.to_acquirer), std::mem::take(&mut shared.calls))
        };
        messages.into_iter().for_each(|message| self.carry(message));
        calls.into_iter().for_each(|call| self.receive(call));
        while let Poll::Ready(Some(())) = self.tasks.poll_next_unpin(context) {}
        if is_done.try_recv().is_ok() {
            return Poll::Ready(Ok(Ended::Done));
        }
        let was_idle = std::mem::take(&mut self.surroundings.lock().is_idle);
        if was_idle && before == self.polled.load(Ordering::Relaxed) {
            self.move_time()?;
            // Whoever woke up goes next.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// To the next moment at which anybody wants to do something.
    fn move_time(&mut self) -> Result<(), Failure> {
        self.moves += 1;
        if self.moves > MOVES_MAX {
            return Err(Failure::Broken("it never ends".to_owned()));
        }
        let jump = std::mem::take(&mut self.surroundings.lock().jump);
        let gateway = match &mut self.running {
            Running::No { at, .. } => Some(*at),
            Running::Yes { env, skew } => {
                *skew += jump;
                let now = self.env.now();
                if jump > 0 {
                    // Everything that falls due on the way falls due at once.
                    env.clock().move_to(Timestamp::from_micros(now.micros() + *skew));
                    return Ok(());
                }
                env.clock().next_wake().map(|wake| Timestamp::from_micros(wake.micros() - *skew).max(now))
            }
        };
        let Some(next) = [gateway, self.env.clock().next_wake()].into_iter().flatten().min() else {
            return Err(Failure::Broken("everybody waits for ever".to_owned()));
        };
        self.env.clock().move_to(next);
        match &self.running {
            Running::No { at, skew } if *at <= next => {
                let skew = *skew;
                self.start(skew)?;
            }
            Running::No { .. } => {}
            Running::Yes { env, skew } => env.clock().move_to(Timestamp::from_micros(next.micros() + skew)),
        }
        Ok(())
    }

    /// A new process opens what the one before left.
    fn start(&mut self, skew: i64) -> Result<(), Failure> {
        self.processes += 1;
        let now = Timestamp::from_micros(self.env.now().micros() + skew);
        let env = Env::still(now, u64::from_le_bytes(self.env.bytes()));
        let surroundings = self.surroundings.clone();
        self.store = Store::in_memory(Some(&self.image()?), Arc::new(surroundings.clone())).map_err(Failure::store)?;
        let parts = Parts {
            env: env.clone(),
            store: self.store.clone(),
            // The same for every process of every run; it wraps nothing that anybody could want.
            root_key: RootKey::parse(&RootKey::make(&Env::still(START, 0)))
                .map_err(|_| Failure::Broken("no root key".to_owned()))?,
            test_acquirer: self.acquirer.clone(),
            reach: Reach::PublicAndLoopback,
            narrator: Arc::clone(&self.gateway.narrator),
            public_url: self.gateway.public_url.clone(),
            statements: None,
            letters: Arc::clone(&self.gateway.letters),
            post: Post::Nowhere,
            sender: Sender::of_host(&self.gateway.public_url).map_err(|_| Failure::Broken("no sender".to_owned()))?,
            authorization_max: Duration::from_hours(168),
            test_limits: false,
            simulated: Some(engine::Surroundings {
                wire: Arc::new(Line { surroundings: surroundings.clone(), env: env.clone() }),
                receivers: Arc::new(surroundings.clone()),
            }),
        };
        self.running = Running::Yes { env, skew };
        surroundings.note(format_args!("a gateway starts, its clock {skew} us ahead"));
        let router = Arc::clone(&self.gateway.router);
        tokio::spawn(async move {
            let opened: Result<Router, _> = Engine::open(parts).await.map(|engine| {
                engine.start_workers();
                router(engine)
            });
            let mut shared = surroundings.lock();
            match opened {
                Ok(router) => shared.door = Some(router),
                Err(error) => {
                    shared.note(format_args!("it cannot be opened: {error}"));
                    shared.is_dead = true;
                    shared.wake();
                }
            }
        });
        Ok(())
    }

    /// After a death: what is committed is all that is left.
    fn bury(&mut self) -> Result<(), Failure> {
        let mut shared = self.surroundings.lock();
        shared.is_dead = false;
        shared.door = None;
        // In order: each hears that no answer comes.
        shared.waiting.clear();
        // What was sent is on its way all the same; nobody is told any more.
        shared.calls.clear();
        let (away, skew) = if shared.is_calm { (START_AGAIN, 0) } else { shared.restart() };
        drop(shared);
        self.running = Running::No { at: self.env.now().plus(away), skew };
        Ok(())
    }

    /// Carries a message to the acquirer and its answer back, in whatever way the network has today.
    fn carry(&self, message: Message) {
        let Message { request, patience, answer } = message;
        let (surroundings, env, acquirer) = (self.surroundings.clone(), self.env.clone(), self.acquirer.clone());
        let way = surroundings.lock().way();
        if way.refused {
            let _ = answer.send(Delivery::Refused);
            return;
        }
        let until = env.now().plus(patience);
        if let (Some(there), Some(again)) = (way.there, way.again) {
            let (env, acquirer, copy) = (env.clone(), acquirer.clone(), copy(&request));
            self.spawn(async move {
                env.sleep(there.saturating_add(again)).await;
                drop(acquirer.handle(copy, until).await);
            });
        }
        self.spawn(async move {
            let Some(there) = way.there else { return };
            env.sleep(there).await;
            let delivery = acquirer.handle(request, until).await;
            let Some(back) = way.back else { return };
            env.sleep(back).await;
            let delivery = surroundings.lock().comes_back(delivery, way.crossed);
            surroundings.note(format_args!("from the acquirer: {}", words(&delivery)));
            // Who asked may be gone.
            let _ = answer.send(delivery);
        });
    }

    fn receive(&self, call: Call) {
        let Call { url, delivery, body, answer } = call;
        let (surroundings, env, shop) = (self.surroundings.clone(), self.env.clone(), Arc::clone(&self.shop));
        self.spawn(async move {
            let (after, status) = surroundings.lock().answer_of_receiver();
            surroundings.note(format_args!("told {url}: {} bytes, answers {status:?}", body.len()));
            shop.hear(&url, delivery, &body);
            env.sleep(after).await;
            // Who told it may be dead.
            let _ = answer.send(status);
            if let Some((_, event)) = url.split_once("?token=") {
                Client::subscriber(&surroundings, &env, &shop).fetch(event).await;
            }
        });
    }
}

fn copy(request: &HttpRequest) -> HttpRequest {
    HttpRequest { method: request.method, path: request.path.clone(), body: request.body.clone() }
}

fn words(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Answered(response) => format!("{} with {} bytes", response.status, response.body.len()),
        Delivery::AnsweredTwice(response) => format!("{} with {} bytes, twice", response.status, response.body.len()),
        Delivery::Refused => "refused".to_owned(),
        Delivery::Lost => "nothing".to_owned(),
    }
}

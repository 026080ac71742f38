//! A run: the plan of a seed carried out, the books compared, and a failing plan made smaller.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use auditor::{AcquirerKind, AcquirerLine, AcquirerOutcome, Evidence};
use env::Env;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::plan::{Plan, Step};
use crate::setup::Setup;
use crate::shop::{Client, Shop};
use crate::surroundings::Surroundings;
use crate::world::World;
use crate::{Failure, Gateway, START};

/// How long after the storm everything must be settled: longer than any doubt lasts before somebody else is asked
/// (security U3), and longer than anybody is told again.
const CALM: Duration = Duration::from_hours(96);
/// Masked: their banks take the money back 60 s after it was taken.
const DISPUTED: [&str; 1] = ["400000******6100"];
/// A failing plan is run at most so often to make it smaller.
const SHRINKS_MAX: u32 = 400;

/// Runs seeds.
pub struct Simulation {
    gateway: Gateway,
    setup: Setup,
    operations: usize,
}

/// What one seed came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Of every line of the run; the same seed has the same.
    pub trace: String,
    /// What does not hold, each with its rule and ids.
    pub broken: Vec<String>,
    /// Payments that were opened.
    pub payments: u64,
    /// Events in the journal.
    pub events: u64,
    /// Times the gateway died.
    pub crashes: u64,
    /// Other things that went wrong on purpose.
    pub faults: u64,
}

/// A run, told.
#[derive(Debug, Clone)]
pub struct Story {
    /// What does not hold.
    pub broken: Vec<String>,
    /// How many of the operations are needed.
    pub steps: usize,
    /// What happened, line by line: microseconds since 1970 and what.
    pub lines: Vec<String>,
}

thread_local! {
    /// How often something panicked on this thread.
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// Counts panics for [`Report::broken`]; call it once per process.
fn count_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.with(|panics| panics.set(panics.get() + 1));
            told(panic);
        }));
    });
}

impl Simulation {
    /// Makes what every run begins with.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn new(gateway: Gateway, operations: usize) -> Result<Self, Failure> {
        count_panics();
        Ok(Self { setup: Setup::make(&gateway)?, gateway, operations })
    }

    /// Runs a seed.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run(&self, seed: u64) -> Result<Report, Failure> {
        Ok(self.carry_out(&Plan::of(seed, self.operations), false)?.0)
    }

    /// Runs a seed and tells all of it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn trace(&self, seed: u64) -> Result<Story, Failure> {
        let (report, lines) = self.carry_out(&Plan::of(seed, self.operations), true)?;
        Ok(Story { broken: report.broken, steps: self.operations, lines })
    }

    /// Runs a failing seed with less and less of its plan, as long as something still fails; tells what is left. `None` when
    /// nothing fails.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn shrink(&self, seed: u64) -> Result<Option<Story>, Failure> {
        let mut plan = Plan::of(seed, self.operations);
        if self.carry_out(&plan, false)?.0.broken.is_empty() {
            return Ok(None);
        }
        let mut runs = 0;
        let mut fails = |plan: &Plan| -> Result<bool, Failure> {
            runs += 1;
            Ok(runs <= SHRINKS_MAX && !self.carry_out(plan, false)?.0.broken.is_empty())
        };
        for calmer in [
            |plan: &mut Plan| plan.weather.crash = 0,
            |plan: &mut Plan| plan.weather.commit = 0,
            |plan: &mut Plan| plan.weather.network = 0,
            |plan: &mut Plan| plan.weather.receiver = 0,
            |plan: &mut Plan| plan.weather.hang_up = 0,
        ] {
            let mut without = plan.clone();
            calmer(&mut without);
            if fails(&without)? {
                plan = without;
            }
        }
        // Without ever smaller pieces, from the end: what comes later depends on what came before.
        let mut piece = plan.steps.len().div_ceil(2);
        while piece > 0 {
            let mut end = plan.steps.len();
            while end > 0 {
                let begin = end.saturating_sub(piece);
                let mut without = plan.clone();
                without.steps.drain(begin..end);
                if fails(&without)? {
                    plan = without;
                }
                end = begin.min(plan.steps.len());
            }
            piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
        }
        let (report, lines) = self.carry_out(&plan, true)?;
        Ok(Some(Story { broken: report.broken, steps: plan.steps.len(), lines }))
    }

    fn carry_out(&self, plan: &Plan, is_traced: bool) -> Result<(Report, Vec<String>), Failure> {
        let panics = PANICS.with(Cell::get);
        let env = Env::still(START, plan.seed);
        let surroundings = Surroundings::new(plan.seed, plan.weather, env.clone(), is_traced);
        let image = Some(self.setup.image.as_slice());
        let shop = Arc::new(Shop::new(self.setup.credentials.clone()));
        let mut world = World::new(&self.gateway, surroundings.clone(), env.clone(), Arc::clone(&shop), image)?;
        let steps = plan.steps.clone();
        world.run(main(surroundings.clone(), env, Arc::clone(&shop), steps))?;

        let mut remembered = shop.lock();
        let mut broken = std::mem::take(&mut remembered.wrong);
        let audit = world.audit()?;
        broken.extend(audit.broken.iter().map(|line| format!("audit: {line}")));
        let acquirer = world.acquirers_book()?.iter().map(line).collect::<Vec<_>>();
        let books = auditor::open(&world.image()?).map_err(|error| Failure::Broken(error.to_string()))?;
        let evidence = Evidence {
            acquirer: &acquirer,
            told: &remembered.told,
            seen: &remembered.seen,
            once: &references(plan),
            heard: Some(&remembered.heard),
            asked: &remembered.asked,
            disputed: &DISPUTED,
            clock_went_back: true,
            drained: true,
        };
        let verdict = auditor::compare(&books, &evidence).map_err(|error| Failure::Broken(error.to_string()))?;
        broken.extend(verdict.broken);
        let panicked = PANICS.with(Cell::get) - panics;
        if panicked > 0 {
            broken.push(format!("something panicked, {panicked} times"));
        }
        drop(world);
        let mut shared = surroundings.lock();
        shared.note(format_args!("{} payments, {} events, {} postings", audit.payments, audit.events, audit.postings));
        let report = Report {
            seed: plan.seed,
            trace: shared.trace.hash(),
            broken,
            payments: audit.payments,
            events: audit.events,
            crashes: shared.crashes,
            faults: shared.faults,
        };
        Ok((report, shared.trace.lines().to_vec()))
    }
}

/// Carries the steps out, each at its moment; then the storm ends, everything settles, and everybody looks once more.
async fn main(surroundings: Surroundings, env: Env, shop: Arc<Shop>, steps: Vec<Step>) {
    let mut acting = steps
        .iter()
        .map(|step| {
            let (surroundings, env, shop) = (&surroundings, &env, &shop);
            async move {
                env.clock().sleep_until(START.plus(step.at)).await;
                Client::of(surroundings, env, shop, step).act(step.what).await;
            }
        })
        .collect::<FuturesUnordered<_>>();
    while acting.next().await.is_some() {}
    surroundings.note(format_args!("the storm is over"));
    surroundings.lock().is_calm = true;
    env.sleep(CALM).await;
    let last = Step { number: steps.len(), at: CALM, what: crate::plan::What::Report, seed: 0 };
    let client = Client::of(&surroundings, &env, &shop, &last);
    let (purchases, links, tenders) = {
        let known = shop.lock();
        (known.purchases.clone(), known.links.clone(), known.tenders.clone())
    };
    let mut seen = Vec::new();
    for id in &purchases {
        seen.extend(client.look_at_purchase(id).await);
    }
    for (number, _) in &links {
        seen.extend(client.look_at_link(*number).await);
    }
    for id in &tenders {
        seen.extend(client.look_at_tender(id).await);
    }
    shop.lock().seen = seen;
}

/// What shops call the orders of each step; none is there twice.
fn references(plan: &Plan) -> Vec<String> {
    let of_step = |step: &Step| ["P", "L", "S", "SO"].map(|dialect| format!("{dialect}-{}", step.number));
    plan.steps.iter().flat_map(of_step).collect()
}

fn line(transaction: &acquirer::Transaction) -> AcquirerLine {
    AcquirerLine {
        reference: transaction.reference.clone(),
        kind: match transaction.kind {
            acquirer::Kind::Authorize => AcquirerKind::Authorize,
            acquirer::Kind::Capture => AcquirerKind::Capture,
            acquirer::Kind::Void => AcquirerKind::Void,
            acquirer::Kind::Refund => AcquirerKind::Refund,
            acquirer::Kind::Reversal => AcquirerKind::Reversal,
        },
        amount: transaction.amount,
        currency: transaction.currency.clone(),
        outcome: match transaction.outcome {
            acquirer::Verdict::Approved => AcquirerOutcome::Approved,
            acquirer::Verdict::Declined => AcquirerOutcome::Declined,
        },
    }
}

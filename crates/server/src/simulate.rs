//! `tollgate simulate`: seeds are run, one after the other on each thread; a seed that fails is told as a story.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use env::Stopwatch;
use simulation::{Failure, Gateway, Report, Simulation};

use crate::app::{dialects_and_pages, narrator};
use crate::cli::SimulateArgs;
use crate::config::PublicUrl;
use crate::sandbox;

/// Lines of a story that are shown; the last ones say most.
const LINES_MAX: usize = 400;
/// How often progress is told.
const TELL: Duration = Duration::from_secs(10);
/// Opens the simulated sandbox, which nobody else reaches.
const CONTROL: &str = "simulated";

/// Everything the gateway is above its engine.
fn gateway() -> Result<Gateway, Failure> {
    let public_url = PublicUrl::parse("http://pay.example.com").map_err(Failure::Broken)?;
    let url = public_url.clone();
    Ok(Gateway {
        narrator: narrator(&public_url),
        letters: Arc::new(checkout::Letters::new(public_url.as_str())),
        router: Arc::new(move |engine| {
            dialects_and_pages(&engine, &url, false).merge(sandbox::router(engine, &url, Some(CONTROL)))
        }),
        public_url: public_url.as_str().to_owned(),
        control_token: CONTROL.to_owned(),
    })
}

/// What all seeds came to so far.
#[derive(Default)]
struct Sums {
    seeds: AtomicU64,
    payments: AtomicU64,
    events: AtomicU64,
    crashes: AtomicU64,
    faults: AtomicU64,
}

impl Sums {
    fn add(&self, report: &Report) {
        let add = |sum: &AtomicU64, count: u64| sum.fetch_add(count, Ordering::Relaxed);
        add(&self.seeds, 1);
        add(&self.payments, report.payments);
        add(&self.events, report.events);
        add(&self.crashes, report.crashes);
        add(&self.faults, report.faults);
    }

    fn words(&self, operations: usize, watch: Stopwatch) -> String {
        let of = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        let done = of(&self.seeds);
        format!(
            "{done} seeds, {} operations, {} payments, {} events, {} deaths of the gateway, {} other faults, {} s",
            done.saturating_mul(operations as u64),
            of(&self.payments),
            of(&self.events),
            of(&self.crashes),
            of(&self.faults),
            watch.elapsed().as_secs(),
        )
    }
}

/// Exit 0 when every seed holds, 1 when one does not, 2 when the simulation itself does not work.
pub(crate) fn run(args: &SimulateArgs) -> ExitCode {
    let told = if args.trace { trace(args) } else { run_all(args) };
    match told {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(story)) => {
            println!("{story}");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("tollgate: the simulation does not work: {:#}", anyhow::Error::new(failure));
            ExitCode::from(2)
        }
    }
}

/// Prints the lines of one seed; answers what does not hold.
fn trace(args: &SimulateArgs) -> Result<Option<String>, Failure> {
    let story = Simulation::new(gateway()?, args.operations)?.trace(args.from)?;
    for line in &story.lines {
        println!("{line}");
    }
    Ok((!story.broken.is_empty()).then(|| story.broken.join("\n")))
}

/// Runs every seed; answers the story of one that fails.
fn run_all(args: &SimulateArgs) -> Result<Option<String>, Failure> {
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let (sums, watch) = (Sums::default(), Stopwatch::start());
    let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let failed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(args, &next, &sums, &is_over))).collect();
        let mut told = Stopwatch::start();
        while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(20));
            if told.elapsed() >= TELL {
                println!("{}", sums.words(args.operations, watch));
                told = Stopwatch::start();
            }
        }
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(stopped()))).find_map(|end| match end {
            Ok(None) => None,
            Ok(Some(report)) => Some(Ok(report)),
            Err(failure) => Some(Err(failure)),
        })
    });
    match failed {
        None => {
            println!("{}: every book agrees", sums.words(args.operations, watch));
            Ok(None)
        }
        Some(Ok(report)) if args.no_story => Ok(Some(broken(report.seed, &report.broken))),
        Some(Ok(report)) => tell(args, report.seed).map(Some),
        Some(Err(failure)) => Err(failure),
    }
}

fn stopped() -> Failure {
    Failure::Broken("a thread of the simulation panicked".to_owned())
}

/// Runs seeds until there are no more or one fails, which is answered.
fn work(args: &SimulateArgs, next: &AtomicU64, sums: &Sums, is_over: &AtomicBool) -> Result<Option<Report>, Failure> {
    let simulation = Simulation::new(gateway()?, args.operations)?;
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= args.seeds || is_over.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let seed = args.from.saturating_add(number);
        let report = simulation.run(seed)?;
        sums.add(&report);
        if args.replay > 0 && number.is_multiple_of(args.replay) {
            let again = simulation.run(seed)?;
            if again != report {
                is_over.store(true, Ordering::SeqCst);
                return Err(Failure::Broken(format!("seed {seed} went two ways: {report:?} and then {again:?}")));
            }
        }
        if !report.broken.is_empty() {
            is_over.store(true, Ordering::SeqCst);
            return Ok(Some(report));
        }
    }
}

/// What does not hold, a line each.
fn broken(seed: u64, sentences: &[String]) -> String {
    let lines: String = sentences.iter().map(|sentence| format!("  {sentence}\n")).collect();
    format!("seed {seed} fails:\n{lines}")
}

/// The story of a seed that fails.
fn tell(args: &SimulateArgs, seed: u64) -> Result<String, Failure> {
    println!("seed {seed} fails; making it smaller ...");
    let simulation = Simulation::new(gateway()?, args.operations)?;
    let Some(story) = simulation.shrink(seed)? else {
        return Err(Failure::Broken(format!("seed {seed} failed once and does not fail again")));
    };
    let left_out = story.lines.len().saturating_sub(LINES_MAX);
    let mut text = format!("with {} of {} operations ", story.steps, args.operations) + &broken(seed, &story.broken);
    if left_out > 0 {
        text += &format!("({left_out} lines before)\n");
    }
    for line in story.lines.iter().skip(left_out) {
        text += &format!("  {line}\n");
    }
    text += &format!("again: tollgate simulate --seeds 1 --from {seed} --operations {}", args.operations);
    Ok(text)
}

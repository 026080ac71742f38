//! The numbers, as ratios of one run on one machine: `cargo run --release -p bench`.
//!
//! Server and load share the machine's cores. Each figure is measured in turns against its yardstick, so that what
//! else the machine does falls on both.

mod deliveries;
mod gateway;
mod load;

use std::time::Duration;

use gateway::{Gateway, Storing};

/// Connections that ask one after the other, each the next request when it has the answer to the last.
const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("Tollgate bench: {CONNECTIONS} connections, {ROUNDS} rounds of {} s each in turns\n", ROUND.as_secs());
        let durable = Gateway::start(Storing::Durably).await?;
        let forgetful = Gateway::start(Storing::Nothing).await?;
        for gateway in [&durable, &forgetful] {
            load::creates(gateway, CONNECTIONS, WARM_UP).await?;
        }
        let (mut stored, mut answered) = (vec![], vec![]);
        for round in 1..=ROUNDS {
            stored.push(load::creates(&durable, CONNECTIONS, ROUND).await?);
            answered.push(load::creates(&forgetful, CONNECTIONS, ROUND).await?);
            println!("  round {round}: {} durable/s, {} with nothing stored/s", stored[round - 1], answered[round - 1]);
        }
        let (stored, answered) = (median(stored), median(answered));
        let percent = stored * 100 / answered.max(1);
        println!("\ndurable creates against the same server storing nothing: {}.{:02}", percent / 100, percent % 100);
        println!("  must reach 0.60, aim 0.80; {stored}/s against {answered}/s here");
        notifications(&durable).await?;
        durable.stop().await;
        forgetful.stop().await;
        Ok(())
    })
}

/// Signed notifications against the signatures alone.
async fn notifications(gateway: &Gateway) -> anyhow::Result<()> {
    let signatures = tokio::task::spawn_blocking(deliveries::signatures).await??;
    let drained = deliveries::drained(gateway).await?;
    let percent = drained * 100 / signatures.max(1);
    println!("\nsigned notifications against what one core signs: {}.{:02}", percent / 100, percent % 100);
    println!("  must reach 0.70; {drained}/s against {signatures}/s here, receiver on the same cores");
    let micros = deliveries::alone(gateway).await?;
    println!("\nfrom asking for a purchase to the call that tells of it, nothing waiting: {} ms", micros / 1_000);
    println!("  median, must stay below 50 ms; {micros} us here");
    Ok(())
}

fn median(mut figures: Vec<u64>) -> u64 {
    figures.sort_unstable();
    figures[figures.len() / 2]
}

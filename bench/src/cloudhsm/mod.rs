//! Custom key stores: throughput and latency of KMS operations whose keys are in a CloudHSM cluster, also while an HSM is killed and comes back.
//!
//! The load asks `keyward serve` over signed HTTP, as it does for `kms`; everything that serves (API, vault, HSMs) shares one core. So that
//! figure is one of cost. What many HSMs do together is shown by a model beside it, on the cluster's client alone: HSMs that
//! take two milliseconds for a request, one at a time, as hardware does that is the bottleneck.

mod model;
mod rig;
mod slow;
mod softhsm;
mod store;

use std::sync::Arc;
use std::time::{Duration, Instant};

use data_encoding::BASE64;

use crate::cloudhsm::store::Store;
use crate::report::{Round, Spread, latencies};
use crate::{Failure, Settings, cpu, load, server};

/// How often an HSM is killed, and how long after the last one has come back or a beginning.
const KILLS: usize = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// Measures all of it and prints the tables.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    println!(
        "{} rounds of {} s, {} connections; median (minimum to maximum)\n",
        settings.rounds, settings.seconds, settings.connections
    );
    model::run(settings)?;
    server::pin_the_load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        println!(
            "\n| HSMs | Operation | right answers per second of server CPU | a second | p50 / p99 / p99.9, µs |\n|---|---|---|---|---|"
        );
        let mut killed = vec![measure("2, software", "", 2, settings).await?];
        measure("4, software", "", 4, settings).await?;
        match softhsm::Place::new()? {
            Some(place) => killed.push(measure("2, SoftHSM", &place.configuration(), 2, settings).await?),
            None => eprintln!("SoftHSM 2 is not installed: not measured"),
        }
        println!(
            "\nEncrypt 1 KiB while one of two HSMs is killed, {KILLS} times:\n\n\
             | HSMs | failed | in step again after, ms | p50 / p99 / p99.9 / longest with both, µs | from a kill until in step, µs |\n\
             |---|---|---|---|---|"
        );
        killed.into_iter().flatten().for_each(|row| println!("{row}"));
        Ok(())
    })
}

/// Prints a row for each operation. With two HSMs, one of them is killed at the end, and the row about that is the answer.
async fn measure(
    name: &str,
    configuration: &str,
    hsms: usize,
    settings: &Settings,
) -> Result<Option<String>, Failure> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(Store::start(folder.path(), configuration, hsms).await?);
    let data = BASE64.encode(&[7; 1024]);
    for (operation, call) in store.calls(&data) {
        let mut rounds = Vec::new();
        for round in 0..=settings.rounds {
            let one = window(&store, &call.asked(&store.signer), settings).await?;
            // The first only warms up.
            if round > 0 {
                rounds.push(one);
            }
        }
        println!(
            "| {name} | {operation} | {} | {} | {} |",
            Spread::of(&rounds, |round| round.per_cpu_second).text(0, ""),
            Spread::of(&rounds, |round| round.per_second).text(0, ""),
            latencies(&rounds),
        );
    }
    if hsms > 2 {
        return Ok(None);
    }
    killed(name, &store, &data, settings).await.map(Some)
}

async fn window(store: &Store, asked: &load::Asked, settings: &Settings) -> Result<Round, Failure> {
    let before = cpu::used(store.server.id())?;
    let duration = Duration::from_secs(settings.seconds);
    let outcome = load::run(&store.server.address, asked, settings.connections, duration).await?;
    let used = cpu::used(store.server.id())?.saturating_sub(before);
    Ok(Round {
        per_cpu_second: outcome.good as f64 / used.as_secs_f64().max(0.01),
        per_second: outcome.good as f64 / outcome.duration.as_secs_f64(),
        latencies: [0.5, 0.99, 0.999].map(|share| outcome.percentile(share)),
    })
}

/// An HSM under load is killed over and over, and comes back by itself.
async fn killed(name: &str, store: &Arc<Store>, data: &str, settings: &Settings) -> Result<String, Failure> {
    let [(_, encrypt), _] = store.calls(data);
    let killer = {
        let store = Arc::clone(store);
        tokio::task::spawn_blocking(move || {
            let mut away = Vec::new();
            for number in 0..KILLS {
                std::thread::sleep(PAUSE);
                let from = Instant::now();
                store.kill_one(number).map_err(|error| error.to_string())?;
                away.push((from, Instant::now()));
            }
            Ok::<_, String>(away)
        })
    };
    let duration = (PAUSE + Duration::from_secs(2)) * KILLS as u32;
    let asked = encrypt.asked(&store.signer);
    let (answers, failed) =
        load::run_through(&store.server.address, &asked, settings.connections, duration).await;
    let away = killer.await??;
    let is_during = |moment: &Instant| away.iter().any(|(from, to)| from <= moment && moment <= to);
    let (during, steady): (Vec<_>, Vec<_>) = answers.iter().partition(|(moment, _)| is_during(moment));
    let back = Spread::sorted(away.iter().map(|(from, to)| (*to - *from).as_secs_f64() * 1e3).collect());
    let asked = answers.len() as u64 + failed;
    Ok(format!(
        "| {name} | {failed} of {asked} | {} | {} | {} |",
        back.text(0, ""),
        shares(steady),
        shares(during)
    ))
}

fn shares(answers: Vec<(Instant, Duration)>) -> String {
    let mut micros: Vec<f64> = answers.into_iter().map(|(_, latency)| latency.as_secs_f64() * 1e6).collect();
    micros.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = ((micros.len() as f64 * share) as usize).min(micros.len().saturating_sub(1));
        micros.get(place).copied().unwrap_or(f64::NAN)
    };
    format!("{:.0} / {:.0} / {:.0} / {:.0}", at(0.5), at(0.99), at(0.999), at(1.0))
}

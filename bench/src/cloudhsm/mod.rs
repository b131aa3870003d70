//! CloudHSM clusters: throughput against the number of HSMs, and latency while one is killed and comes back.
//!
//! Each HSM is a process of the real thing, and the load calls the cluster's client, as KMS does for a custom key
//! store. Two figures, because a small machine has fewer cores than a cluster has HSMs:
//!
//! - *as fast as this machine can*: HSMs, client and load share its cores; what an operation costs an HSM and the client
//!   tells what more cores would give;
//! - *HSMs that take their time*: each serves one request at a time and takes two milliseconds for it, as hardware does that
//!   is the bottleneck. Whether four do four times the work of one is then the cluster's doing alone.

mod rig;
mod slow;
mod softhsm;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyward_hsm::{CipherMechanism, HsmError, Tokens};
use tokio::task::JoinSet;

use crate::cloudhsm::rig::Rig;
use crate::report::Spread;
use crate::{Failure, Settings};

/// What a slow HSM takes for a request.
const SERVICE: Duration = Duration::from_millis(2);
/// So many callers at once, when HSMs are slow.
const PATIENT_CALLERS: usize = 64;

/// An operation that is measured.
#[derive(Clone, Copy)]
enum Deed {
    Encrypt,
    GenerateDataKey,
}

impl Deed {
    const ALL: [Self; 2] = [Self::Encrypt, Self::GenerateDataKey];

    fn name(self) -> &'static str {
        match self {
            Self::Encrypt => "Encrypt 1 KiB",
            Self::GenerateDataKey => "GenerateDataKey",
        }
    }

    async fn run(self, rig: &Rig) -> Result<(), HsmError> {
        match self {
            Self::Encrypt => {
                let gcm = CipherMechanism::AesGcm;
                rig.session.encrypt(rig.key, gcm, b"context", &[7; 1024]).await.map(drop)
            }
            Self::GenerateDataKey => rig.session.generate_data_key(rig.key, b"context", 32).await.map(drop),
        }
    }
}

/// One measured window.
struct Window {
    /// How long each good answer took, in order of length.
    latencies: Vec<Duration>,
    failed: u64,
    seconds: f64,
    /// CPU seconds of the HSMs, and of this process (the cluster's client and the load).
    hsm_cpu: f64,
    own_cpu: f64,
}

impl Window {
    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.seconds
    }

    fn micros(&self, share: f64) -> f64 {
        let at = ((self.latencies.len() as f64 * share) as usize).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e6)
    }
}

/// Measures all of it and prints a line for each figure.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let program = crate::server::binary()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        println!("median (minimum to maximum) of {} rounds of {} s", settings.rounds, settings.seconds);
        for count in [1, 2, 4] {
            fast(&program, "software", &Tokens::software(), count, settings).await?;
        }
        let place = softhsm::Place::new()?;
        match &place {
            Some(place) => fast(&program, "SoftHSM 2", &place.tokens(), 2, settings).await?,
            None => println!("SoftHSM 2 is not installed: not measured"),
        }
        let one = slow(&program, 1, settings).await?;
        for count in [2, 4] {
            let many = slow(&program, count, settings).await?;
            println!("  {count} HSMs do {:.2} times the work of one", many / one);
        }
        killed(&program, "software", &Tokens::software()).await?;
        if let Some(place) = &place {
            killed(&program, "SoftHSM 2", &place.tokens()).await?;
        }
        Ok(())
    })
}

async fn fast(
    program: &Path,
    kind: &str,
    tokens: &Tokens,
    count: usize,
    settings: &Settings,
) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let rig = Arc::new(Rig::start(program, folder.path(), tokens.clone(), count, None).await?);
    for deed in Deed::ALL {
        let windows = windows(&rig, deed, settings.connections, settings).await?;
        let spread = |figure: fn(&Window) -> f64| Spread::sorted(windows.iter().map(figure).collect());
        println!(
            "{count} HSMs, {kind:<9} {:<16} {:<26}/s   p50/p99 {:.0}/{:.0} µs   CPU an operation: HSM {:.1} µs, client and load {:.1} µs",
            deed.name(),
            spread(Window::rate).text(0, ""),
            spread(|window| window.micros(0.5)).median(),
            spread(|window| window.micros(0.99)).median(),
            spread(|window| 1e6 * window.hsm_cpu / window.latencies.len() as f64).median(),
            spread(|window| 1e6 * window.own_cpu / window.latencies.len() as f64).median(),
        );
    }
    rig.stop().await;
    Ok(())
}

async fn slow(program: &Path, count: usize, settings: &Settings) -> Result<f64, Failure> {
    let folder = tempfile::tempdir()?;
    let rig = Arc::new(Rig::start(program, folder.path(), Tokens::software(), count, Some(SERVICE)).await?);
    let windows = windows(&rig, Deed::Encrypt, PATIENT_CALLERS, settings).await?;
    let rate = Spread::sorted(windows.iter().map(Window::rate).collect());
    println!("{count} HSMs that take {} ms: {}/s", SERVICE.as_millis(), rate.text(0, ""));
    rig.stop().await;
    Ok(rate.median())
}

async fn windows(
    rig: &Arc<Rig>,
    deed: Deed,
    callers: usize,
    settings: &Settings,
) -> Result<Vec<Window>, Failure> {
    let duration = Duration::from_secs(settings.seconds);
    window(rig, deed, callers, duration / 2).await?;
    let mut windows = Vec::new();
    for _ in 0..settings.rounds {
        let window = window(rig, deed, callers, duration).await?;
        if window.failed > 0 {
            return Err(format!("{} of {} failed", window.failed, deed.name()).into());
        }
        windows.push(window);
    }
    Ok(windows)
}

async fn window(rig: &Arc<Rig>, deed: Deed, callers: usize, duration: Duration) -> Result<Window, Failure> {
    let (hsm_before, own_before) = (rig.cpu()?, crate::cpu::of(std::process::id())?);
    let begin = Instant::now();
    let (latencies, failed) = load(rig, deed, callers, begin + duration).await;
    let seconds = begin.elapsed().as_secs_f64();
    let hsm_cpu = rig.cpu()?.saturating_sub(hsm_before).as_secs_f64();
    let own_cpu = crate::cpu::of(std::process::id())?.saturating_sub(own_before).as_secs_f64();
    let mut latencies: Vec<Duration> = latencies.into_iter().map(|(_, latency)| latency).collect();
    latencies.sort_unstable();
    Ok(Window { latencies, failed, seconds, hsm_cpu, own_cpu })
}

/// Loads the cluster until then: when each good answer came and how long it took, and how many failed.
async fn load(rig: &Arc<Rig>, deed: Deed, callers: usize, end: Instant) -> (Vec<(Instant, Duration)>, u64) {
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let rig = Arc::clone(rig);
        tasks.spawn(async move {
            let (mut good, mut failed) = (Vec::new(), 0);
            while Instant::now() < end {
                let begin = Instant::now();
                match deed.run(&rig).await {
                    Ok(()) => good.push((Instant::now(), begin.elapsed())),
                    Err(_) => failed += 1,
                }
            }
            (good, failed)
        });
    }
    let (mut good, mut failed) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (more, failures) = done.unwrap_or_default();
        good.extend(more);
        failed += failures;
    }
    (good, failed)
}

/// Two HSMs under load; one is killed over and over, and comes back by itself.
async fn killed(program: &Path, kind: &str, tokens: &Tokens) -> Result<(), Failure> {
    const KILLS: usize = 5;
    const CALLERS: usize = 16;
    let folder = tempfile::tempdir()?;
    let rig = Arc::new(Rig::start(program, folder.path(), tokens.clone(), 2, None).await?);
    let begin = Instant::now();
    let end = begin + Duration::from_secs(4 * (KILLS as u64 + 1));
    let done = Arc::new(AtomicBool::new(false));
    let killer = {
        let (rig, done) = (Arc::clone(&rig), Arc::clone(&done));
        tokio::spawn(async move {
            let mut away = Vec::new();
            for number in 0..KILLS {
                tokio::time::sleep(Duration::from_secs(2)).await;
                let from = Instant::now();
                if rig.kill(number % 2).await.is_err() || done.load(Ordering::Relaxed) {
                    break;
                }
                away.push((from, Instant::now()));
            }
            away
        })
    };
    let (answers, failed) = load(&rig, Deed::Encrypt, CALLERS, end).await;
    done.store(true, Ordering::Relaxed);
    let away = killer.await?;
    let is_during = |moment: &Instant| away.iter().any(|(from, to)| from <= moment && moment <= to);
    let (during, steady): (Vec<_>, Vec<_>) = answers.iter().partition(|(moment, _)| is_during(moment));
    let seconds = Spread::sorted(away.iter().map(|(from, to)| (*to - *from).as_secs_f64() * 1e3).collect());
    println!(
        "{kind}: {} kills of one of 2 HSMs under load: {failed} of {} Encrypt failed; back in step after {} ms",
        away.len(),
        answers.len() as u64 + failed,
        seconds.text(0, ""),
    );
    for (when, answers) in [("with both HSMs", steady), ("from a kill to being in step", during)] {
        let mut latencies: Vec<Duration> = answers.into_iter().map(|(_, latency)| latency).collect();
        latencies.sort_unstable();
        let window = Window { latencies, failed: 0, seconds: 1.0, hsm_cpu: 0.0, own_cpu: 0.0 };
        println!(
            "  {when:<28} {:>7} answers, p50/p99/p99.9/longest {:.0}/{:.0}/{:.0}/{:.0} µs",
            window.latencies.len(),
            window.micros(0.5),
            window.micros(0.99),
            window.micros(0.999),
            window.micros(1.0),
        );
    }
    rig.stop().await;
    Ok(())
}

/// Where SoftHSM's module is, if it is installed.
fn module() -> Option<PathBuf> {
    let places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"];
    places.into_iter().map(PathBuf::from).find(|path| path.exists())
}

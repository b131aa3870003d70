//! What many HSMs do together: the cluster's client over HSMs that each take their time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keyward_hsm::CipherMechanism;
use tokio::task::JoinSet;

use crate::cloudhsm::rig::Rig;
use crate::report::Spread;
use crate::{Failure, Settings};

/// What an HSM takes for a request.
const SERVICE: Duration = Duration::from_millis(2);
/// So many callers at once.
const CALLERS: usize = 64;

/// Prints a row for each number of HSMs.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        println!(
            "| HSMs that take {} ms | Encrypt 1 KiB a second | against one |\n|---|---|---|",
            SERVICE.as_millis()
        );
        let mut one = None;
        for hsms in [1, 2, 4] {
            let folder = tempfile::tempdir()?;
            let rig = Arc::new(Rig::start(folder.path(), hsms, SERVICE).await?);
            let mut rates = Vec::new();
            for round in 0..=settings.rounds {
                let rate = rate(&rig, Duration::from_secs(settings.seconds)).await?;
                if round > 0 {
                    rates.push(rate);
                }
            }
            rig.stop().await;
            let rates = Spread::sorted(rates);
            let one = *one.get_or_insert(rates.median());
            println!("| {hsms} | {} | {:.2} × |", rates.text(0, ""), rates.median() / one);
        }
        Ok(())
    })
}

async fn rate(rig: &Arc<Rig>, duration: Duration) -> Result<f64, Failure> {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let rig = Arc::clone(rig);
        tasks.spawn(async move {
            let mut good = 0_u64;
            while begin.elapsed() < duration {
                rig.session.encrypt(rig.key, CipherMechanism::AesGcm, b"context", &[7; 1024]).await?;
                good += 1;
            }
            Ok::<_, keyward_hsm::HsmError>(good)
        });
    }
    let mut good = 0;
    while let Some(done) = tasks.join_next().await {
        good += done??;
    }
    Ok(good as f64 / begin.elapsed().as_secs_f64())
}

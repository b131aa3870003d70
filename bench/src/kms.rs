//! KMS beside OpenBao's transit engine and a bare hyper server that answers as many bytes, turn by turn.

use std::time::Duration;

use crate::load::{self, Asked};
use crate::report::{Round, Row};
use crate::server::Server;
use crate::{Failure, Settings, cpu, keyward, openbao, raw, report};

/// What Encrypt encrypts.
const DATA: [u8; 1024] = [7; 1024];
/// What is signed and authenticated.
const MESSAGE: [u8; 256] = [9; 256];

/// Measures every case and prints the tables.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let (subject, signer) = Server::keyward(folder.path())?;
    let bao = settings.bao.as_deref().map(|program| Server::openbao(program, folder.path())).transpose()?;
    let bare = Server::bare()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let calls = keyward::calls(&subject.address, &signer, &DATA, &MESSAGE).await?;
        let mut peers = match &bao {
            Some(bao) => openbao::calls(&bao.address, &DATA, &MESSAGE).await?,
            None => Vec::new(),
        }
        .into_iter();
        let mut rows = Vec::new();
        for (name, call) in calls {
            let mut turns = vec![(&subject, call.asked(&signer))];
            // Both lists have the cases in one order.
            if let (Some(bao), Some((same, asked))) = (&bao, peers.next()) {
                assert_eq!(name, same, "the lists of cases differ");
                turns.push((bao, asked));
            }
            if !name.starts_with(&settings.case) {
                continue;
            }
            turns.push((&bare, call.bare(&subject.address, &signer).await?));
            eprintln!("{name}");
            let mut measured = measure(&turns, settings).await?;
            let (bare, keyward) = (measured.pop().unwrap_or_default(), measured.remove(0));
            rows.push(Row { name, keyward, openbao: measured.pop(), bare });
        }
        print!("{}", report::tables(&rows, settings));
        let raw = raw::rates(&MESSAGE, settings.seconds)?;
        print!("{}", report::shares_of_raw(&rows, &raw));
        Ok(())
    })
}

/// The rounds of each subject; they take turns within every round. One round before the first only warms up.
async fn measure(turns: &[(&Server, Asked)], settings: &Settings) -> Result<Vec<Vec<Round>>, Failure> {
    let mut measured: Vec<Vec<Round>> = turns.iter().map(|_| Vec::new()).collect();
    for round in 0..=settings.rounds {
        for ((server, asked), rounds) in turns.iter().zip(&mut measured) {
            let one = window(server, asked, settings).await?;
            if round > 0 {
                rounds.push(one);
            }
        }
    }
    Ok(measured)
}

async fn window(server: &Server, asked: &Asked, settings: &Settings) -> Result<Round, Failure> {
    let before = cpu::used(server.id())?;
    let duration = Duration::from_secs(settings.seconds);
    let outcome = load::run(&server.address, asked, settings.connections, duration).await?;
    let used = cpu::used(server.id())?.saturating_sub(before);
    Ok(Round {
        per_cpu_second: outcome.good as f64 / used.as_secs_f64().max(0.01),
        per_second: outcome.good as f64 / outcome.duration.as_secs_f64(),
        latencies: [0.5, 0.99, 0.999].map(|share| outcome.percentile(share)),
    })
}

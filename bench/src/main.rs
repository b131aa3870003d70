//! Benchmarks: Keyward beside its peers in the same run, interleaved, as right answers per CPU second.
//!
//! `cargo build --release -p keyward -p keyward-bench && target/release/keyward-bench kms`
//!
//! The figure that holds on a noisy machine is the rate per CPU second of all processes of the subject
//! (API and vault); subject and peers take turns, every answer is checked. Deliberately absent: any
//! judgement; the goals are in `docs/performance.md`.

mod bare;
mod cloudhsm;
mod cpu;
mod keyward;
mod kms;
mod load;
mod memory;
mod openbao;
mod raw;
mod report;
mod server;
mod sign;

use std::path::PathBuf;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "usage: keyward-bench kms|cloudhsm [ROUNDS [SECONDS [CONNECTIONS [CASE]]]] | memory [KEYS [REQUESTS]]

CASE is the beginning of the names of the cases of kms that are measured, such as Encrypt.
BAO names OpenBao's program; without it, the one that `cargo xtask test` installs below target/venv is measured.";

/// Where the tests' Python packages are, from the folder of this program.
const INSTALLED_BAO: &str = "../venv/bin/bao";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["cloudhsm", rest @ ..] => settings(rest).and_then(|settings| cloudhsm::run(&settings)),
        ["kms", rest @ ..] => settings(rest).and_then(|settings| {
            server::pin_the_load()?;
            kms::run(&settings)
        }),
        ["memory", rest @ ..] => amounts(rest).and_then(|amounts| memory::run(&amounts)),
        ["bare", address] => bare::serve(address),
        _ => Err(USAGE.into()),
    };
    if let Err(failure) = result {
        eprintln!("keyward-bench: {failure}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// How long and how hard to measure.
struct Settings {
    rounds: usize,
    seconds: u64,
    connections: usize,
    /// How the names of the measured cases begin.
    case: String,
    /// OpenBao's program; without it there is no peer.
    bao: Option<PathBuf>,
}

fn settings(words: &[&str]) -> Result<Settings, Failure> {
    let number = |at: usize, default: usize| -> Result<usize, Failure> {
        words.get(at).map_or(Ok(default), |word| word.parse().map_err(|_| USAGE.into()))
    };
    Ok(Settings {
        rounds: number(0, 5)?,
        seconds: number(1, 2)? as u64,
        connections: number(2, 16)?,
        case: words.get(3).map_or_else(String::new, |word| (*word).to_owned()),
        bao: bao()?,
    })
}

fn bao() -> Result<Option<PathBuf>, Failure> {
    if let Some(named) = std::env::var_os("BAO") {
        return Ok(Some(named.into()));
    }
    let installed = std::env::current_exe()?.with_file_name(INSTALLED_BAO);
    if installed.exists() {
        return Ok(Some(installed));
    }
    eprintln!("OpenBao is not there (see BAO in the usage): measuring without it");
    Ok(None)
}

fn amounts(words: &[&str]) -> Result<memory::Amounts, Failure> {
    let number = |at: usize, default: u64| -> Result<u64, Failure> {
        words.get(at).map_or(Ok(default), |word| word.parse().map_err(|_| USAGE.into()))
    };
    Ok(memory::Amounts { keys: number(0, 100_000)?, requests: number(1, 1_000_000)? })
}

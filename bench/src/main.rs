//! Benchmarks: Keyward beside a peer in the same run, interleaved, as good answers per CPU second.
//!
//! `cargo build --release && cargo run --release -p keyward-bench -- kms`
//!
//! The figure that holds on a noisy machine is the rate per CPU second of all processes of the subject
//! (API and vault); subject and peer take turns, every answer is checked. Deliberately absent: any
//! judgement; the goals are in `docs/performance.md`.

mod cpu;
mod kms;
mod load;
mod peer;
mod report;
mod server;
mod sign;

use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "usage: keyward-bench kms [ROUNDS [SECONDS [CONNECTIONS]]]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["kms", rest @ ..] => settings(rest).and_then(|settings| kms::run(&settings)),
        ["peer", address] => peer::serve(address),
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
}

fn settings(words: &[&str]) -> Result<Settings, Failure> {
    let number = |at: usize, default: usize| -> Result<usize, Failure> {
        words.get(at).map_or(Ok(default), |word| word.parse().map_err(|_| USAGE.into()))
    };
    Ok(Settings { rounds: number(0, 5)?, seconds: number(1, 2)? as u64, connections: number(2, 16)? })
}

//! Development tasks: `cargo xtask test | tidy | deny | models | coverage`.
//!
//! Deliberately absent: anything that the product needs at run time.

mod clients;
mod coverage;
mod deny;
mod failure;
mod metadata;
mod models;
mod process;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

use crate::failure::Failure;

const USAGE: &str = "usage: cargo xtask <task>

  test [--unit | --e2e] [-- ARGS]   installs what the tests need, then runs them all
  tidy                              checks the house rules that no compiler checks
  deny                              checks licences, sources and duplicates of dependencies
  models                            extracts models/*.json from the botocore release that served.toml pins
  coverage                          writes docs/coverage.md, and docs/coverage/ from what the tests showed when they ran";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Failure> {
    let (task, rest) = words.split_first().ok_or_else(|| Failure::new(USAGE))?;
    match task.as_str() {
        "test" => test::run(rest),
        "tidy" => tidy::run(),
        "deny" => deny::run(),
        "models" => models::run(),
        "coverage" => coverage::run(),
        other => Err(Failure::new(format!("unknown task '{other}'\n{USAGE}"))),
    }
}

//! One HSM alone, without the house around it: `keyward hsm` of the main binary does the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyward_hsm::server::main(std::env::args_os().skip(1))
}

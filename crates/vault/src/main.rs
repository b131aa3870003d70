//! The vault alone, without the house around it: `keyward vault` of the main binary does the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyward_vault::server::main(std::env::args_os().skip(1))
}

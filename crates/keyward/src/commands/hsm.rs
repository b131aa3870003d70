//! `keyward hsm`: the process of one HSM, started by `serve`.

use std::process::ExitCode;

use crate::cli::HsmArgs;
use crate::refusal::Refusal;

/// Becomes an HSM. Its log goes to stderr, as `serve`'s does.
pub(crate) fn run(arguments: HsmArgs) -> Result<(), Refusal> {
    crate::log::start();
    if keyward_hsm::server::main(arguments.arguments) == ExitCode::SUCCESS {
        Ok(())
    } else {
        // The HSM has said why in its own words.
        std::process::exit(1)
    }
}

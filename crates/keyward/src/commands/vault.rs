//! `keyward vault`: the vault's process, started by `serve`.

use std::process::ExitCode;

use crate::cli::VaultArgs;
use crate::refusal::Refusal;

/// Becomes the vault. Its log goes to stderr, as `serve`'s does.
pub(crate) fn run(arguments: VaultArgs) -> Result<(), Refusal> {
    crate::log::start();
    if keyward_vault::server::main(arguments.arguments) == ExitCode::SUCCESS {
        Ok(())
    } else {
        // The vault has said why in its own words.
        std::process::exit(1)
    }
}

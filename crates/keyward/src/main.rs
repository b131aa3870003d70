//! The `keyward` binary: command line, configuration, wiring.
//!
//! Deliberately absent: what any API operation means, and every decision of DNS.

mod admin;
mod cli;
mod cloudhsm;
mod commands;
mod config;
mod folder;
mod house;
mod http;
mod log;
mod refusal;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{AccountCommand, Cli, Command};
use crate::refusal::Refusal;

/// A request makes about a hundred small allocations, which cost a fifth less with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("keyward: {refusal}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Refusal> {
    match command {
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::Env(folder) => commands::env::run(&folder.data_dir),
        Command::Account(AccountCommand::Create { name, folder }) => {
            commands::account::create(&folder.data_dir, name)
        }
        Command::Account(AccountCommand::List { folder }) => commands::account::list(&folder.data_dir),
        Command::Cloudhsm(arguments) => cloudhsm::client::run(arguments),
        Command::Hsm(arguments) => commands::hsm::run(arguments),
        Command::Vault(arguments) => commands::vault::run(arguments),
    }
}

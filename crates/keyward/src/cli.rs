//! The command line. Scripts depend on it: names and defaults stay.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cloudhsm::words::Words;

/// A self-hosted key-management service and DNSSEC authority that speaks the AWS APIs.
#[derive(Debug, Parser)]
#[command(name = "keyward", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts Keyward and serves until SIGTERM or Ctrl-C.
    Serve(ServeArgs),
    /// Prints `export` lines (endpoint, keys, region) for `eval "$(keyward env)"`.
    Env(FolderArgs),
    /// Makes and lists accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manages the users and keys of a CloudHSM cluster, in the words of AWS's CloudHSM CLI.
    Cloudhsm(CloudhsmArgs),
    /// The process of one HSM; `serve` starts it by itself.
    #[command(hide = true)]
    Hsm(HsmArgs),
    /// The vault process; `serve` starts it by itself.
    #[command(hide = true)]
    Vault(VaultArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where everything is kept [default: ./keyward-data]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of the API; port 0 takes a free one [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// Address of the name server; port 0 takes a free one [default: 127.0.0.1:5300]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) dns_listen: Option<String>,
    /// Id of the first account, twelve digits [default: random]
    #[arg(long, value_name = "NNNNNNNNNNNN")]
    pub(crate) account_id: Option<String>,
    /// Configuration file [default: keyward.toml, when it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Keeps everything in a temporary folder that goes with the process
    #[arg(long)]
    pub(crate) ephemeral: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FolderArgs {
    /// The data folder of `keyward serve`
    #[arg(long, value_name = "FOLDER", default_value = "./keyward-data")]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Makes an account and prints its root access key.
    Create {
        /// What the account is called
        #[arg(long)]
        name: String,
        #[command(flatten)]
        folder: FolderArgs,
    },
    /// Lists the accounts.
    List {
        #[command(flatten)]
        folder: FolderArgs,
    },
}

/// Who logs in comes from CLOUDHSM_ROLE (admin or crypto-user) and CLOUDHSM_PIN (user:password).
#[derive(Debug, Args)]
pub(crate) struct CloudhsmArgs {
    #[command(flatten)]
    pub(crate) folder: FolderArgs,
    /// The cluster
    #[arg(long, value_name = "cluster-…")]
    pub(crate) cluster_id: String,
    #[command(subcommand)]
    pub(crate) words: Words,
}

#[derive(Debug, Args)]
pub(crate) struct HsmArgs {
    /// The arguments that `serve` hands to an HSM.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct VaultArgs {
    /// The arguments that `serve` hands to its vault.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<std::ffi::OsString>,
}

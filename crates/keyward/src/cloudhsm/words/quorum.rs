//! `quorum token-sign …`: tokens that several users approve, and how many have to.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::cloudhsm::words::FileBytes;

/// `quorum …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QuorumWords {
    /// Quorums by signatures over tokens.
    #[command(subcommand)]
    TokenSign(TokenWords),
}

/// `quorum token-sign …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenWords {
    /// Makes a token for the users to approve, and writes it to a file.
    Generate {
        /// What the token is for: user, quorum or registration
        #[arg(long)]
        service: String,
        /// The file to make
        #[arg(long, value_name = "FILE")]
        token: PathBuf,
    },
    /// Lists the tokens that were not used yet.
    List,
    /// Lists how many approvals each service needs.
    ListQuorumValues,
    /// Sets how many approvals a service needs.
    SetQuorumValue {
        /// user or quorum
        #[arg(long)]
        service: String,
        /// 1 (none but one's own login) or 2 to 8
        #[arg(long)]
        value: u8,
        /// File of a signed quorum token
        #[arg(long, value_name = "FILE")]
        approval: Option<FileBytes>,
    },
    /// Deletes tokens.
    Delete {
        /// Whose
        #[arg(long)]
        scope: TokenScope,
    },
}

/// Whose tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenScope {
    /// The tokens of the user who is logged in.
    User,
    /// Every user's.
    All,
}

//! `user …`: the HSM's users.

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::cloudhsm::words::{FileBytes, Secret};

/// A role that can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RoleWord {
    /// Manages users and quorum values.
    Admin,
    /// Owns and uses keys.
    CryptoUser,
}

/// `user …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UserWords {
    /// Makes a user.
    Create {
        /// Up to 31 letters, digits and `_`, case does not matter
        #[arg(long)]
        username: String,
        /// The user's role
        #[arg(long)]
        role: RoleWord,
        /// 7 to 32 characters [default: asked for, hidden]
        #[arg(long)]
        password: Option<Secret>,
        /// File of a signed quorum token
        #[arg(long, value_name = "FILE")]
        approval: Option<FileBytes>,
    },
    /// Lists the users.
    List,
    /// Deletes a user, who must own no keys.
    Delete {
        /// The user's name
        #[arg(long)]
        username: String,
        /// The user's role
        #[arg(long)]
        role: RoleWord,
        /// File of a signed quorum token
        #[arg(long, value_name = "FILE")]
        approval: Option<FileBytes>,
    },
    /// Changes a password, and unlocks the user.
    ChangePassword {
        /// The user's name
        #[arg(long)]
        username: String,
        /// The user's role
        #[arg(long)]
        role: RoleWord,
        /// The new one, 7 to 32 characters [default: asked for, hidden]
        #[arg(long)]
        password: Option<Secret>,
        /// File of a signed quorum token
        #[arg(long, value_name = "FILE")]
        approval: Option<FileBytes>,
    },
    /// Changes how a user takes part in quorums.
    #[command(subcommand)]
    ChangeQuorum(QuorumStrategy),
}

/// `user change-quorum …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QuorumStrategy {
    /// Approving by signatures over tokens.
    #[command(subcommand)]
    TokenSign(TokenSignWords),
}

/// `user change-quorum token-sign …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenSignWords {
    /// Registers the public key with which the user who is logged in approves.
    Register {
        /// File of the public key, PEM
        #[arg(long, value_name = "FILE")]
        public_key: FileBytes,
        /// File of the registration token, signed with the private key
        #[arg(long, value_name = "FILE")]
        signed_token: FileBytes,
    },
}

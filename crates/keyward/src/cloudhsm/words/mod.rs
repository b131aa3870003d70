//! The words of `keyward cloudhsm`: AWS's CloudHSM CLI's own, as clap parses them and as they go to `serve`.
//!
//! Deliberately absent: what they do (`crate::cloudhsm::run`), and the attributes' names, which are the HSM's.

mod crypto;
mod file;
mod key;
mod quorum;
mod secret;
mod user;

use clap::{Parser, Subcommand};
use serde::{Deserialize, Serialize};

pub(crate) use crate::cloudhsm::words::crypto::{
    CryptoWords, HashFunction, MaskGeneration, SignatureMechanism,
};
pub(crate) use crate::cloudhsm::words::file::FileBytes;
pub(crate) use crate::cloudhsm::words::key::{
    GenerateWords, KeyTypeClass, KeyWords, NewKeyWords, PairCommon, PairWords, SymmetricWords,
    UnwrapMechanism, WrapMechanism,
};
pub(crate) use crate::cloudhsm::words::quorum::{QuorumWords, TokenScope, TokenWords};
pub(crate) use crate::cloudhsm::words::secret::Secret;
pub(crate) use crate::cloudhsm::words::user::{QuorumStrategy, RoleWord, TokenSignWords, UserWords};

/// One command.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Words {
    /// Activates the cluster and tells about its HSMs.
    #[command(subcommand)]
    Cluster(ClusterWords),
    /// Makes, lists, changes and deletes HSM users.
    #[command(subcommand)]
    User(UserWords),
    /// Makes, lists, changes, shares, wraps and deletes keys.
    #[command(subcommand)]
    Key(KeyWords),
    /// Quorum authentication: what needs the approval of several users.
    #[command(subcommand)]
    Quorum(QuorumWords),
    /// Signs and verifies.
    #[command(subcommand)]
    Crypto(CryptoWords),
    /// Logs in (in `interactive` only).
    Login {
        /// The user's name
        #[arg(long)]
        username: String,
        /// The user's role
        #[arg(long)]
        role: RoleWord,
        /// The password [default: asked for, hidden]
        #[arg(long)]
        password: Option<Secret>,
    },
    /// Logs out (in `interactive` only).
    Logout,
    /// Reads commands until `quit`; a login holds until `logout` or the end.
    Interactive,
    /// Ends `interactive`.
    #[command(hide = true, alias = "exit")]
    Quit,
}

/// One line of `interactive`.
#[derive(Debug, Parser)]
#[command(name = "keyward-cloudhsm", no_binary_name = true, max_term_width = 100)]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) words: Words,
}

/// `cluster …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClusterWords {
    /// Sets the first admin's password, which makes an initialized cluster ACTIVE.
    Activate {
        /// The new password, 7 to 32 characters [default: asked for, hidden]
        #[arg(long)]
        password: Option<Secret>,
    },
    /// Tells about each HSM.
    HsmInfo,
}

impl Words {
    /// The password that has to be asked for, when it was not given, and whether it is a new one (asked for
    /// twice).
    pub(crate) fn missing_password(&mut self) -> Option<(&mut Option<Secret>, bool)> {
        let (password, is_new) = match self {
            Self::Cluster(ClusterWords::Activate { password }) => (password, true),
            Self::User(UserWords::Create { password, .. } | UserWords::ChangePassword { password, .. }) => {
                (password, true)
            }
            Self::Login { password, .. } => (password, false),
            _ => return None,
        };
        password.is_none().then_some((password, is_new))
    }

    /// Whether somebody has to be logged in. AWS lets anyone list users and quorum values.
    pub(crate) fn needs_login(&self) -> bool {
        !matches!(
            self,
            Self::Cluster(_)
                | Self::User(UserWords::List)
                | Self::Quorum(QuorumWords::TokenSign(TokenWords::ListQuorumValues))
                | Self::Login { .. }
                | Self::Logout
                | Self::Interactive
                | Self::Quit
        )
    }

    /// Where the answer's file goes, for words that make one.
    pub(crate) fn output_path(&self) -> Option<&std::path::Path> {
        match self {
            Self::Key(KeyWords::Wrap(mechanism)) => mechanism.common().path.as_deref(),
            Self::Key(KeyWords::GenerateFile { path, .. }) => Some(path),
            Self::Quorum(QuorumWords::TokenSign(TokenWords::Generate { token, .. })) => Some(token),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! What goes over the operator's socket.

use serde::{Deserialize, Serialize};

use crate::cloudhsm::Outcome;
use crate::cloudhsm::words::Words;

/// What an operator asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Question {
    /// Make an account.
    AccountCreate {
        /// What it is called.
        name: String,
    },
    /// List the accounts.
    AccountList,
    /// A command of the CloudHSM command line.
    Cloudhsm {
        /// The cluster that it is for.
        cluster_id: String,
        /// The command.
        words: Words,
    },
}

/// What `serve` answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// The account that was made, with its root access key.
    AccountCreated { account: AccountView, access_key_id: String, secret_access_key: String },
    /// The accounts, oldest first.
    Accounts(Vec<AccountView>),
    /// What came of a CloudHSM command.
    Cloudhsm(Outcome),
    /// It could not be done; nothing was changed.
    Refused(String),
}

/// An account as an operator sees it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: String,
}

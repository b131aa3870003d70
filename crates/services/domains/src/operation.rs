//! The registrar's operations: what was asked for, and how far it is. Pure.
//!
//! ```text
//! SUBMITTED --the duty takes it up--> IN_PROGRESS --every name server serves it--> SUCCESSFUL
//!     \________________________________\--the registry refuses-------------------> FAILED
//! ```

use std::fmt;

use keyward_base::{AccountId, Random, Timestamp};
use keyward_schema::route53domains::{OperationStatus, OperationSummary, OperationType};
use serde::{Deserialize, Serialize};

use crate::domain::Effect;
use crate::name::DomainName;

/// An operation's id, a UUID.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct OperationId(String);

impl OperationId {
    /// A fresh id.
    pub(crate) fn random(random: &dyn Random) -> Self {
        Self(random.uuid())
    }

    /// Reads an id; `None` when no such id can exist.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// Its text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Written down.
    Submitted,
    /// Taken up by the duty.
    InProgress,
    /// Done and served.
    Successful,
    /// Refused, for this reason.
    Failed(String),
}

/// An operation as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Its id.
    pub(crate) id: OperationId,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// The domain that it changes.
    pub(crate) domain: DomainName,
    /// How it changes it.
    pub(crate) effect: Effect,
    /// How far it is.
    pub(crate) stage: Stage,
    /// When it was asked for.
    pub(crate) submitted: Timestamp,
    /// When it last got further.
    pub(crate) updated: Timestamp,
}

impl Operation {
    /// The operation, further at `now`.
    pub(crate) fn further(mut self, stage: Stage, now: Timestamp) -> Self {
        self.stage = stage;
        self.updated = now;
        self
    }

    /// Whether it is under way.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Submitted | Stage::InProgress)
    }

    /// The API's type of it.
    pub(crate) fn kind(&self) -> OperationType {
        match self.effect {
            Effect::Register(_) => OperationType::RegisterDomain,
            Effect::SetNameServers(_) => OperationType::UpdateNameserver,
            Effect::AddKey(_) => OperationType::AddDnssec,
            Effect::RemoveKey(_) => OperationType::RemoveDnssec,
        }
    }

    /// The API's status of it.
    pub(crate) fn status(&self) -> OperationStatus {
        match self.stage {
            Stage::Submitted => OperationStatus::Submitted,
            Stage::InProgress => OperationStatus::InProgress,
            Stage::Successful => OperationStatus::Successful,
            Stage::Failed(_) => OperationStatus::Failed,
        }
    }

    /// Why it failed.
    pub(crate) fn message(&self) -> Option<String> {
        if let Stage::Failed(why) = &self.stage { Some(why.clone()) } else { None }
    }

    /// It as lists show it.
    pub(crate) fn summary(&self) -> OperationSummary {
        OperationSummary {
            operation_id: Some(self.id.to_string()),
            status: Some(self.status()),
            r#type: Some(self.kind()),
            submitted_date: Some(self.submitted),
            domain_name: Some(self.domain.to_string()),
            message: self.message(),
            status_flag: None,
            last_updated_date: Some(self.updated),
        }
    }
}

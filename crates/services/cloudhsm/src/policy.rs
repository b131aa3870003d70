//! Resource policies of backups: what another account may do with one.

use std::sync::Arc;

use keyward_base::Fault;
use keyward_gate::Judge;
use keyward_policy::{Flavour, Policy};

use crate::backup::BackupRecord;
use crate::fault;

/// Reads a policy that a request gives.
pub(crate) fn parse(text: &str) -> Result<Policy, Fault> {
    Policy::parse(text, Flavour::Resource)
        .map_err(|error| fault::invalid(format!("The resource policy is not valid: {}", error.message())))
}

/// Which policies decide about a backup.
pub(crate) fn judge(backup: &BackupRecord) -> Result<Judge, Fault> {
    match &backup.policy {
        None => Ok(Judge::Identity),
        // It was read once already before it was stored.
        Some(text) => Ok(Judge::ResourcePolicy(Arc::new(
            Policy::parse(text, Flavour::Resource).map_err(fault::internal)?,
        ))),
    }
}

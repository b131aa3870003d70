//! The HSMs of this node: this same binary, under its own subcommand, a process each.

use std::sync::Arc;

use keyward_cloudhsm::{Hsms, HsmsError};
use keyward_hsm::{Fleet, FleetConfig, HsmClient, HsmId, Pkcs11Settings, Tokens};
use keyward_store::BoxFuture;

use crate::folder::DataFolder;
use crate::refusal::Refusal;

/// The fleet, for the service that says which HSMs there are to be.
pub(super) struct Processes(pub(super) Arc<Fleet>);

/// A fleet in the data folder, none of which runs yet.
pub(super) fn fleet(folder: &DataFolder, module: Option<&Pkcs11Settings>) -> Result<Arc<Fleet>, Refusal> {
    let program = std::env::current_exe()
        .map_err(|error| Refusal::new(format!("cannot find my own program: {error}")))?;
    Ok(Fleet::new(FleetConfig {
        program,
        arguments: vec!["hsm".into()],
        folder: folder.file("hsms"),
        tokens: module.map_or_else(Tokens::software, Tokens::pkcs11),
    }))
}

impl Hsms for Processes {
    fn start<'a>(&'a self, hsm: &'a HsmId) -> BoxFuture<'a, Result<HsmClient, HsmsError>> {
        Box::pin(async move { Ok(self.0.start(hsm).await?) })
    }

    fn destroy<'a>(&'a self, hsm: &'a HsmId) -> BoxFuture<'a, Result<(), HsmsError>> {
        Box::pin(async move { Ok(self.0.destroy(hsm).await?) })
    }
}

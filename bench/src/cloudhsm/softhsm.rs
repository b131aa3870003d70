//! A folder with SoftHSM tokens.

use keyward_hsm::{Pkcs11Settings, Tokens};
use tempfile::TempDir;

use crate::Failure;
use crate::cloudhsm::module;

/// Tokens that go when this does.
pub(crate) struct Place {
    folder: TempDir,
    settings: Pkcs11Settings,
}

impl Place {
    /// `None` when SoftHSM is not installed.
    pub(crate) fn new() -> Result<Option<Self>, Failure> {
        let Some(module) = module() else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let tokens = folder.path().join("tokens");
        std::fs::create_dir(&tokens)?;
        let file = folder.path().join("softhsm2.conf");
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        std::fs::write(&file, text)?;
        let environment = [("SOFTHSM2_CONF".to_owned(), file.to_string_lossy().into_owned())].into();
        let settings = Pkcs11Settings {
            module,
            tokens: vec![],
            environment,
            readable: vec![],
            writable: vec![tokens],
            devices: vec![],
            network: false,
        };
        Ok(Some(Self { folder, settings }))
    }

    /// What a fleet is told.
    pub(crate) fn tokens(&self) -> Tokens {
        debug_assert!(self.folder.path().exists());
        Tokens::pkcs11(&self.settings)
    }
}

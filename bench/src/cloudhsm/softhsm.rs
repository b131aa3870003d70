//! A folder with SoftHSM tokens.

use std::path::Path;

use tempfile::TempDir;

use crate::Failure;

/// Where SoftHSM's module is, if it is installed.
const MODULES: [&str; 2] = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"];

/// Tokens that go when this does.
pub(crate) struct Place {
    folder: TempDir,
    module: &'static str,
}

impl Place {
    /// `None` when SoftHSM is not installed.
    pub(crate) fn new() -> Result<Option<Self>, Failure> {
        let Some(module) = MODULES.into_iter().find(|path| Path::new(path).exists()) else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let tokens = folder.path().join("tokens");
        std::fs::create_dir(&tokens)?;
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        std::fs::write(folder.path().join("softhsm2.conf"), text)?;
        Ok(Some(Self { folder, module }))
    }

    /// What `keyward.toml` says for it.
    pub(crate) fn configuration(&self) -> String {
        let (module, folder) = (self.module, self.folder.path().display());
        format!(
            "[cloudhsm]\nhsm = 'pkcs11'\n[cloudhsm.pkcs11]\nmodule = '{module}'\n\
             environment = {{ SOFTHSM2_CONF = '{folder}/softhsm2.conf' }}\nwritable = ['{folder}/tokens']\n"
        )
    }
}

//! The module: a shared library of somebody else's, loaded into this process.

use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use crate::token::pkcs11::trouble::Failure;

/// Loads and initialises it, for many threads. It stays for as long as the process.
pub(crate) fn load(path: &Path) -> Result<Pkcs11, Failure> {
    let module = Pkcs11::new(path)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(module),
        Err(error) => Err(error.into()),
    }
}

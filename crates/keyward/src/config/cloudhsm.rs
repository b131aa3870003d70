//! Where the keys of CloudHSM's HSMs live.

use keyward_hsm::Pkcs11Settings;

use crate::config::file::CloudHsmFile;
use crate::refusal::Refusal;

pub(crate) fn module(file: CloudHsmFile) -> Result<Option<Pkcs11Settings>, Refusal> {
    match (file.hsm.as_deref().unwrap_or("software"), file.pkcs11) {
        ("software", _) => Ok(None),
        ("pkcs11", Some(settings)) => {
            settings.check().map_err(|error| Refusal::new(format!("cloudhsm.pkcs11: {error}")))?;
            Ok(Some(settings))
        }
        ("pkcs11", None) => Err(Refusal::new(
            "cloudhsm.hsm is 'pkcs11' but [cloudhsm.pkcs11] names no module; write for example \
             module = '/usr/lib/softhsm/libsofthsm2.so'",
        )),
        (other, _) => {
            Err(Refusal::new(format!("cloudhsm.hsm: '{other}' is neither 'software' nor 'pkcs11'")))
        }
    }
}

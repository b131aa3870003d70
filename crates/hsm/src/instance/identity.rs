//! Who an HSM is: its serial number, its hardware key, and the fleet's key. Made at the enrolment, sealed in its folder.

use std::sync::{OnceLock, PoisonError, RwLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use keyward_boundary::bytes::Octets;
use keyward_boundary::seal::{Folder, SealError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::api::ids::HsmSerial;

const FILE: &str = "identity.sealed";
const FLEET_FILE: &str = "fleet.sealed";

/// The key that all HSMs of a fleet share: what backups are made under.
pub(crate) type FleetKey = Zeroizing<[u8; 32]>;

/// One HSM's identity.
pub(crate) struct Identity {
    pub(crate) serial: HsmSerial,
    /// PKCS#8; made at the first use by an HSM that has no folder.
    hardware: OnceLock<Zeroizing<Vec<u8>>>,
    fleet: RwLock<Option<FleetKey>>,
    folder: Option<Folder>,
}

#[derive(Serialize, Deserialize)]
enum Stored {
    V1 { serial: u64, hardware: Octets },
}

#[derive(Serialize, Deserialize)]
enum StoredFleet {
    V1(Octets),
}

impl Identity {
    /// Whether a folder holds an identity.
    pub(crate) fn exists(folder: &Folder) -> bool {
        folder.holds(FILE)
    }

    /// Makes an identity in a folder. Takes as long as an RSA 2048 key.
    pub(crate) fn make(folder: &Folder) -> Result<(), String> {
        let failed = |_| "making keys failed inside the cryptographic library".to_owned();
        let hardware = hardware_key().map_err(failed)?;
        let stored = Stored::V1 { serial: serial(), hardware: hardware.to_vec().into() };
        let plain =
            Zeroizing::new(postcard::to_extend(&stored, Vec::with_capacity(4096)).unwrap_or_default());
        folder.write(FILE, &plain).map_err(|error| error.to_string())
    }

    /// The identity of a folder.
    pub(crate) fn read(folder: Folder) -> Result<Self, SealError> {
        let damaged = |file| SealError::Damaged(folder.path_of(file));
        let plain = folder.read(FILE)?;
        let Stored::V1 { serial, hardware } = postcard::from_bytes(&plain).map_err(|_| damaged(FILE))?;
        let mut fleet = None;
        if folder.holds(FLEET_FILE) {
            let plain = folder.read(FLEET_FILE)?;
            let StoredFleet::V1(key) = postcard::from_bytes(&plain).map_err(|_| damaged(FLEET_FILE))?;
            let key = <[u8; 32]>::try_from(key.0.as_slice()).map_err(|_| damaged(FLEET_FILE))?;
            fleet = Some(Zeroizing::new(key));
        }
        let hardware = OnceLock::from(hardware.0);
        Ok(Self { serial: HsmSerial(serial), hardware, fleet: RwLock::new(fleet), folder: Some(folder) })
    }

    /// One that is gone with its process.
    #[cfg(any(test, feature = "test-hsm", feature = "fuzz"))]
    pub(crate) fn ephemeral() -> Self {
        let serial = HsmSerial(serial());
        Self { serial, hardware: OnceLock::new(), fleet: RwLock::default(), folder: None }
    }

    /// The fleet's key.
    pub(crate) fn fleet_key(&self) -> Result<FleetKey, HsmError> {
        let fleet = self.fleet.read().unwrap_or_else(PoisonError::into_inner);
        fleet.clone().ok_or_else(|| HsmError::Invalid("the HSM has no fleet key yet".to_owned()))
    }

    /// Takes the fleet's key, once; the same one again changes nothing.
    pub(crate) fn join_fleet(&self, key: &[u8; 32]) -> Result<(), HsmError> {
        let mut fleet = self.fleet.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(present) = fleet.as_ref() {
            let same = aws_lc_rs::constant_time::verify_slices_are_equal(&**present, key).is_ok();
            return if same { Ok(()) } else { Err(HsmError::NotPermitted) };
        }
        if let Some(folder) = &self.folder {
            let stored = StoredFleet::V1(key.to_vec().into());
            let plain =
                Zeroizing::new(postcard::to_extend(&stored, Vec::with_capacity(64)).unwrap_or_default());
            folder.write(FLEET_FILE, &plain).map_err(|error| HsmError::Internal(error.to_string()))?;
        }
        *fleet = Some(Zeroizing::new(*key));
        Ok(())
    }

    /// The hardware key's public half, SPKI DER.
    pub(crate) fn hardware_spki(&self) -> Result<Vec<u8>, HsmError> {
        let pair = self.hardware()?;
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| failed())?;
        Ok(spki.as_ref().to_vec())
    }

    /// A signature by the hardware key: RSA PKCS#1 v1.5 with SHA-256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HsmError> {
        let pair = self.hardware()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map(|()| signature).map_err(|_| failed())
    }

    fn hardware(&self) -> Result<KeyPair, HsmError> {
        let made = match self.hardware.get() {
            Some(made) => made,
            None => {
                let made = hardware_key().map_err(|_| failed())?;
                self.hardware.get_or_init(|| made)
            }
        };
        KeyPair::from_pkcs8(made).map_err(|_| failed())
    }
}

fn hardware_key() -> Result<Zeroizing<Vec<u8>>, aws_lc_rs::error::Unspecified> {
    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der()?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

fn serial() -> u64 {
    let mut bytes = [0; 8];
    // aws-lc aborts rather than fail once seeded; a serial of zeros would be one more number.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

fn failed() -> HsmError {
    HsmError::Internal("the hardware key can not be used".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_stays_what_it_was() {
        let place = tempfile::tempdir().unwrap();
        let folder = || Folder::create(place.path()).unwrap();
        assert!(!Identity::exists(&folder()));
        Identity::make(&folder()).unwrap();
        let first = Identity::read(folder()).unwrap();
        assert!(first.fleet_key().is_err());
        first.join_fleet(&[7; 32]).unwrap();
        first.join_fleet(&[7; 32]).unwrap();
        assert_eq!(first.join_fleet(&[8; 32]), Err(HsmError::NotPermitted));
        let second = Identity::read(folder()).unwrap();
        assert_eq!(first.serial, second.serial);
        assert_eq!(first.hardware_spki(), second.hardware_spki());
        assert_eq!(*second.fleet_key().unwrap(), [7; 32]);
    }
}

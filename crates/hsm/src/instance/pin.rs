//! PINs as they rest: Argon2id, a salt each.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::error::HsmError;
use crate::api::password::Password;
use crate::token::Token;

/// OWASP's first recommendation for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A PIN's hash with all that verifying takes, so that the cost may rise later.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PinHash {
    salt: [u8; 16],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    hash: [u8; 32],
}

impl PinHash {
    /// Hashes a new PIN.
    pub(crate) fn make(token: &dyn Token, pin: &Password) -> Result<Self, HsmError> {
        let mut salt = [0; 16];
        token.random(&mut salt)?;
        let mut made = Self { salt, memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, hash: [0; 32] };
        made.hash = *made.compute(pin)?;
        Ok(made)
    }

    /// Whether this is the PIN. Takes as long for a wrong one.
    pub(crate) fn verify(&self, pin: &Password) -> Result<bool, HsmError> {
        let computed = self.compute(pin)?;
        Ok(aws_lc_rs::constant_time::verify_slices_are_equal(&*computed, &self.hash).is_ok())
    }

    fn compute(&self, pin: &Password) -> Result<Zeroizing<[u8; 32]>, HsmError> {
        let failed = |_| HsmError::Internal("Argon2 refused its parameters".to_owned());
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(failed)?;
        let mut out = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(pin.expose().as_bytes(), &self.salt, &mut *out)
            .map_err(failed)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::software::SoftwareToken;

    #[test]
    fn a_pin_is_recognized_and_two_hashes_of_it_differ() {
        let token = SoftwareToken::ephemeral();
        let pin = Password::new("password1").unwrap();
        let (one, two) = (PinHash::make(&token, &pin).unwrap(), PinHash::make(&token, &pin).unwrap());
        assert!(one != two);
        assert!(one.verify(&pin).unwrap() && two.verify(&pin).unwrap());
        assert!(!one.verify(&Password::new("password2").unwrap()).unwrap());
    }
}

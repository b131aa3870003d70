//! Slots and tokens: which one is ours, and making a free one ours.
//!
//! Slot numbers mean nothing for long (SoftHSM's change when a token is initialised), so that a token is known by
//! its label and serial number.

use cryptoki::context::Pkcs11;
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use serde::{Deserialize, Serialize};

use crate::token::pkcs11::trouble::{Failure, Trouble};

/// What a token is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenName {
    /// `CK_TOKEN_INFO.label`, without padding.
    pub(crate) label: String,
    /// `CK_TOKEN_INFO.serialNumber`, once it is known: it changes when a token is initialised.
    pub(crate) serial: Option<String>,
}

/// The slot in which the token is now.
pub(crate) fn find(module: &Pkcs11, name: &TokenName) -> Result<Slot, Failure> {
    let mut found = None;
    for slot in module.get_slots_with_token()? {
        // A slot that cannot say what it holds is not ours.
        let Ok(info) = module.get_token_info(slot) else { continue };
        let serial_fits = name.serial.as_deref().is_none_or(|serial| serial == info.serial_number());
        if !info.token_initialized() || info.label() != name.label || !serial_fits {
            continue;
        }
        if found.replace(slot).is_some() {
            return Err(Failure::new(Trouble::Other, format!("two tokens have the label '{}'", name.label)));
        }
    }
    found.ok_or_else(|| {
        let serial = name.serial.as_ref().map(|serial| format!(" and the serial number {serial}"));
        Failure::new(
            Trouble::DeviceGone,
            format!(
                "no token with the label '{}'{}: is the module configured as it was, and the token in its place? If it is gone for \
                 good, delete the HSM and create another",
                name.label,
                serial.unwrap_or_default()
            ),
        )
    })
}

/// A slot whose token nobody has initialised.
pub(crate) fn find_free(module: &Pkcs11) -> Result<Slot, Failure> {
    let is_free = |slot: &Slot| module.get_token_info(*slot).is_ok_and(|info| !info.token_initialized());
    module.get_slots_with_token()?.into_iter().find(is_free).ok_or_else(|| {
        Failure::new(Trouble::Full, "the module has no slot with a token that is not initialised yet")
    })
}

/// Makes a free token ours: initialises it under this label, with a user PIN. What was cut off half-way is finished: with the
/// same label and PINs this may be done again.
pub(crate) fn initialize(
    module: &Pkcs11,
    label: &str,
    officer: &AuthPin,
    user: &AuthPin,
) -> Result<TokenName, Failure> {
    let name = TokenName { label: label.to_owned(), serial: None };
    let (slot, is_ready) = match find(module, &name) {
        Ok(slot) => (slot, module.get_token_info(slot)?.user_pin_initialized()),
        Err(_) => (find_free(module)?, false),
    };
    if !is_ready {
        // Also one that has our label already: SoftHSM sets the security officer's PIN later than the label.
        module.init_token(slot, officer, label)?;
        let session = module.open_rw_session(slot)?;
        session.login(UserType::So, Some(officer))?;
        session.init_pin(user)?;
        session.logout()?;
    }
    let serial = module.get_token_info(slot)?.serial_number().to_owned();
    Ok(TokenName { serial: Some(serial), ..name })
}

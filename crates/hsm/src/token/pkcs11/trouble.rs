//! What a module's return codes mean for us, and who is at fault.
//!
//! The standard's codes are finer than what a caller can act on, and modules use them loosely: SoftHSM 2 answers
//! `CKR_GENERAL_ERROR` to a ciphertext that is not authentic. So a code is read together with the function
//! that gave it.

use std::fmt;

use cryptoki::context::Function;
use cryptoki::error::{Error, RvError};

/// Why the module did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The sessions are gone (the token was taken out, the device restarted): open new ones, try again.
    SessionsLost,
    /// The object is not there (any more).
    ObjectGone,
    /// The key may not be used in this way.
    NotPermitted,
    /// The data is not what was made under this key, or was changed.
    NotAuthentic,
    /// Most likely the data is not authentic, but the module did not say so: ask it something that must work first.
    PerhapsNotAuthentic,
    /// The data is of a length or form that this mechanism does not take.
    BadData,
    /// The data is longer than the mechanism or the token takes.
    TooLong,
    /// The module has no such mechanism, curve or key size.
    Unsupported,
    /// No room for another object.
    Full,
    /// All sessions are in use.
    Busy,
    /// The PIN is wrong, locked or expired: an operator has to act.
    Pin,
    /// The token is not there, or the device failed.
    DeviceGone,
    /// Anything else.
    Other,
}

/// A trouble with the module's own code, for the log.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) trouble: Trouble,
    pub(crate) cause: String,
}

impl Failure {
    pub(crate) fn new(trouble: Trouble, cause: impl Into<String>) -> Self {
        Self { trouble, cause: cause.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { trouble: trouble(&error), cause: named(&error) }
    }
}

/// The function and the code, without the standard's paragraph about it.
fn named(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("C_{function:?}: {code:?}"),
        other => other.to_string(),
    }
}

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Pkcs11(code, function) => of_code(code).unwrap_or_else(|| of_function(*function)),
        Error::NotSupported | Error::NullFunctionPointer => Trouble::Unsupported,
        _ => Trouble::Other,
    }
}

/// The codes that mean one thing wherever they come from.
fn of_code(code: &RvError) -> Option<Trouble> {
    Some(match code {
        RvError::SessionHandleInvalid | RvError::SessionClosed | RvError::UserNotLoggedIn => {
            Trouble::SessionsLost
        }
        RvError::DeviceRemoved
        | RvError::DeviceError
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid
        | RvError::CryptokiNotInitialized => Trouble::DeviceGone,
        RvError::ObjectHandleInvalid
        | RvError::KeyHandleInvalid
        | RvError::WrappingKeyHandleInvalid
        | RvError::UnwrappingKeyHandleInvalid => Trouble::ObjectGone,
        RvError::KeyFunctionNotPermitted
        | RvError::KeyNotWrappable
        | RvError::KeyUnextractable
        | RvError::ActionProhibited
        | RvError::AttributeReadOnly
        | RvError::AttributeSensitive => Trouble::NotPermitted,
        RvError::EncryptedDataInvalid | RvError::SignatureInvalid | RvError::WrappedKeyInvalid => {
            Trouble::NotAuthentic
        }
        RvError::DataInvalid
        | RvError::DataLenRange
        | RvError::EncryptedDataLenRange
        | RvError::SignatureLenRange
        | RvError::WrappedKeyLenRange => Trouble::BadData,
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::FunctionNotSupported
        | RvError::CurveNotSupported
        | RvError::KeySizeRange
        | RvError::KeyTypeInconsistent
        | RvError::DomainParamsInvalid => Trouble::Unsupported,
        RvError::DeviceMemory => Trouble::Full,
        RvError::SessionCount => Trouble::Busy,
        RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::PinExpired
        | RvError::PinLocked
        | RvError::UserPinNotInitialized => Trouble::Pin,
        _ => return None,
    })
}

/// The codes that say nothing (`CKR_GENERAL_ERROR`, `CKR_FUNCTION_FAILED`, vendors' own): what most likely failed.
fn of_function(function: Function) -> Trouble {
    match function {
        Function::Decrypt | Function::UnwrapKey | Function::Verify => Trouble::PerhapsNotAuthentic,
        _ => Trouble::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: RvError, function: Function) -> Failure {
        Failure::from(Error::Pkcs11(code, function))
    }

    #[test]
    fn a_lost_session_is_told_from_a_lost_device() {
        assert_eq!(failure(RvError::SessionHandleInvalid, Function::Sign).trouble, Trouble::SessionsLost);
        assert_eq!(failure(RvError::DeviceRemoved, Function::Sign).trouble, Trouble::DeviceGone);
    }

    #[test]
    fn a_code_that_says_nothing_is_read_with_its_function() {
        assert_eq!(failure(RvError::GeneralError, Function::Decrypt).trouble, Trouble::PerhapsNotAuthentic);
        assert_eq!(failure(RvError::GeneralError, Function::Encrypt).trouble, Trouble::Other);
        assert_eq!(failure(RvError::VendorDefined(0x8000_0001), Function::Login).trouble, Trouble::Other);
    }

    #[test]
    fn the_log_names_function_and_code() {
        let failure = failure(RvError::PinLocked, Function::Login);
        assert_eq!((failure.trouble, failure.to_string().as_str()), (Trouble::Pin, "C_Login: PinLocked"));
    }
}

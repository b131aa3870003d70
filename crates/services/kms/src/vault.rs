//! The vault's errors as the API's. The client has asked once more already when the vault went away.

use keyward_base::Fault;
use keyward_vault::{Refusal, VaultError};

use crate::fault;

/// What the caller is told about `error`.
pub(crate) fn as_fault(error: VaultError) -> Fault {
    match error {
        VaultError::InvalidCiphertext => fault::invalid_ciphertext(),
        VaultError::InvalidSignature => Fault::caller_without_message("KMSInvalidSignatureException"),
        // AWS gives no reason here.
        VaultError::InvalidPublicKey => Fault::caller_without_message("ValidationException"),
        VaultError::InvalidMac => Fault::caller_without_message("KMSInvalidMacException"),
        VaultError::Refused(Refusal::Unsupported) => fault::unsupported("The vault does not serve this."),
        VaultError::Busy => Fault::dependency(
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        VaultError::Lost => Fault::dependency(
            "KMSInternalException",
            "The request was rejected because an internal exception occurred. The request can be retried.",
        )
        .because(VaultError::Lost),
        // A token under another key's row, or a check that ought to have been made before the vault.
        error => fault::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use keyward_base::Blame;

    use super::*;

    #[test]
    fn each_error_of_the_vault_has_its_code_and_its_blame() {
        let cases = [
            (VaultError::InvalidCiphertext, "InvalidCiphertextException", Blame::Caller),
            (VaultError::InvalidSignature, "KMSInvalidSignatureException", Blame::Caller),
            (VaultError::InvalidMac, "KMSInvalidMacException", Blame::Caller),
            (VaultError::InvalidPublicKey, "ValidationException", Blame::Caller),
            (VaultError::Refused(Refusal::Unsupported), "UnsupportedOperationException", Blame::Caller),
            (VaultError::Busy, "ThrottlingException", Blame::Dependency),
            (VaultError::Lost, "KMSInternalException", Blame::Dependency),
            (VaultError::WrongToken, "KMSInternalException", Blame::Ours),
            (VaultError::Refused(Refusal::Usage), "KMSInternalException", Blame::Ours),
        ];
        for (error, code, blame) in cases {
            let fault = as_fault(error);
            assert_eq!((fault.code(), fault.blame()), (code, blame));
        }
    }
}

//! The API's errors (Route 53 Domains API reference, "Errors"). AWS's texts are mostly unknown; these are plain.

use keyward_base::Fault;
use keyward_registry::RegistryError;

/// `InvalidInput`: the request breaks a rule, or names what the account does not have.
pub(crate) fn invalid_input(text: impl Into<String>) -> Fault {
    Fault::caller("InvalidInput", text)
}

/// `UnsupportedTLD`.
pub(crate) fn unsupported_tld(tld: &str) -> Fault {
    let text = format!("Domains with the top-level domain '{}' are not supported.", tld.trim_matches('.'));
    Fault::caller("UnsupportedTLD", text)
}

/// `DuplicateRequest`: an operation on the domain is under way.
pub(crate) fn duplicate_request(domain: &str) -> Fault {
    Fault::caller("DuplicateRequest", format!("An operation on the domain {domain} is already in progress."))
}

/// A domain that the account does not have.
pub(crate) fn no_such_domain(domain: &str, account: keyward_base::AccountId) -> Fault {
    invalid_input(format!("Domain {domain} not found in {account} account"))
}

/// A defect or an outage of ours.
pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::ours(cause)
}

/// What the caller is told when the registry refuses.
pub(crate) fn registry(error: RegistryError) -> Fault {
    match error {
        RegistryError::Unsupported(zone) => unsupported_tld(&zone.to_string()),
        RegistryError::Store(_) | RegistryError::Vault(_) | RegistryError::Internal(_) => internal(error),
        refused => invalid_input(format!("The registry refuses the request: {refused}.")),
    }
}

/// Whether the registry refuses for good, so that trying again changes nothing.
pub(crate) fn is_refusal(error: &RegistryError) -> bool {
    !matches!(error, RegistryError::Store(_) | RegistryError::Vault(_) | RegistryError::Internal(_))
}

//! The API's errors (CloudHSM API reference, "Errors"). AWS's texts are mostly unknown; these are plain.

use keyward_base::Fault;

/// `CloudHsmInvalidRequestException`: a bad value, or a state that does not allow the request.
pub(crate) fn invalid(text: impl Into<String>) -> Fault {
    Fault::caller("CloudHsmInvalidRequestException", text)
}

/// `CloudHsmResourceNotFoundException`.
pub(crate) fn not_found(what: &str, id: &str) -> Fault {
    Fault::caller("CloudHsmResourceNotFoundException", format!("{what} {id} was not found."))
}

/// `CloudHsmTagException`.
pub(crate) fn tags(text: impl Into<String>) -> Fault {
    Fault::caller("CloudHsmTagException", text)
}

/// A quota is reached. Only `TagResource` has an error of its own for that in the model.
pub(crate) fn quota(text: impl Into<String>) -> Fault {
    invalid(text)
}

/// This deployment runs no HSMs.
pub(crate) fn no_hsms() -> Fault {
    Fault::dependency("CloudHsmServiceException", "This deployment runs no HSMs.")
}

/// A defect or an outage of ours.
pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::ours(cause).with_code("CloudHsmInternalFailureException")
}

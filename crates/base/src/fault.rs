//! What went wrong, and who can mend it.
//!
//! A `Fault` holds an outer text for the client and, apart from it, an inner cause for the log. It
//! knows no protocol: the edge turns its code into a status and an envelope.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// Who can mend a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The request was wrong or not allowed; sending it again changes nothing.
    Caller,
    /// Something that we need is away for now; a retry may succeed.
    Dependency,
    /// A defect of ours; logged in full, plain outside.
    Ours,
}

/// An error that an API call ends with.
#[derive(Debug)]
pub struct Fault {
    blame: Blame,
    code: Cow<'static, str>,
    message: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// The caller's fault: AWS's code (a shape name of the service's model or a common error) and text.
    pub fn caller(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { blame: Blame::Caller, code: code.into(), message: Some(message.into()), cause: None }
    }

    /// The caller's fault, for the codes that AWS sends without any message.
    pub fn caller_without_message(code: impl Into<Cow<'static, str>>) -> Self {
        Self { blame: Blame::Caller, code: code.into(), message: None, cause: None }
    }

    /// Something needed is away (vault, store, a peer): the code that the service documents for it.
    pub fn dependency(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { blame: Blame::Dependency, code: code.into(), message: Some(message.into()), cause: None }
    }

    /// A defect of ours. `cause` is logged and never shown to the client.
    pub fn ours(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            blame: Blame::Ours,
            code: Cow::Borrowed("InternalFailure"),
            message: Some("The request processing has failed because of an unknown error.".to_owned()),
            cause: Some(cause.into()),
        }
    }

    /// The same fault with an inner cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same fault under another code, for services that name it differently.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = code.into();
        self
    }

    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        self.blame
    }

    /// AWS's error code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The text for the client; `None` where AWS sends none.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What lies behind it, for the log only.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_stays_inside() {
        let fault = Fault::ours("disk on fire");
        assert_eq!(fault.blame(), Blame::Ours);
        assert!(!fault.to_string().contains("fire"));
        assert!(fault.cause().is_some_and(|cause| cause.to_string().contains("fire")));
    }
}

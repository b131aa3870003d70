//! `keyward env`: `export` lines that point the AWS CLI and SDKs at a running Keyward.
//!
//! The region stands there twice: the CLI and the SDK for Python read `AWS_DEFAULT_REGION`, those for JavaScript,
//! Go and Java read `AWS_REGION` alone. What a shell that talked to AWS before may have set besides is unset: a
//! profile that is not in our file, or a session token that is not ours, would be refused.

use std::path::Path;

use crate::folder::{Credentials, Endpoints};
use crate::refusal::Refusal;

/// Other ways to say who calls.
pub(crate) const OTHERS: &str = "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN";

pub(crate) fn run(folder: &Path) -> Result<(), Refusal> {
    let endpoints = Endpoints::read(folder)?;
    let credentials = Credentials::read(folder)?;
    for (name, value) in [
        ("AWS_ENDPOINT_URL", &endpoints.api),
        ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
        ("AWS_DEFAULT_REGION", &endpoints.region),
        ("AWS_REGION", &endpoints.region),
    ] {
        println!("export {name}={}", quoted(value));
    }
    println!("unset {OTHERS}");
    Ok(())
}

/// A word for a POSIX shell: in single quotes when it holds anything but plain characters.
pub(crate) fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_values_are_quoted_for_the_shell() {
        assert_eq!(quoted("http://127.0.0.1:4566"), "http://127.0.0.1:4566");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
        assert_eq!(quoted(""), "''");
    }
}

//! Domain names as the registrar takes them: letters, digits, hyphens and dots.

use std::fmt;

use keyward_base::Fault;
use keyward_zone::Name;
use serde::{Deserialize, Serialize};

use crate::fault::invalid_input;

/// A domain's name: lower case, without a final dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct DomainName(String);

impl DomainName {
    /// Reads a name as a request gives it.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let labels_fit = name.split('.').all(is_label);
        if !labels_fit || name.len() > 253 || !name.contains('.') {
            return Err(invalid_input(format!(
                "The domain name '{text}' is not valid: it consists of labels of letters, digits and inner hyphens."
            )));
        }
        Ok(Self(name))
    }

    /// Its text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// It as the DNS knows it.
    pub(crate) fn to_name(&self) -> Result<Name, Fault> {
        Name::parse(&self.0).map_err(|error| invalid_input(format!("The domain name is not valid: {error}.")))
    }

    /// What follows the first dot.
    pub(crate) fn tld(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, tld)| tld)
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_without_a_final_dot() {
        let name = DomainName::parse("AnimalsForLife.Org.").unwrap();
        assert_eq!((name.as_str(), name.tld()), ("animalsforlife.org", "org"));
        assert_eq!(DomainName::parse("a.co.uk").unwrap().tld(), "co.uk");
    }

    #[test]
    fn refuses_what_is_no_host_name() {
        let long = format!("{}.org", "a".repeat(64));
        for wrong in
            ["", ".", "org", "a..org", ".org", "a b.org", "a_b.org", "-a.org", "a-.org", "ä.org", &long]
        {
            assert_eq!(DomainName::parse(wrong).unwrap_err().code(), "InvalidInput", "{wrong}");
        }
    }
}

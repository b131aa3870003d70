//! What the tests showed when they last ran: the notes that `tests/recording.py` leaves in `target/shown/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::coverage::facts::Fact;
use crate::failure::Failure;
use crate::tree;

/// An operation of a service, and what of it was shown.
type Subject = (String, String, Fact);

/// The notes of one or more runs.
#[derive(Default)]
pub(crate) struct Shown {
    tests: BTreeMap<Subject, BTreeSet<String>>,
    /// How many notes each test has: a test with few is about what it notes.
    weights: BTreeMap<String, usize>,
}

/// Where the notes are.
pub(crate) fn folder() -> PathBuf {
    tree::root().join("target/shown")
}

impl Shown {
    /// All notes that are there.
    pub(crate) fn read() -> Result<Self, Failure> {
        let mut shown = Self::default();
        let Ok(entries) = std::fs::read_dir(folder()) else { return Ok(shown) };
        for entry in entries {
            for line in std::fs::read_to_string(entry?.path())?.lines() {
                shown.add(line)?;
            }
        }
        Ok(shown)
    }

    /// Takes one line.
    pub(crate) fn add(&mut self, line: &str) -> Result<(), Failure> {
        let words: Vec<&str> = line.split('\t').collect();
        let [service, operation, kind, name, test] = words.as_slice() else {
            return Err(Failure::new(format!("a note of the tests is not one: {line}")));
        };
        let subject = ((*service).to_owned(), (*operation).to_owned(), Fact::new(kind, name));
        if self.tests.entry(subject).or_default().insert((*test).to_owned()) {
            *self.weights.entry((*test).to_owned()).or_default() += 1;
        }
        Ok(())
    }

    /// Drops the notes of tests that are gone.
    pub(crate) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.tests.values_mut().for_each(|tests| tests.retain(|test| is_there(test)));
        self.weights.retain(|test, _| is_there(test));
    }

    /// Whether this test ran and noted anything.
    pub(crate) fn knows(&self, test: &str) -> bool {
        self.weights.contains_key(test)
    }

    /// Whether this test showed it.
    pub(crate) fn holds(&self, service: &str, operation: &str, fact: &Fact, test: &str) -> bool {
        self.tests(service, operation, fact).any(|one| one == test)
    }

    /// The test that shows it best: one of the service's own tests before others, one that shows little else.
    pub(crate) fn best(&self, service: &str, operation: &str, fact: &Fact) -> Option<&str> {
        // The tests of `cloudhsmv2` are called test_cloudhsm….
        let own = format!("test_{}", service.trim_end_matches("v2"));
        self.tests(service, operation, fact).min_by_key(|test| {
            (!test.contains(&own), self.weights.get(*test).copied().unwrap_or_default(), *test)
        })
    }

    fn tests(&self, service: &str, operation: &str, fact: &Fact) -> impl Iterator<Item = &str> {
        let subject = (service.to_owned(), operation.to_owned(), fact.clone());
        self.tests.get(&subject).into_iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_of_the_service_that_shows_little_else_is_best() {
        let mut shown = Shown::default();
        for line in [
            "kms\tSign\tinput\tKeyId\tclients/test_other.py::test_small",
            "kms\tSign\tinput\tKeyId\tclients/test_kms_a.py::test_large",
            "kms\tSign\tinput\tMessage\tclients/test_kms_a.py::test_large",
            "kms\tSign\tinput\tKeyId\tclients/test_kms_b.py::test_small",
        ] {
            shown.add(line).unwrap();
        }
        let fact = Fact::new("input", "KeyId");
        assert_eq!(shown.best("kms", "Sign", &fact), Some("clients/test_kms_b.py::test_small"));
        assert!(shown.holds("kms", "Sign", &fact, "clients/test_other.py::test_small"));
        assert_eq!(shown.best("kms", "Verify", &fact), None);
        assert!(shown.add("kms\tSign").is_err());
    }
}

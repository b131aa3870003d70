//! Guards the dependencies: licences, sources, and crates that are in the build twice.
//!
//! The rules are in `deny.toml` beside this crate. Known vulnerabilities are not checked: the
//! advisory database is no package of a registry.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::failure::Failure;
use crate::metadata::{self, Package};
use crate::tree;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    licences: BTreeSet<String>,
    duplicates: BTreeMap<String, String>,
}

pub(crate) fn run() -> Result<(), Failure> {
    let text = std::fs::read_to_string(tree::root().join("xtask/deny.toml"))?;
    let rules: Rules = toml::from_str(&text).map_err(|error| Failure::new(format!("deny.toml: {error}")))?;
    let metadata = metadata::read()?;
    let mut findings = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        findings.extend(licence_finding(package, &rules));
        findings.extend(source_finding(package));
    }
    findings.extend(duplicate_findings(&metadata.packages, &rules));
    if findings.is_empty() {
        println!("deny: {} packages are fine", metadata.packages.len());
        return Ok(());
    }
    Err(Failure::new(format!("deny:\n  {}", findings.join("\n  "))))
}

fn licence_finding(package: &Package, rules: &Rules) -> Option<String> {
    match &package.license {
        Some(expression) if is_allowed(expression, &rules.licences) => None,
        Some(expression) => Some(format!("{} {}: licence '{expression}'", package.name, package.version)),
        None => Some(format!(
            "{} {}: no licence expression (file: {})",
            package.name,
            package.version,
            package.license_file.as_deref().unwrap_or("none")
        )),
    }
}

/// SPDX expressions as crates write them: `OR` (or `/`) offers a choice, `AND` demands all.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let flat = expression.replace(['(', ')'], " ");
    flat.split(" AND ").all(|part| {
        part.split(" OR ").flat_map(|choice| choice.split('/')).any(|name| allowed.contains(name.trim()))
    })
}

fn source_finding(package: &Package) -> Option<String> {
    let source = package.source.as_deref()?;
    let from_registry = source.starts_with("registry+") || source.starts_with("sparse+");
    (!from_registry).then(|| format!("{} {}: comes from {source}", package.name, package.version))
}

fn duplicate_findings(packages: &[Package], rules: &Rules) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let twice: BTreeMap<_, _> = versions.into_iter().filter(|(_, versions)| versions.len() > 1).collect();
    let unknown = twice
        .iter()
        .filter(|(name, _)| !rules.duplicates.contains_key(**name))
        .map(|(name, versions)| format!("{name} is there in several versions: {versions:?}"));
    let stale = rules
        .duplicates
        .keys()
        .filter(|name| !twice.contains_key(name.as_str()))
        .map(|name| format!("deny.toml excuses {name}, which is there only once"));
    unknown.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_and_needs_an_allowed_choice() {
        let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
        assert!(is_allowed("MIT OR GPL-3.0", &allowed));
        assert!(is_allowed("MIT/Apache-2.0", &allowed));
        assert!(is_allowed("ISC AND (Apache-2.0 OR MIT)", &allowed));
        assert!(!is_allowed("ISC AND OpenSSL", &allowed));
        assert!(!is_allowed("GPL-3.0", &allowed));
    }
}

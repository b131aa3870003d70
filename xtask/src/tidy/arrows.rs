//! Dependency arrows between our crates point one way. Test-only dependencies are free.

use crate::metadata::{Metadata, Package};
use crate::tidy::rules::Rules;

pub(crate) fn check(metadata: &Metadata, rules: &Rules) -> Vec<String> {
    let mut findings = Vec::new();
    for package in metadata.members() {
        let Some(allowed) = rules.arrows.get(&package.name) else {
            findings.push(format!("tidy.toml [arrows] does not know the crate {}", package.name));
            continue;
        };
        let forbidden = ours(package).filter(|name| !allowed.contains(*name));
        findings.extend(forbidden.map(|name| format!("{} must not depend on {name}", package.name)));
    }
    findings
}

fn ours(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.path.is_some() && dependency.kind.as_deref() != Some("dev"))
        .map(|dependency| dependency.name.as_str())
}

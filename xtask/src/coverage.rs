//! `docs/coverage.md`: every operation that is served, with the client tests that call it; and for the services
//! whose members are followed, a table of these (`members`).
//!
//! Generated, and checked by tidy, so that it can't grow old.

mod facts;
mod members;
mod shown;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::coverage::members::Members;
use crate::coverage::shown::Shown;
use crate::failure::Failure;
use crate::tree::{self, SourceFile};

/// Where the table stands.
const PATH: &str = "docs/coverage.md";

/// The service's section in `models/served.toml`, its name, and the crate that serves it.
const SERVICES: [(&str, &str, &str); 6] = [
    ("kms", "AWS KMS", "crates/services/kms"),
    ("route53", "Route 53", "crates/services/route53"),
    ("route53domains", "Route 53 Domains", "crates/services/domains"),
    ("cloudhsmv2", "CloudHSM v2", "crates/services/cloudhsm"),
    ("iam", "IAM", "crates/services/iam"),
    ("sts", "STS", "crates/services/iam"),
];

/// An operation that is served.
pub(crate) struct Served {
    section: &'static str,
    service: &'static str,
    /// AWS's name for it.
    pub(crate) name: String,
    /// The file that it has, or should have.
    pub(crate) file: String,
    /// The client tests that call it.
    pub(crate) tests: Vec<String>,
}

/// Writes the tables.
pub(crate) fn run() -> Result<(), Failure> {
    let files = tree::files()?;
    let served = served(&files)?;
    let root = tree::root();
    std::fs::create_dir_all(root.join("docs/coverage"))?;
    std::fs::write(root.join(PATH), table(&served))?;
    let mut shown = Shown::read()?;
    shown.retain(|test| members::is_there(test, &files));
    for service in members::SERVICES {
        let members = Members::standing(service, &served, &files)?.renewed(&shown);
        std::fs::write(root.join(members::path(service)), members.text())?;
    }
    Ok(())
}

/// Drops what earlier runs of the tests noted.
pub(crate) fn forget_runs() -> Result<(), Failure> {
    match std::fs::remove_dir_all(shown::folder()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// After all end-to-end tests ran: each did what the tables say of it.
pub(crate) fn check_run() -> Result<(), Failure> {
    let files = tree::files()?;
    let served = served(&files)?;
    let shown = Shown::read()?;
    let mut broken = Vec::new();
    for service in members::SERVICES {
        broken.extend(Members::standing(service, &served, &files)?.broken_claims(&shown));
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the coverage is not what docs/coverage says; run cargo xtask coverage:\n  {}",
        broken.join("\n  ")
    )))
}

/// What is wrong with the tables as they stand.
pub(crate) fn findings(files: &[SourceFile], served: &[Served]) -> Result<Vec<String>, Failure> {
    let mut findings = Vec::new();
    let table_there = files.iter().find(|file| file.path == PATH).map(|file| file.text.as_str());
    if table_there != Some(&table(served)) {
        findings.push(format!("{PATH} is not of today; run cargo xtask coverage"));
    }
    for service in members::SERVICES {
        findings.extend(Members::standing(service, served, files)?.findings(files));
    }
    Ok(findings)
}

/// All operations that are served.
pub(crate) fn served(files: &[SourceFile]) -> Result<Vec<Served>, Failure> {
    let text = files.iter().find(|file| file.path == "models/served.toml");
    let text = text.ok_or_else(|| Failure::new("models/served.toml is missing"))?;
    let sections: BTreeMap<String, toml::Value> =
        toml::from_str(&text.text).map_err(|error| Failure::new(format!("served.toml: {error}")))?;
    let mut all = Vec::new();
    for (section, service, room) in SERVICES {
        let names = sections.get(section).and_then(|section| section.get("operations"));
        for name in
            names.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str)
        {
            let snake = snake_case(name);
            all.push(Served {
                section,
                service,
                name: name.to_owned(),
                file: format!("{room}/src/ops/{snake}.rs"),
                tests: tests_that_call(name, &snake, files),
            });
        }
    }
    Ok(all)
}

fn tests_that_call(name: &str, snake: &str, files: &[SourceFile]) -> Vec<String> {
    let calls = [
        format!(".{snake}("),
        format!(" {} ", snake.replace('_', "-")),
        format!("\"{snake}\""),
        format!("\"{name}\""),
    ];
    files
        .iter()
        .filter(|file| file.path.starts_with("tests/"))
        .filter(|file| calls.iter().any(|call| file.text.contains(call)))
        .map(|file| file.path.clone())
        .collect()
}

/// The table as it should stand.
fn table(served: &[Served]) -> String {
    let mut text = String::from(
        "# API coverage\n\nMade by `cargo xtask coverage`. Each operation that Keyward serves, with the client tests \
         that call it. An operation\nthat AWS has and Keyward does not answers a clear error that names it.\n",
    );
    let mut service = "";
    for operation in served {
        if operation.service != service {
            service = operation.service;
            let members = members_line(operation.section);
            let _ =
                write!(text, "\n## {service}\n\n{members}| Operation | Code | Called by |\n|---|---|---|\n");
        }
        let code =
            format!("[{}](../{})", operation.file.rsplit('/').next().unwrap_or_default(), operation.file);
        let tests: Vec<&str> = operation.tests.iter().map(|path| path.trim_start_matches("tests/")).collect();
        let _ = writeln!(text, "| {} | {code} | {} |", operation.name, tests.join(", "));
    }
    text
}

/// Where a service's members are followed, if they are.
fn members_line(section: &str) -> String {
    if !members::SERVICES.contains(&section) {
        return String::new();
    }
    format!("Every member and error: [coverage/{section}.md](coverage/{section}.md).\n\n")
}

/// `GetDNSSEC` → `get_dnssec`, `EnableHostedZoneDNSSEC` → `enable_hosted_zone_dnssec`, as botocore does.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_lower = index > 0 && !letters[index - 1].is_uppercase();
        let before_lower = index > 0 && letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if index > 0 && letter.is_uppercase() && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case_as_in_botocore() {
        assert_eq!(snake_case("GetDNSSEC"), "get_dnssec");
        assert_eq!(snake_case("EnableHostedZoneDNSSEC"), "enable_hosted_zone_dnssec");
        assert_eq!(snake_case("ListHostedZonesByVPC"), "list_hosted_zones_by_vpc");
        assert_eq!(snake_case("AssociateVPCWithHostedZone"), "associate_vpc_with_hosted_zone");
        assert_eq!(snake_case("ReEncrypt"), "re_encrypt");
    }
}

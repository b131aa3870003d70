//! Every operation that is served has its file, and its name stands in a test.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::tree::SourceFile;

/// The service's name in `models/` and the crate that serves it.
const CRATES: [(&str, &str); 5] = [
    ("kms", "crates/services/kms"),
    ("route53", "crates/services/route53"),
    ("route53domains", "crates/services/domains"),
    ("iam", "crates/services/iam"),
    ("sts", "crates/services/iam"),
];

pub(crate) fn check(files: &[SourceFile]) -> Result<Vec<String>, Failure> {
    let Some(served) = files.iter().find(|file| file.path == "models/served.toml") else {
        return Ok(vec!["models/served.toml is missing".to_owned()]);
    };
    let served: BTreeMap<String, toml::Value> =
        toml::from_str(&served.text).map_err(|error| Failure::new(format!("served.toml: {error}")))?;
    let mut findings = Vec::new();
    for (service, room) in CRATES {
        for name in operation_names(served.get(service)) {
            findings.extend(operation_findings(&name, room, files));
        }
    }
    Ok(findings)
}

fn operation_names(table: Option<&toml::Value>) -> Vec<String> {
    let list = match table {
        Some(toml::Value::Array(list)) => list,
        Some(toml::Value::Table(table)) => match table.get("operations") {
            Some(toml::Value::Array(list)) => list,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn operation_findings(name: &str, room: &str, files: &[SourceFile]) -> Vec<String> {
    let snake = snake_case(name);
    let mut findings = Vec::new();
    let has_file = files.iter().any(|file| {
        file.path.starts_with(&format!("{room}/src/")) && file.path.ends_with(&format!("/ops/{snake}.rs"))
    });
    if !has_file {
        findings.push(format!("{name} is served, but {room}/src/ops/{snake}.rs is not there"));
    }
    let dashed = snake.replace('_', "-");
    let is_tested = files.iter().filter(|file| file.path.starts_with("tests/")).any(|file| {
        file.text.contains(&format!("{snake}(")) || file.text.contains(&dashed) || file.text.contains(name)
    });
    if !is_tested {
        findings.push(format!("{name} is served, but no client test below tests/ calls it"));
    }
    findings
}

/// `GetDNSSEC` → `get_dnssec`, `EnableHostedZoneDNSSEC` → `enable_hosted_zone_dnssec`, as botocore does.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_lower = index > 0 && !letters[index - 1].is_uppercase();
        let before_lower = index > 0 && letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_lower || before_lower) && index > 0 {
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

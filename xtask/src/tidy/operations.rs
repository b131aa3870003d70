//! Every operation that is served has its file, a client test calls it, and the coverage tables are of today.

use crate::coverage;
use crate::failure::Failure;
use crate::tree::SourceFile;

pub(crate) fn check(files: &[SourceFile]) -> Result<Vec<String>, Failure> {
    let served = coverage::served(files)?;
    let mut findings = Vec::new();
    for operation in &served {
        if !files.iter().any(|file| file.path == operation.file) {
            findings.push(format!("{} is served, but {} is not there", operation.name, operation.file));
        }
        if operation.tests.is_empty() {
            findings.push(format!("{} is served, but no client test below tests/ calls it", operation.name));
        }
    }
    findings.extend(coverage::findings(files, &served)?);
    Ok(findings)
}

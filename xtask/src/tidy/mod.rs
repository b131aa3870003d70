//! The house rules that no compiler checks. Each check is a file; findings are lines for a person.

mod arrows;
mod documents;
mod operations;
mod rules;
mod sizes;
mod text;

use crate::failure::Failure;
use crate::tidy::rules::Rules;
use crate::{metadata, tree};

pub(crate) fn run() -> Result<(), Failure> {
    let rules = Rules::read()?;
    let files = tree::files()?;
    let metadata = metadata::read()?;
    let mut findings = arrows::check(&metadata, &rules);
    findings.extend(sizes::check(&files, &rules));
    findings.extend(text::check(&files));
    findings.extend(documents::check(&files));
    findings.extend(operations::check(&files)?);
    if findings.is_empty() {
        println!("tidy: {} files are in order", files.len());
        return Ok(());
    }
    Err(Failure::new(format!("tidy:\n  {}", findings.join("\n  "))))
}

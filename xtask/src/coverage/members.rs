//! `docs/coverage/SERVICE.md`: every member and every error of every operation, with the test that shows it.
//!
//! The tests note what they show while they run (`shown`). `cargo xtask coverage` writes the table from these
//! notes and keeps what stands in it as long as that is still true, so that it changes only where it must. What
//! nothing can show is excused in `tests/coverage.toml`, with the reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::coverage::Served;
use crate::coverage::facts::{Fact, Model};
use crate::coverage::shown::Shown;
use crate::failure::Failure;
use crate::tree::SourceFile;

/// The sections of `models/served.toml` whose members are followed one by one.
pub(crate) const SERVICES: [&str; 2] = ["kms", "cloudhsmv2"];

const EXCUSES: &str = "tests/coverage.toml";
const NOTHING: &str = "**nothing yet**";

/// One line of the table.
struct Row {
    operation: String,
    fact: Fact,
    by: By,
}

/// What stands behind it.
enum By {
    Test(String),
    Excuse(String),
    Nothing,
}

/// A service's table.
pub(crate) struct Members {
    service: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

/// For each service, `"OPERATION KIND NAME"` with `*` for any, and why no test can show it.
type Excuses = BTreeMap<String, BTreeMap<String, String>>;

impl Members {
    /// The table as it stands in the tree, for the operations that are served today.
    pub(crate) fn standing(
        service: &'static str,
        served: &[Served],
        files: &[SourceFile],
    ) -> Result<Self, Failure> {
        let model = Model::read(service, files)?;
        let excuses = excuses(files)?.remove(service).unwrap_or_default();
        let claims =
            claims(files.iter().find(|file| file.path == path(service)).map_or("", |file| &file.text));
        let served: Vec<&Served> = served.iter().filter(|one| one.section == service).collect();
        let mut rows = Vec::new();
        for operation in &served {
            for fact in model.facts(&operation.name) {
                let by = match excuse(&excuses, &operation.name, &fact) {
                    Some(reason) => By::Excuse(reason.to_owned()),
                    None => claims
                        .get(&(operation.name.clone(), fact.clone()))
                        .map_or(By::Nothing, |test| By::Test(test.clone())),
                };
                rows.push(Row { operation: operation.name.clone(), fact, by });
            }
        }
        Ok(Self { service, title: served.first().map_or(service, |one| one.service), rows })
    }

    /// The table with what the tests showed when they last ran.
    pub(crate) fn renewed(mut self, shown: &Shown) -> Self {
        for row in &mut self.rows {
            let stays = match &row.by {
                By::Excuse(_) => true,
                By::Test(test) => {
                    !shown.knows(test) || shown.holds(self.service, &row.operation, &row.fact, test)
                }
                By::Nothing => false,
            };
            if !stays {
                let best = shown.best(self.service, &row.operation, &row.fact);
                row.by = best.map_or(By::Nothing, |test| By::Test(test.to_owned()));
            }
        }
        self
    }

    /// What the tests, having all run, did not show although the table says so.
    pub(crate) fn broken_claims(&self, shown: &Shown) -> Vec<String> {
        let claimed = self.rows.iter().filter_map(|row| match &row.by {
            By::Test(test) => Some((row, test)),
            By::Excuse(_) | By::Nothing => None,
        });
        claimed
            .filter(|(row, test)| !shown.holds(self.service, &row.operation, &row.fact, test))
            .map(|(row, test)| {
                format!("{} {} {}: not shown by {test}", row.operation, row.fact.kind, row.fact.name)
            })
            .collect()
    }

    /// What is wrong with the table by itself.
    pub(crate) fn findings(&self, files: &[SourceFile]) -> Vec<String> {
        let path = path(self.service);
        let mut findings = Vec::new();
        if files.iter().find(|file| file.path == path).map(|file| &file.text) != Some(&self.text()) {
            findings.push(format!("{path} is not of today; run the tests, then cargo xtask coverage"));
        }
        for row in &self.rows {
            let what = || format!("{path}: {} {} {}", row.operation, row.fact.kind, row.fact.name);
            match &row.by {
                By::Nothing => findings.push(format!("{}: no test shows it", what())),
                By::Test(test) if !is_there(test, files) => {
                    findings.push(format!("{}: there is no {test}", what()));
                }
                By::Test(_) | By::Excuse(_) => {}
            }
        }
        findings
    }

    /// The table as it should stand.
    pub(crate) fn text(&self) -> String {
        let shown = self.rows.iter().filter(|row| matches!(row.by, By::Test(_))).count();
        let excused = self.rows.iter().filter(|row| matches!(row.by, By::Excuse(_))).count();
        let mut text = format!(
            "# {}: every member and error\n\nMade by `cargo xtask coverage` from what the tests noted when they ran \
             (`tests/recording.py`): an input counts when it was\nsent with success, an output when the test looked \
             at it, an error when it came. Of {} members and errors {shown} are shown\nby a test; {excused} can't be, \
             for the reason that stands there (`{EXCUSES}`).\n",
            self.title,
            self.rows.len(),
        );
        let mut operation = "";
        for row in &self.rows {
            if row.operation != operation {
                operation = &row.operation;
                let _ = write!(text, "\n## {operation}\n\n| | | Shown by |\n|---|---|---|\n");
            }
            let by = match &row.by {
                By::Test(test) => test,
                By::Excuse(reason) => reason,
                By::Nothing => NOTHING,
            };
            let _ = writeln!(text, "| {} | {} | {by} |", row.fact.kind, row.fact.name);
        }
        text
    }
}

/// Where a service's table stands.
pub(crate) fn path(service: &str) -> String {
    format!("docs/coverage/{service}.md")
}

fn excuses(files: &[SourceFile]) -> Result<Excuses, Failure> {
    let text = files.iter().find(|file| file.path == EXCUSES).map_or("", |file| &file.text);
    toml::from_str(text).map_err(|error| Failure::new(format!("{EXCUSES}: {error}")))
}

fn excuse<'a>(excuses: &'a BTreeMap<String, String>, operation: &str, fact: &Fact) -> Option<&'a str> {
    let subject = [operation, &fact.kind, &fact.name];
    excuses.iter().find(|(pattern, _)| matches(pattern, &subject)).map(|(_, reason)| reason.as_str())
}

/// Whether each word of a pattern is the subject's, or `*`, or begins it and ends in `*`.
fn matches(pattern: &str, subject: &[&str; 3]) -> bool {
    let words: Vec<&str> = pattern.split(' ').collect();
    words.len() == subject.len()
        && words.iter().zip(subject).all(|(word, part)| {
            word.strip_suffix('*').map_or(word == part, |beginning| part.starts_with(beginning))
        })
}

/// The tests that a table names.
fn claims(text: &str) -> BTreeMap<(String, Fact), String> {
    let mut claims = BTreeMap::new();
    let mut operation = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            operation = name;
        }
        let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        if let [kind, name, test] = cells.as_slice()
            && test.contains("::")
        {
            claims.insert((operation.to_owned(), Fact::new(kind, name)), (*test).to_owned());
        }
    }
    claims
}

/// Whether a test is in the tree.
pub(super) fn is_there(test: &str, files: &[SourceFile]) -> bool {
    let Some((path, name)) = test.split_once("::") else { return false };
    let path = format!("tests/{path}");
    files.iter().any(|file| file.path == path && file.text.contains(&format!("def {name}(")))
}

#[cfg(test)]
mod tests;

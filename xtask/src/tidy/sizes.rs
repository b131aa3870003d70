//! Files and functions stay small; a listed exception may only shrink.

use crate::tidy::rules::Rules;
use crate::tree::SourceFile;

const FILE_LINES_MAX: usize = 500;
const FILE_LINES_STOP: usize = 700;
const FUNCTION_LINES_MAX: usize = 70;
const BLOB_BYTES_MAX: u64 = 1_000_000;

pub(crate) fn check(files: &[SourceFile], rules: &Rules) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        if file.bytes > BLOB_BYTES_MAX {
            findings.push(format!("{}: {} bytes; large files do not belong here", file.path, file.bytes));
        }
        if file.path.ends_with(".rs") && !is_test(&file.path) {
            findings.extend(file_finding(file, rules));
            findings.extend(function_findings(file, rules));
        }
    }
    findings
}

/// Whether a path holds tests, which may be longer.
pub(crate) fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

fn file_finding(file: &SourceFile, rules: &Rules) -> Option<String> {
    let lines = code_lines(&file.text);
    let allowed = rules.long_files.get(&file.path).copied();
    match allowed {
        _ if lines > FILE_LINES_STOP => Some(format!("{}: {lines} lines; the hard stop is 700", file.path)),
        Some(allowed) if lines > allowed => {
            Some(format!("{}: {lines} lines, grown past its exception of {allowed}", file.path))
        }
        Some(_) if lines <= FILE_LINES_MAX => {
            Some(format!("{}: its exception is no longer needed", file.path))
        }
        None if lines > FILE_LINES_MAX => Some(format!("{}: {lines} lines; has it one subject?", file.path)),
        _ => None,
    }
}

/// The lines before an inline test module.
fn code_lines(text: &str) -> usize {
    let code = text.find("#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at]);
    code.lines().count()
}

fn function_findings(file: &SourceFile, rules: &Rules) -> Vec<String> {
    functions(&file.text)
        .filter(|(name, lines)| {
            *lines > FUNCTION_LINES_MAX
                && !rules.long_functions.contains_key(&format!("{}:{name}", file.path))
        })
        .map(|(name, lines)| format!("{}: fn {name} has {lines} lines; 70 is the most", file.path))
        .collect()
}

/// Each function's name and length. Relies on rustfmt: a body ends at a brace as deep as its `fn`.
fn functions(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        // A signature without a body, as in a trait, ends with a semicolon before any brace opens.
        if lines[start..]
            .iter()
            .find(|line| line.ends_with(['{', ';']))
            .is_some_and(|line| line.ends_with(';'))
        {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = lines[start..].iter().position(|line| line.strip_prefix(indent) == Some("}"));
        found.extend(end.map(|length| (name, length + 1)));
    }
    found.into_iter()
}

fn function_name(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let at = if code.starts_with("fn ") { 0 } else { code.find(" fn ")? + 1 };
    let before = &code[..at];
    let is_definition = before.split_whitespace().all(|word| {
        matches!(word, "pub" | "async" | "const" | "unsafe" | "extern") || word.starts_with("pub(")
    });
    let one_line = code.ends_with(';') || code.ends_with('}');
    let name = code[at + 3..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (is_definition && !one_line).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_functions_by_their_closing_brace() {
        let text = "impl A {\n    pub(crate) async fn one(\n        a: u8,\n    ) {\n        x();\n    }\n}\nfn two() {\n}\n";
        let found: Vec<_> = functions(text).collect();
        assert_eq!(found, [("one", 5), ("two", 2)]);
    }

    #[test]
    fn a_signature_without_a_body_has_no_length() {
        let text = "trait A {\n    fn one(\n        a: u8,\n    ) -> u8;\n\n    fn two(\n        a: u8,\n    ) {\n    }\n}\n";
        assert_eq!(functions(text).collect::<Vec<_>>(), [("two", 4)]);
    }

    #[test]
    fn inline_tests_do_not_count() {
        assert_eq!(code_lines("a\nb\n#[cfg(test)]\nmod tests {\n}\n"), 2);
    }
}

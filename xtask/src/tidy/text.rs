//! Words and heads: every Rust file tells what it is, and nothing unfinished or private stays behind.

use crate::tidy::sizes::is_test;
use crate::tree::SourceFile;

/// What must not stand in the tree, and what to do instead. Split so that this file passes itself.
const BANNED: [(&str, &str); 9] = [
    (concat!("TO", "DO"), "do it or write an issue"),
    (concat!("FIX", "ME"), "do it or write an issue"),
    (concat!("XX", "X:"), "do it or write an issue"),
    (concat!("todo", "!("), "write the code"),
    (concat!("unimplemented", "!("), "answer a clear error"),
    (concat!("/ho", "me/"), "no paths of one machine"),
    (concat!("/ro", "ot/"), "no paths of one machine"),
    (concat!("/wo", "rk/"), "no paths of one machine"),
    (concat!("#[ign", "ore"), "assert what happens today"),
];

pub(crate) fn check(files: &[SourceFile]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_checked(&file.path)) {
        for (number, line) in file.text.lines().enumerate() {
            let hits = BANNED.iter().filter(|(word, _)| line.contains(word));
            findings.extend(
                hits.map(|(word, instead)| format!("{}:{}: '{word}' ({instead})", file.path, number + 1)),
            );
        }
        findings.extend(head_finding(file));
        findings.extend(dead_file_finding(file, files));
    }
    findings
}

fn is_checked(path: &str) -> bool {
    !path.starts_with("models/") && path != "Cargo.lock"
}

fn head_finding(file: &SourceFile) -> Option<String> {
    let needs_head = file.path.ends_with(".rs") && !is_test(&file.path);
    (needs_head && !file.text.starts_with("//!")).then(|| format!("{}: begins without a //! head", file.path))
}

/// A `.rs` file that no `mod` line names is dead.
fn dead_file_finding(file: &SourceFile, files: &[SourceFile]) -> Option<String> {
    let path = file.path.strip_suffix(".rs")?;
    let (folder, name) = path.rsplit_once('/')?;
    let is_root = matches!(name, "lib" | "main" | "build" | "mod") || folder.ends_with("/tests");
    if is_root || !folder.contains("/src") || folder.ends_with("/src/bin") {
        return None;
    }
    let parents = [
        format!("{folder}/mod.rs"),
        format!("{folder}/lib.rs"),
        format!("{folder}/main.rs"),
        format!("{folder}.rs"),
    ];
    let named =
        files.iter().filter(|other| parents.contains(&other.path)).any(|other| has_word(&other.text, name));
    (!named).then(|| format!("{}: no module names this file", file.path))
}

/// Whether a text holds a name as a whole word: in a `mod` line, a `#[path]`, or a list that a macro turns into them.
fn has_word(text: &str, name: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
}

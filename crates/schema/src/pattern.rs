//! The models' regular expressions. They are written for Java; this makes them ours.
//!
//! Differences that matter: the whole text must match, `\w`, `\d` and `\s` are ASCII, and there is no look-around
//! (no served operation needs it; a unit test compiles every pattern of the served ones).

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;

/// A pattern of the model, compiled when it is first asked.
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern that the model writes as `source`.
    pub const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The pattern as the model writes it, for messages.
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole of `text` matches. A pattern that can't be compiled matches nothing.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&anchored(self.source)).ok()).as_ref()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source)
    }
}

/// Java's `matches` in the syntax of the regex crate.
fn anchored(java: &str) -> String {
    let beyond_plane_0 = java.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}");
    format!(r"\A(?:{})\z", ascii_classes(&beyond_plane_0))
}

/// Writes out `\w`, `\d` and `\s`, which are ASCII in Java.
fn ascii_classes(java: &str) -> String {
    let mut out = String::with_capacity(java.len() * 2);
    let mut in_class = false;
    let mut chars = java.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => push_escape(&mut out, chars.next(), in_class),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            c => out.push(c),
        }
    }
    out
}

fn push_escape(out: &mut String, escaped: Option<char>, in_class: bool) {
    let (set, negated) = match escaped {
        Some('w') => ("0-9A-Za-z_", false),
        Some('W') => ("0-9A-Za-z_", true),
        Some('d') => ("0-9", false),
        Some('D') => ("0-9", true),
        Some('s') => (r"\t\n\x0B\f\r ", false),
        Some('S') => (r"\t\n\x0B\f\r ", true),
        Some('b') if !in_class => return out.push_str(r"(?-u:\b)"),
        other => {
            out.push('\\');
            out.extend(other);
            return;
        }
    };
    match (in_class, negated) {
        (true, false) => out.push_str(set),
        (_, true) => out.extend(["[^", set, "]"]),
        (false, false) => out.extend(["[", set, "]"]),
    }
}

#[cfg(test)]
mod tests;

//! Answers, by RFC section, from zones written as zone files.

use std::fmt::Write as _;

use super::*;

mod oracle;
mod signed;
mod unsigned;
mod validator;

/// Asks without DO.
pub(super) fn ask<'z>(zones: &'z ZoneSet, name: &str, rtype: Rtype) -> Answer<'z> {
    answer(zones, Question { name: &Name::parse(name).unwrap(), rtype, dnssec_ok: false })
}

/// The answer as text: code and AA, then a line a set with its section and count of records.
pub(super) fn shown(answer: &Answer<'_>) -> String {
    let mut text = format!("{}{}\n", answer.rcode, if answer.authoritative { " aa" } else { "" });
    let sections = [Section::Answer, Section::Authority, Section::Glue, Section::Additional];
    for part in sections.into_iter().flat_map(|section| answer.section(section)) {
        let rtype = part.set.rrset.rtype();
        let signed = if part.signatures && !part.set.signatures.is_empty() { " signed" } else { "" };
        writeln!(
            text,
            "{:?} {} {} {}x{}{signed}",
            part.section,
            part.owner(),
            part.ttl,
            rtype,
            part.set.rrset.len()
        )
        .unwrap();
    }
    text
}

/// Checks an answer against its text, whose lines may be indented.
#[track_caller]
pub(super) fn check(answer: &Answer<'_>, expected: &str) {
    let expected: String =
        expected.lines().map(str::trim).filter(|l| !l.is_empty()).map(|l| format!("{l}\n")).collect();
    assert_eq!(shown(answer), expected);
}

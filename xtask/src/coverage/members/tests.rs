use super::*;

const TEST: &str = "clients/test_kms_sign.py::test_signs";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned(), bytes: text.len() as u64 }
}

/// A service with one operation of two members and an error, and a table that names one test.
fn tree(excuses: &str, table: &str) -> Vec<SourceFile> {
    let model = r#"{"operations": {"Sign": {"input": "In", "errors": ["Bad", "Never"]}},
                    "shapes": {"In": {"members": [{"name": "KeyId", "shape": "S"}, {"name": "Message", "shape": "S"}]}}}"#;
    vec![
        file("models/kms.json", model),
        file("tests/coverage.toml", excuses),
        file("docs/coverage/kms.md", table),
        file("tests/clients/test_kms_sign.py", "def test_signs(kms):\n"),
    ]
}

fn members(files: &[SourceFile]) -> Members {
    let served = Served {
        section: "kms",
        service: "AWS KMS",
        name: "Sign".to_owned(),
        file: String::new(),
        tests: Vec::new(),
    };
    Members::standing("kms", &[served], files).unwrap()
}

fn notes(lines: &[&str]) -> Shown {
    let mut shown = Shown::default();
    lines.iter().for_each(|line| shown.add(line).unwrap());
    shown
}

#[test]
fn what_nothing_shows_is_a_finding_and_an_excuse_is_none() {
    let files = tree("[kms]\n\"Sign error N*\" = \"it never comes\"\n", "");
    let noted = notes(&[&format!("kms\tSign\tinput\tKeyId\t{TEST}")]);
    let table = members(&files).renewed(&noted).text();
    assert!(table.contains(&format!("| input | KeyId | {TEST} |")), "{table}");
    assert!(table.contains("| error | Never | it never comes |"), "{table}");
    let files = tree("[kms]\n\"Sign error N*\" = \"it never comes\"\n", &table);
    let findings = members(&files).findings(&files);
    let missing = ["input Message", "error Bad"]
        .map(|what| format!("docs/coverage/kms.md: Sign {what}: no test shows it"));
    assert_eq!(findings, missing);
}

#[test]
fn a_claim_stays_while_it_is_true_or_its_test_did_not_run() {
    let table = format!("## Sign\n\n| input | KeyId | {TEST} |\n");
    let files = tree("", &table);
    let of = |lines: &[&str]| members(&files).renewed(&notes(lines)).text();
    let other = "kms\tSign\tinput\tKeyId\tclients/test_kms_a.py::test_other";
    assert!(of(&[other]).contains(&format!("| input | KeyId | {TEST} |")));
    let ran = format!("kms\tSign\terror\tBad\t{TEST}");
    assert!(of(&[other, &ran]).contains("| input | KeyId | clients/test_kms_a.py::test_other |"));
    let broken = members(&files).broken_claims(&notes(&[&ran]));
    assert_eq!(broken, [format!("Sign input KeyId: not shown by {TEST}")]);
}

#[test]
fn a_claim_of_a_test_that_is_gone_is_a_finding() {
    let files = tree("", "## Sign\n\n| input | KeyId | clients/test_kms_sign.py::test_gone |\n");
    let findings = members(&files).findings(&files);
    let gone = "docs/coverage/kms.md: Sign input KeyId: there is no clients/test_kms_sign.py::test_gone";
    assert!(findings.iter().any(|finding| finding == gone), "{findings:?}");
}

//! `cargo xtask test`: installs what the tests need, builds once, runs everything.

use std::process::Command;

use crate::failure::Failure;
use crate::{clients, coverage, process, tree};

/// Debian's packages that build and tests use, each with a program that tells whether it is installed.
const DEBIAN: [(&str, &str); 10] = [
    ("build-essential", "cc"),
    ("bind9-dnsutils", "delv"),
    ("unbound", "unbound"),
    ("ldnsutils", "ldns-verify-zone"),
    ("knot-dnsutils", "kdig"),
    ("dnsviz", "dnsviz"),
    ("openssl", "openssl"),
    ("softhsm2", "softhsm2-util"),
    ("opensc", "pkcs11-tool"),
    ("faketime", "faketime"),
];

/// Which half of the tests to run.
#[derive(PartialEq)]
enum Half {
    Both,
    Unit,
    EndToEnd,
}

pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let (half, rest) = match words.split_first() {
        Some((first, rest)) if first == "--unit" => (Half::Unit, rest),
        Some((first, rest)) if first == "--e2e" => (Half::EndToEnd, rest),
        _ => (Half::Both, words),
    };
    let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
    install_debian_packages()?;
    process::run(cargo().args(["build", "--workspace", "--all-targets", "--locked"]))?;
    if half != Half::Unit {
        clients::install()?;
    }
    if half != Half::EndToEnd {
        process::run(cargo().args(["test", "--workspace", "--locked"]))?;
    }
    if half != Half::Unit {
        end_to_end(rest)?;
    }
    Ok(())
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(tree::root());
    command
}

fn install_debian_packages() -> Result<(), Failure> {
    let mut missing: Vec<&str> = DEBIAN
        .iter()
        .filter(|(_, program)| !process::is_installed(program))
        .map(|(package, _)| *package)
        .collect();
    // Debian's Python comes without what virtual environments need.
    let has_venv = process::output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok();
    if !has_venv {
        missing.push("python3-venv");
    }
    if missing.is_empty() {
        return Ok(());
    }
    process::run(as_root("apt-get").args(["-q", "update"]))?;
    process::run(
        as_root("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-q", "install", "-y", "--no-install-recommends"])
            .args(missing),
    )
}

fn as_root(program: &str) -> Command {
    let is_root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if is_root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

fn end_to_end(rest: &[String]) -> Result<(), Failure> {
    let root = tree::root();
    let folder = tree::target();
    let is_complete = rest.is_empty();
    if is_complete {
        coverage::forget_runs()?;
    }
    let mut pytest = Command::new(root.join("target/venv/bin/python"));
    pytest
        .current_dir(&root)
        .env("KEYWARD_BINARY", folder.join("debug/keyward"))
        .args(["-m", "pytest", "-n", "4", "--dist", "worksteal", "tests"])
        .args(rest);
    process::run(&mut pytest)?;
    if is_complete { coverage::check_run() } else { Ok(()) }
}

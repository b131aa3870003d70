//! Installs the clients that the end-to-end tests use: those from PyPI, which bring Node and OpenBao along, then the
//! SDK for JavaScript, then the SDK for Rust.
//!
//! What is there in the wanted versions is left as it is.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::{process, tree};

/// Installs all of them.
pub(crate) fn install() -> Result<(), Failure> {
    install_python_packages()?;
    install_javascript_packages()?;
    build_rust_client()
}

/// A virtual environment below `target/`, made anew when the list of packages changes.
fn install_python_packages() -> Result<(), Failure> {
    let root = tree::root();
    let wanted = std::fs::read_to_string(root.join("tests/requirements.txt"))?;
    let venv = root.join("target/venv");
    let stamp = venv.join("requirements.txt");
    if is_installed(&stamp, &wanted) {
        return Ok(());
    }
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    process::run(
        Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(root.join("tests/requirements.txt")),
    )?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// The folder `node_modules` beside the scripts, where Node looks for what they import.
fn install_javascript_packages() -> Result<(), Failure> {
    let folder = tree::root().join("tests/clients/javascript");
    let wanted = std::fs::read_to_string(folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/installed.json");
    if is_installed(&stamp, &wanted) {
        return Ok(());
    }
    // npm is a script that calls the node beside it.
    let programs = tree::root().join("target/venv/bin");
    let mut path = std::ffi::OsString::from(&programs);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    process::run(Command::new(programs.join("npm")).current_dir(&folder).env("PATH", path).args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel",
        "error",
    ]))?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// A workspace of its own, so that the product's build does not hold it.
fn build_rust_client() -> Result<(), Failure> {
    process::run(
        Command::new("cargo")
            .current_dir(tree::root().join("tests/clients/rust"))
            .args(["build", "--quiet", "--locked", "--target-dir"])
            .arg(tree::target().join("client-rust")),
    )
}

fn is_installed(stamp: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|installed| installed == wanted)
}

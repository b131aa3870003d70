//! Runs other programs and turns their failures into words.

use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Runs `command` with its output on the terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = format!("{command:?}");
    println!("+ {line}");
    let status = command.status().map_err(|error| Failure::new(format!("{line}: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{line} failed ({status})"))) }
}

/// Runs `command` and answers what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let line = format!("{command:?}");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::new(format!("{line}: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new(format!("{line} failed ({})", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|error| Failure::new(format!("{line}: {error}")))
}

/// Whether a program of this name is on the path.
pub(crate) fn is_installed(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|dir| dir.join(program).is_file())
}

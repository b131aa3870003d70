//! The command line's side of the operator's socket.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::admin::{Answer, Question, SOCKET};
use crate::refusal::Refusal;

/// Asks the `serve` that runs on `folder`.
pub(crate) fn ask(folder: &Path, question: &Question) -> Result<Answer, Refusal> {
    let path = folder.join(SOCKET);
    let mut stream = UnixStream::connect(&path).map_err(|error| {
        Refusal::new(format!(
            "no keyward serves {} ({error}); start keyward serve there, or name its folder with --data-dir",
            folder.display()
        ))
    })?;
    let broken = |error: std::io::Error| Refusal::new(format!("keyward serve did not answer: {error}"));
    let line = serde_json::to_string(question).map_err(|error| broken(error.into()))?;
    writeln!(stream, "{line}").map_err(broken)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(broken)?;
    serde_json::from_str(&answer).map_err(|error| broken(error.into()))
}

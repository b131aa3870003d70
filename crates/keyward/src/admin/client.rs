//! The command line's side of the operator's socket.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use zeroize::Zeroizing;

use crate::admin::{Answer, Question, SOCKET};
use crate::refusal::Refusal;

/// A connection to the `serve` that runs on a folder. Questions on one connection share a login at an HSM, which
/// ends with it.
pub(crate) struct Conversation {
    stream: BufReader<UnixStream>,
}

impl Conversation {
    /// Connects to the `serve` that runs on `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, Refusal> {
        let stream = UnixStream::connect(folder.join(SOCKET)).map_err(|error| {
            Refusal::new(format!(
                "no keyward serves {} ({error}); start keyward serve there, or name its folder with --data-dir",
                folder.display()
            ))
        })?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, question: &Question) -> Result<Answer, Refusal> {
        let broken = |error: std::io::Error| Refusal::new(format!("keyward serve did not answer: {error}"));
        // A question may hold a password.
        let mut line = Zeroizing::new(serde_json::to_string(question).map_err(|error| broken(error.into()))?);
        line.push('\n');
        self.stream.get_mut().write_all(line.as_bytes()).map_err(broken)?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer).map_err(broken)?;
        serde_json::from_str(&answer).map_err(|error| broken(error.into()))
    }
}

/// Asks one question.
pub(crate) fn ask(folder: &Path, question: &Question) -> Result<Answer, Refusal> {
    Conversation::open(folder)?.ask(question)
}

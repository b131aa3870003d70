//! Asks at the terminal, hiding what must not be seen. Without a terminal, lines of standard input are taken.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Asks for something that may be seen.
pub(crate) fn visible(question: &str) -> io::Result<String> {
    ask(question);
    read_line().map(|line| line.to_string())
}

/// Asks for something that must not be seen.
pub(crate) fn hidden(question: &str) -> io::Result<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let _hiding = Hiding::begin()?;
    ask(question);
    let line = read_line();
    eprintln!();
    line
}

/// Questions go to standard error: answers in JSON have standard output for themselves.
fn ask(question: &str) {
    eprint!("{question}");
    let _ = io::stderr().flush();
}

fn read_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let length = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(length);
    Ok(line)
}

/// The terminal shows nothing that is typed while this lives.
struct Hiding {
    before: Termios,
}

impl Hiding {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }
}

impl Drop for Hiding {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

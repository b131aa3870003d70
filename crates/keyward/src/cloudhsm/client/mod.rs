//! The user's side of `keyward cloudhsm`: one command, or `interactive`.

mod line;
mod prompt;

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use clap::Parser as _;
use clap::ValueEnum as _;
use zeroize::Zeroizing;

use crate::admin::{Answer, Conversation, Question};
use crate::cli::CloudhsmArgs;
use crate::cloudhsm::Outcome;
use crate::cloudhsm::words::{Line, RoleWord, Secret, Words};
use crate::refusal::Refusal;

/// Names the user and its password: `user:password`.
const PIN: &str = "CLOUDHSM_PIN";
/// Names the role that logs in.
const ROLE: &str = "CLOUDHSM_ROLE";

/// Does what the command line says; ends the process with 1 when the command failed, as AWS's does.
pub(crate) fn run(arguments: CloudhsmArgs) -> Result<(), Refusal> {
    let conversation = Conversation::open(&arguments.folder.data_dir)?;
    let mut client = Client { conversation, cluster_id: arguments.cluster_id };
    let done = match arguments.words {
        Words::Interactive => client.interactive()?,
        words => client.single(words)?,
    };
    if done { Ok(()) } else { std::process::exit(1) }
}

struct Client {
    conversation: Conversation,
    cluster_id: String,
}

impl Client {
    /// One command, with a login before it where it needs one.
    fn single(&mut self, words: Words) -> Result<bool, Refusal> {
        if words.needs_login() {
            let login = match login_words() {
                Ok(login) => login,
                Err(why) => return Ok(show(&Outcome::failed(why))),
            };
            let outcome = self.tell(login)?;
            if !outcome.is_done() {
                return Ok(show(&outcome));
            }
        }
        self.perform(words)
    }

    /// Reads lines until `quit` or the end. A command that fails does not end it.
    fn interactive(&mut self) -> Result<bool, Refusal> {
        let mut input = String::new();
        loop {
            if std::io::stdin().is_terminal() {
                print!("keyward-cloudhsm > ");
                let _ = std::io::stdout().flush();
            }
            input.clear();
            let length = std::io::stdin().lock().read_line(&mut input).map_err(cannot_read)?;
            if length == 0 {
                return Ok(true);
            }
            let words = match line::split(&input) {
                Ok(words) if words.is_empty() => continue,
                Ok(words) => words,
                Err(why) => {
                    show(&Outcome::failed(why));
                    continue;
                }
            };
            match Line::try_parse_from(words) {
                Ok(Line { words: Words::Quit }) => return Ok(true),
                Ok(Line { words: Words::Interactive }) => {}
                Ok(Line { words }) => {
                    self.perform(words)?;
                }
                Err(error) => println!("{}", error.render()),
            }
        }
    }

    /// Asks for what is missing, does the command, writes its file, shows what came of it.
    fn perform(&mut self, mut words: Words) -> Result<bool, Refusal> {
        if let Some((password, is_new)) = words.missing_password() {
            match ask_password(is_new) {
                Ok(typed) => *password = Some(typed),
                Err(why) => return Ok(show(&Outcome::failed(why))),
            }
        }
        let path = words.output_path().map(Path::to_owned);
        let mut outcome = self.tell(words)?;
        if let (Some(file), Some(path)) = (outcome.take_file(), path)
            && let Err(error) = std::fs::write(&path, &file.0)
        {
            return Ok(show(&Outcome::failed(format!("cannot write {}: {error}", path.display()))));
        }
        Ok(show(&outcome))
    }

    fn tell(&mut self, words: Words) -> Result<Outcome, Refusal> {
        let question = Question::Cloudhsm { cluster_id: self.cluster_id.clone(), words };
        match self.conversation.ask(&question)? {
            Answer::Cloudhsm(outcome) => Ok(outcome),
            Answer::Refused(why) => Ok(Outcome::failed(why)),
            _ => Err(Refusal::new(
                "keyward serve gave an answer to another question; are both of one version?",
            )),
        }
    }
}

/// Prints, and tells whether it was done.
fn show(outcome: &Outcome) -> bool {
    // Whoever closed our output does not want it.
    let _ = writeln!(std::io::stdout().lock(), "{}", outcome.text());
    outcome.is_done()
}

/// The login of a single command: from the environment, or asked for at a terminal.
fn login_words() -> Result<Words, String> {
    let role = match std::env::var(ROLE) {
        Ok(role) => {
            RoleWord::from_str(&role, true).map_err(|_| format!("{ROLE} has to be admin or crypto-user"))?
        }
        Err(_) => RoleWord::CryptoUser,
    };
    let (username, password) = match std::env::var(PIN).map(Zeroizing::new) {
        Ok(pin) => split_pin(&pin)?,
        Err(_) if std::io::stdin().is_terminal() => ask_login()?,
        Err(_) => return Err(format!("You are not logged in: set {ROLE} and {PIN} (user:password)")),
    };
    Ok(Words::Login { username, role, password: Some(password) })
}

fn split_pin(pin: &str) -> Result<(String, Secret), String> {
    let (username, password) =
        pin.split_once(':').ok_or_else(|| format!("{PIN} has to be of the form user:password"))?;
    Ok((username.to_owned(), Secret::new(Zeroizing::new(password.to_owned()))))
}

fn ask_login() -> Result<(String, Secret), String> {
    let username = prompt::visible("Enter username: ").map_err(|error| error.to_string())?;
    let password = prompt::hidden("Enter password: ").map_err(|error| error.to_string())?;
    Ok((username, Secret::new(password)))
}

/// Asks for a password; twice for a new one.
fn ask_password(is_new: bool) -> Result<Secret, String> {
    let ask =
        |question| prompt::hidden(question).map_err(|error| format!("cannot read the password: {error}"));
    let password = ask("Enter password: ")?;
    if is_new && *ask("Confirm password: ")? != *password {
        return Err("the passwords differ".to_owned());
    }
    Ok(Secret::new(password))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn cannot_read(error: std::io::Error) -> Refusal {
    Refusal::new(format!("cannot read: {error}"))
}

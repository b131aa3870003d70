//! A child's process: its arguments, its start in the right order, its end with its client.
//!
//! `run` serves one session on its standard input, which is one end of a socket pair that the client made: no
//! one else can have the other end, there is no name in the file system to attack, and when the client dies
//! the socket ends and the child with it. (`PR_SET_PDEATHSIG` was ruled out: it follows the parent's
//! *thread*, and would end the child when a runtime's thread goes.)

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::Kind;
use crate::confine;
use crate::seal::Folder;

const LOCK: &str = "lock";
/// A child whose parent was killed ends within milliseconds; its successor waits for that.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Why a child can not go on: one line for a person.
pub type Failure = Box<dyn std::error::Error>;

/// What a child is told on its command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    /// What to do.
    pub command: Command,
    /// The child's own folder.
    pub folder: PathBuf,
    /// The options of its kind that were given, such as `--token`.
    pub options: BTreeMap<String, OsString>,
}

/// What a child can be told to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve a session on standard input until the other side is gone.
    Run,
    /// Let a client in.
    Enrol {
        /// The client's public key.
        client: [u8; 32],
    },
}

/// A child's process. `arguments` are those after the program's name and subcommand:
///
/// - `run --folder F` serves a session on standard input until the other side is gone;
/// - `enrol --folder F --client KEY` (hex) reads a pre-shared key (hex) from standard input, makes what the
///   folder lacks, lets that client in, and prints the child's own public key (hex);
///
/// and the kind's own `options`, each with a value. `begin` does it, in a process that is protected already. Logging is the
/// caller's to set up before; failures are one line on standard error.
pub fn main(
    kind: &Kind,
    options: &[&str],
    arguments: impl IntoIterator<Item = OsString>,
    begin: impl FnOnce(Arguments) -> Result<(), Failure>,
) -> ExitCode {
    let begun = parse(options, arguments).ok_or_else(|| usage(kind).into()).and_then(|arguments| {
        confine::protect_process()?;
        begin(arguments)
    });
    match begun {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}{error}", kind.failure_prefix());
            ExitCode::FAILURE
        }
    }
}

fn usage(kind: &Kind) -> String {
    let command = kind.command;
    format!("{command} run --folder FOLDER | {command} enrol --folder FOLDER --client KEY")
}

fn parse(options: &[&str], arguments: impl IntoIterator<Item = OsString>) -> Option<Arguments> {
    let mut arguments = arguments.into_iter();
    let name = arguments.next()?;
    let (mut folder, mut client, mut given) = (None, None, BTreeMap::new());
    while let Some(flag) = arguments.next() {
        match flag.to_str()? {
            "--folder" => folder = Some(PathBuf::from(arguments.next()?)),
            "--client" => client = Some(key_from_hex(arguments.next()?.to_str()?)?),
            option if options.contains(&option) => {
                given.insert(option.to_owned(), arguments.next()?);
            }
            _ => return None,
        }
    }
    let command = match (name.to_str()?, client) {
        ("run", None) => Command::Run,
        ("enrol", Some(client)) => Command::Enrol { client },
        _ => return None,
    };
    Some(Arguments { command, folder: folder?, options: given })
}

/// Refuses a folder that no enrolment made.
pub fn require_folder(kind: &Kind, folder: &Path) -> Result<(), Failure> {
    if Folder::is_one(folder) {
        return Ok(());
    }
    let name = kind.name;
    let otherwise = kind.without_folder;
    Err(format!(
        "{} holds no {name}: restore it from a backup of the folder; or {otherwise}",
        folder.display()
    )
    .into())
}

/// One child at a time works on a folder.
pub fn lock(kind: &Kind, folder: &Path) -> Result<File, Failure> {
    let path = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
    for _ in 0..LOCK_TRIES {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            other => {
                return other.map(|()| file).map_err(|error| format!("{}: {error}", path.display()).into());
            }
        }
    }
    Err(format!("another {} is using {}: stop it first", kind.name, folder.display()).into())
}

/// Standard input, if it is a socket that our parent made and that nobody else holds.
pub fn inherited_socket(kind: &Kind) -> Result<UnixStream, Failure> {
    let name = kind.name;
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let peer = rustix::net::sockopt::socket_peercred(&socket)
        .map_err(|_| format!("standard input is no socket: the {name} is started by `keyward serve`"))?;
    let parent = rustix::process::getppid();
    if peer.uid != rustix::process::geteuid() || Some(peer.pid) != parent {
        return Err(format!("standard input does not come from the process that started the {name}").into());
    }
    Ok(UnixStream::from(socket))
}

/// The pre-shared key that the client hands over on standard input at the enrolment.
pub fn pre_shared_key() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut psk = Zeroizing::new(String::with_capacity(128));
    io::stdin().take(128).read_to_string(&mut psk)?;
    let psk = key_from_hex(psk.trim()).map(Zeroizing::new);
    psk.ok_or_else(|| "the pre-shared key is not 64 hex digits".into())
}

/// Ends an enrolment: tells the client the child's public key.
pub fn say_who(public: &[u8; 32]) {
    println!("{}", data_encoding::HEXLOWER.encode(public));
}

fn key_from_hex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Arguments> {
        parse(&["--token"], line.split(' ').map(OsString::from))
    }

    #[test]
    fn reads_its_two_commands_and_nothing_else() {
        assert!(matches!(parsed("run --folder /a"), Some(Arguments { command: Command::Run, .. })));
        let key = "ab".repeat(32);
        let enrol = parsed(&format!("enrol --folder /a --client {key} --token x")).unwrap();
        assert_eq!(enrol.command, Command::Enrol { client: [0xab; 32] });
        assert_eq!(enrol.options.get("--token"), Some(&OsString::from("x")));
        for wrong in [
            "",
            "run",
            "run --folder",
            "enrol --folder /a",
            "enrol --folder /a --client xy",
            "run --x y",
            "run --folder /a --token",
        ] {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
        assert!(parsed(&format!("run --folder /a --client {key}")).is_none());
    }
}

//! The vault's process: its arguments, its start in the right order, its end with its client.
//!
//! `run` serves one session on its standard input, which is one end of a socket pair that the client made: no
//! one else can have the other end, there is no name in the file system to attack, and when the client dies
//! the socket ends and the vault with it. (`PR_SET_PDEATHSIG` was ruled out: it follows the parent's
//! *thread*, and would end the vault when a runtime's thread goes.)

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

use crate::confine;
use crate::domain::{Domain, stored};
use crate::mechanism::selftest;
use crate::seal::Folder;
use crate::server::connection;
use crate::server::enrol::{EnrolError, enrol};
use crate::server::vault::Vault;
use crate::session::credentials::Credentials;

const USAGE: &str = "keyward vault run --folder FOLDER | keyward vault enrol --folder FOLDER --client KEY";
/// Begins the line that a failed vault says last; its client takes what follows as the reason.
pub(crate) const FAILURE_PREFIX: &str = "keyward vault: ";
const LOCK: &str = "lock";
/// A vault whose parent was killed ends within milliseconds; its successor waits for that.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

type Failure = Box<dyn std::error::Error>;

/// The vault's process. `arguments` are those after the program's name and subcommand:
///
/// - `run --folder F` serves a session on standard input until the other side is gone;
/// - `enrol --folder F --client KEY` (hex) reads a pre-shared key (hex) from standard input, makes what the
///   folder lacks, lets that client in, and prints the vault's own public key (hex).
///
/// Logging is the caller's to set up before; failures are one line on standard error.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{FAILURE_PREFIX}{error}");
            ExitCode::FAILURE
        }
    }
}

enum Command {
    Run { folder: PathBuf },
    Enrol { folder: PathBuf, client: [u8; 32] },
}

fn start(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let command = parse(arguments).ok_or(USAGE)?;
    confine::protect_process()?;
    match command {
        Command::Run { folder } => run(&folder),
        Command::Enrol { folder, client } => enrol_client(&folder, client),
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Option<Command> {
    let mut arguments = arguments.into_iter();
    let name = arguments.next()?;
    let (mut folder, mut client) = (None, None);
    while let Some(flag) = arguments.next() {
        match flag.to_str()? {
            "--folder" => folder = Some(PathBuf::from(arguments.next()?)),
            "--client" => client = Some(key_from_hex(arguments.next()?.to_str()?)?),
            _ => return None,
        }
    }
    match name.to_str()? {
        "run" if client.is_none() => Some(Command::Run { folder: folder? }),
        "enrol" => Some(Command::Enrol { folder: folder?, client: client? }),
        _ => None,
    }
}

fn run(folder: &Path) -> Result<(), Failure> {
    selftest::run()?;
    if !Folder::is_one(folder) {
        return Err(format!(
            "{} holds no vault: restore it from a backup; or, if no key is to be kept, remove the client's \
             session folder too, and a new vault is made",
            folder.display()
        )
        .into());
    }
    let _lock = lock(folder)?;
    let sealed = Folder::open(folder)?;
    if !stored::exists(&sealed) {
        return Err(EnrolError::DomainLost.to_string().into());
    }
    let credentials = Credentials::read_vault(&sealed)?;
    let domain = Domain::open(sealed)?;
    let socket = inherited_socket()?;
    confine::require_one_thread()?;
    let protections = confine::confine(folder);
    connection::serve(Vault::new(domain, protections), socket, &credentials)?;
    Ok(())
}

fn enrol_client(folder: &Path, client: [u8; 32]) -> Result<(), Failure> {
    selftest::run()?;
    let sealed = Folder::create(folder)?;
    let _lock = lock(folder)?;
    let mut psk = Zeroizing::new(String::with_capacity(128));
    io::stdin().take(128).read_to_string(&mut psk)?;
    let psk =
        key_from_hex(psk.trim()).map(Zeroizing::new).ok_or("the pre-shared key is not 64 hex digits")?;
    let public = enrol(&sealed, client, psk).map_err(|error| error.to_string())?;
    println!("{}", data_encoding::HEXLOWER.encode(&public));
    Ok(())
}

/// One vault at a time works on a folder.
fn lock(folder: &Path) -> Result<File, Failure> {
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
    Err(format!("another vault is using {}: stop it first", folder.display()).into())
}

/// Standard input, if it is a socket that our parent made and that nobody else holds.
fn inherited_socket() -> Result<UnixStream, Failure> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let peer = rustix::net::sockopt::socket_peercred(&socket)
        .map_err(|_| "standard input is no socket: the vault is started by `keyward serve`")?;
    let parent = rustix::process::getppid();
    if peer.uid != rustix::process::geteuid() || Some(peer.pid) != parent {
        return Err("standard input does not come from the process that started the vault".into());
    }
    Ok(UnixStream::from(socket))
}

fn key_from_hex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Command> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn reads_its_two_commands_and_nothing_else() {
        assert!(matches!(parsed("run --folder /a"), Some(Command::Run { .. })));
        let key = "ab".repeat(32);
        let enrol = parsed(&format!("enrol --folder /a --client {key}"));
        assert!(matches!(enrol, Some(Command::Enrol { client, .. }) if client == [0xab; 32]));
        for wrong in
            ["", "run", "run --folder", "enrol --folder /a", "enrol --folder /a --client xy", "run --x y"]
        {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
    }
}

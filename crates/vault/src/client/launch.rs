//! Starts the vault's process once: the enrolment on the first start, then the session.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, Command};
use zeroize::Zeroizing;

use crate::client::supervisor::{StartError, VaultConfig};
use crate::seal::create_private_folder;
use crate::server::process::FAILURE_PREFIX;
use crate::session::channel::{Channel, with_length};
use crate::session::credentials::Credentials;
use crate::session::handshake::{Initiator, key_pair};

/// A vault that does not get ready in this time is given up. It may wait 5 s for its predecessor's end.
const START_SECONDS_MAX: u64 = 30;
/// What the vault gets of our environment; the rest may hold secrets that it has no use for.
const ENVIRONMENT: [&str; 3] = ["RUST_LOG", "RUST_BACKTRACE", "NO_COLOR"];

/// A vault that is running and has shown who it is.
pub(crate) struct Launched {
    pub(crate) child: Child,
    pub(crate) socket: UnixStream,
    pub(crate) channel: Channel,
}

/// Our half of the session; on the first start both halves are made.
pub(crate) async fn credentials(config: &VaultConfig) -> Result<Credentials, StartError> {
    match Credentials::read_client(&config.session_folder).map_err(StartError::because)? {
        Some(known) => Ok(known),
        None => enrol(config).await,
    }
}

/// Starts the process and shakes hands with it.
pub(crate) async fn launch(config: &VaultConfig, known: &Credentials) -> Result<Launched, StartError> {
    let (ours, theirs) = StdStream::pair().map_err(StartError::because)?;
    ours.set_nonblocking(true).map_err(StartError::because)?;
    let mut socket = UnixStream::from_std(ours).map_err(StartError::because)?;
    let mut command = command(config, "run")?;
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null());
    let (child, last_words) = spawn(&mut command)?;
    // The child holds the other end now; ours must be the only one left when it dies.
    drop(command);
    let shaken =
        tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), shake(&mut socket, known)).await;
    match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(channel) => Ok(Launched { child, socket, channel }),
        Err(error) => Err(last_words.explain(child, &error).await),
    }
}

async fn shake(socket: &mut UnixStream, known: &Credentials) -> io::Result<Channel> {
    let (initiator, message) = Initiator::start(known).map_err(io::Error::other)?;
    socket.write_all(&with_length(&message).map_err(io::Error::other)?).await?;
    let length = socket.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    socket.read_exact(&mut answer).await?;
    initiator.finish(&answer).map_err(io::Error::other)
}

async fn enrol(config: &VaultConfig) -> Result<Credentials, StartError> {
    create_private_folder(&config.session_folder).map_err(StartError::because)?;
    let (private, public) = key_pair().map_err(StartError::because)?;
    let mut psk = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *psk).map_err(StartError::because)?;
    let mut command = command(config, "enrol")?;
    command.arg("--client").arg(data_encoding::HEXLOWER.encode(&public));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let (mut child, last_words) = spawn(&mut command)?;
    let talk =
        tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), introduce(&mut child, &psk)).await;
    let peer = match talk.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(peer) => peer,
        Err(error) => return Err(last_words.explain(child, &error).await),
    };
    let known = Credentials { private: Zeroizing::new(private), public, peer, psk };
    known.write_client(&config.session_folder).map_err(StartError::because)?;
    Ok(known)
}

/// Hands the pre-shared key over and reads the vault's public key, once the vault has written its half.
async fn introduce(child: &mut Child, psk: &[u8; 32]) -> io::Result<[u8; 32]> {
    let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(psk));
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(hex.as_bytes()).await?;
    }
    let mut public = String::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(1024).read_to_string(&mut public).await?;
    }
    let ended = child.wait().await?.success();
    let public = data_encoding::HEXLOWER.decode(public.trim().as_bytes()).ok();
    let public = public.and_then(|bytes| bytes.try_into().ok()).filter(|_| ended);
    public.ok_or_else(|| io::Error::other("it did not say who it is"))
}

fn command(config: &VaultConfig, name: &str) -> Result<Command, StartError> {
    // The child starts in the root folder, so that it holds no other one.
    let folder = std::path::absolute(&config.vault_folder).map_err(StartError::because)?;
    let program = std::path::absolute(&config.program).map_err(StartError::because)?;
    let mut command = Command::new(program);
    command.args(&config.arguments).arg(name).arg("--folder").arg(folder);
    command.env_clear().envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    // Few arenas: each reserves much address space, all of which counts as locked.
    command.env("MALLOC_ARENA_MAX", "2");
    // Ctrl-C at a terminal reaches a whole process group; the vault ends with its session, after us.
    command.current_dir(PathBuf::from("/")).stderr(Stdio::piped()).kill_on_drop(true).process_group(0);
    Ok(command)
}

fn spawn(command: &mut Command) -> Result<(Child, LastWords), StartError> {
    let mut child = command.spawn().map_err(|error| {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        StartError::because(format!("{program}: {error}"))
    })?;
    let last_words = LastWords::default();
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(pass_on(stderr, last_words.clone()));
    }
    Ok((child, last_words))
}

/// Why the vault failed, in its own words.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<String>>);

/// Passes the vault's log on to ours. The line that says why it failed is kept for whoever started it, so that
/// a person reads it once.
async fn pass_on(stderr: ChildStderr, last_words: LastWords) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match line.strip_prefix(FAILURE_PREFIX) {
            None => eprintln!("{line}"),
            Some(reason) => {
                tracing::debug!(reason, "the vault failed");
                *last_words.0.lock().unwrap_or_else(PoisonError::into_inner) = reason.to_owned();
            }
        }
    }
}

impl LastWords {
    /// Why the vault did not get ready: what it said itself, or else what we saw.
    async fn explain(self, mut child: Child, seen: &io::Error) -> StartError {
        // An error means that it has ended already.
        let _ = child.start_kill();
        let _ = child.wait().await;
        // Its last line may still be on its way through the pipe.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let said = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if said.is_empty() { StartError::because(seen.to_string()) } else { StartError::because(said) }
    }
}

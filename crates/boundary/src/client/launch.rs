//! Starts the child's process once: the enrolment on the first start, then the session.

use std::ffi::OsString;
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

use crate::Kind;
use crate::client::supervisor::StartError;
use crate::seal::create_private_folder;
use crate::session::channel::{Channel, with_length};
use crate::session::credentials::Credentials;
use crate::session::handshake::{Initiator, key_pair};

/// A child that does not get ready in this time is given up. It may wait 5 s for its predecessor's end.
const START_SECONDS_MAX: u64 = 30;
/// What the child gets of our environment; the rest may hold secrets that it has no use for.
const ENVIRONMENT: [&str; 3] = ["RUST_LOG", "RUST_BACKTRACE", "NO_COLOR"];

/// How to start a child.
#[derive(Clone, Debug)]
pub struct ChildConfig {
    /// Which kind it is.
    pub kind: Kind,
    /// The path of the program; the house's own binary in production.
    pub program: PathBuf,
    /// What comes before the child's own arguments, such as the subcommand `vault`.
    pub arguments: Vec<OsString>,
    /// The child's own folder: keys, file key, its half of the session. Only the child reads it.
    pub folder: PathBuf,
    /// The client's half of the session.
    pub session_folder: PathBuf,
    /// What comes after the arguments that every child has.
    pub options: Vec<OsString>,
    /// What the child's environment has besides the least.
    pub environment: Vec<(OsString, OsString)>,
}

/// A child that is running and has shown who it is.
pub struct Launched {
    /// The process.
    pub child: Child,
    /// Our end of its socket.
    pub socket: UnixStream,
    /// The session on it.
    pub channel: Channel,
}

/// Our half of the session; on the first start both halves are made.
pub async fn credentials(config: &ChildConfig) -> Result<Credentials, StartError> {
    match Credentials::read_client(&config.session_folder).map_err(|error| failed(config, error))? {
        Some(known) => Ok(known),
        None => enrol(config).await,
    }
}

/// Starts the process and shakes hands with it.
pub async fn launch(config: &ChildConfig, known: &Credentials) -> Result<Launched, StartError> {
    let (ours, theirs) = StdStream::pair().map_err(|error| failed(config, error))?;
    ours.set_nonblocking(true).map_err(|error| failed(config, error))?;
    let mut socket = UnixStream::from_std(ours).map_err(|error| failed(config, error))?;
    let mut command = command(config, "run")?;
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null());
    let (child, last_words) = spawn(config, &mut command)?;
    // The child holds the other end now; ours must be the only one left when it dies.
    drop(command);
    let shaken = tokio::time::timeout(
        Duration::from_secs(START_SECONDS_MAX),
        shake(&mut socket, known, config.kind.prologue),
    )
    .await;
    match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(channel) => Ok(Launched { child, socket, channel }),
        Err(error) => Err(last_words.explain(child, &error).await),
    }
}

async fn shake(socket: &mut UnixStream, known: &Credentials, prologue: &[u8]) -> io::Result<Channel> {
    let (initiator, message) = Initiator::start(known, prologue).map_err(io::Error::other)?;
    socket.write_all(&with_length(&message).map_err(io::Error::other)?).await?;
    let length = socket.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    socket.read_exact(&mut answer).await?;
    initiator.finish(&answer).map_err(io::Error::other)
}

async fn enrol(config: &ChildConfig) -> Result<Credentials, StartError> {
    create_private_folder(&config.session_folder).map_err(|error| failed(config, error))?;
    let (private, public) = key_pair().map_err(|error| failed(config, error))?;
    let mut psk = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *psk).map_err(|error| failed(config, error))?;
    let mut command = command(config, "enrol")?;
    command.arg("--client").arg(data_encoding::HEXLOWER.encode(&public));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let (mut child, last_words) = spawn(config, &mut command)?;
    let talk =
        tokio::time::timeout(Duration::from_secs(START_SECONDS_MAX), introduce(&mut child, &psk)).await;
    let peer = match talk.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(peer) => peer,
        Err(error) => return Err(last_words.explain(child, &error).await),
    };
    let known = Credentials { private: Zeroizing::new(private), public, peer, psk };
    known.write_client(&config.session_folder).map_err(|error| failed(config, error))?;
    Ok(known)
}

/// Hands the pre-shared key over and reads the child's public key, once the child has written its half.
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

fn failed(config: &ChildConfig, cause: impl std::fmt::Display) -> StartError {
    StartError::because(&config.kind, cause)
}

fn command(config: &ChildConfig, name: &str) -> Result<Command, StartError> {
    // The child starts in the root folder, so that it holds no other one.
    let folder = std::path::absolute(&config.folder).map_err(|error| failed(config, error))?;
    let program = std::path::absolute(&config.program).map_err(|error| failed(config, error))?;
    let mut command = Command::new(program);
    command.args(&config.arguments).arg(name).arg("--folder").arg(folder).args(&config.options);
    command.env_clear().envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    // Few and small arenas: the address space that they reserve counts as locked. The first is for libc's own, the other for ours.
    command.env("MALLOC_ARENA_MAX", "2").env("MIMALLOC_ARENA_RESERVE", "64MiB");
    command.envs(config.environment.iter().map(|(name, value)| (name, value)));
    // Ctrl-C at a terminal reaches a whole process group; the child ends with its session, after us.
    command.current_dir(PathBuf::from("/")).stderr(Stdio::piped()).kill_on_drop(true).process_group(0);
    Ok(command)
}

fn spawn(config: &ChildConfig, command: &mut Command) -> Result<(Child, LastWords), StartError> {
    let mut child = command.spawn().map_err(|error| {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        failed(config, format!("{program}: {error}"))
    })?;
    let last_words = LastWords { kind: config.kind, said: Arc::default() };
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(pass_on(config.kind, stderr, last_words.clone()));
    }
    Ok((child, last_words))
}

/// Why the child failed, in its own words.
#[derive(Clone)]
struct LastWords {
    kind: Kind,
    said: Arc<Mutex<String>>,
}

/// Passes the child's log on to ours. The line that says why it failed is kept for whoever started it, so that
/// a person reads it once.
async fn pass_on(kind: Kind, stderr: ChildStderr, last_words: LastWords) {
    let prefix = kind.failure_prefix();
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match line.strip_prefix(&prefix) {
            None => eprintln!("{line}"),
            Some(reason) => {
                tracing::debug!(reason, "the {} failed", kind.name);
                *last_words.said.lock().unwrap_or_else(PoisonError::into_inner) = reason.to_owned();
            }
        }
    }
}

impl LastWords {
    /// Why the child did not get ready: what it said itself, or else what we saw.
    async fn explain(self, mut child: Child, seen: &io::Error) -> StartError {
        // An error means that it has ended already.
        let _ = child.start_kill();
        let _ = child.wait().await;
        // Its last line may still be on its way through the pipe.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let said = std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner));
        let cause = if said.is_empty() { seen.to_string() } else { said };
        StartError::because(&self.kind, cause)
    }
}

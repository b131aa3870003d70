//! The processes that are measured: started pinned to one core, killed at the end.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::openbao::TOKEN;
use crate::sign::Signer;

/// The core of all that are measured; the load runs on another.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

/// Keeps this process, which makes the load, away from the servers.
pub(crate) fn pin_the_load() -> Result<(), Failure> {
    let own = std::process::id().to_string();
    let done = Command::new("taskset").args(["-cp", LOAD_CORE, &own]).stdout(Stdio::null()).status()?;
    if done.success() { Ok(()) } else { Err("the load can not be pinned to a core of its own".into()) }
}

/// A process that goes when this does.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    fn start(program: &Path, arguments: &[&str], address: String) -> Result<Self, Failure> {
        Self::start_in(program, arguments, address, Path::new("."))
    }

    fn start_in(program: &Path, arguments: &[&str], address: String, home: &Path) -> Result<Self, Failure> {
        let child = Command::new("taskset")
            .args(["-c", SERVER_CORE])
            .arg(program)
            .args(arguments)
            .env("RUST_LOG", "warn,audit=off")
            .env("HOME", home)
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { child, address })
    }

    /// The bare hyper server.
    pub(crate) fn bare() -> Result<Self, Failure> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let server = Self::start(&std::env::current_exe()?, &["bare", &address], address.clone())?;
        wait_until(|| std::net::TcpStream::connect(&address).is_ok())?;
        Ok(server)
    }

    /// OpenBao's development server: unsealed, in memory, without TLS.
    pub(crate) fn openbao(program: &Path, folder: &Path) -> Result<Self, Failure> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let listen = format!("-dev-listen-address={address}");
        let token = format!("-dev-root-token-id={TOKEN}");
        let arguments = ["server", "-dev", "-dev-no-store-token", "-log-level=error", &listen, &token];
        // It keeps a file in its home.
        let server = Self::start_in(program, &arguments, address.clone(), folder)?;
        wait_until(|| std::net::TcpStream::connect(&address).is_ok())?;
        Ok(server)
    }

    /// Keyward in `folder`, and who may call it.
    pub(crate) fn keyward(folder: &Path) -> Result<(Self, Signer), Failure> {
        Self::keyward_with(folder, &[])
    }

    /// The same with more arguments. A folder of an earlier server is used again.
    pub(crate) fn keyward_with(folder: &Path, more: &[&str]) -> Result<(Self, Signer), Failure> {
        let data = folder.join("data");
        let address = format!("127.0.0.1:{}", free_port()?);
        let place = data.to_string_lossy();
        let arguments = ["serve", "--data-dir", &place, "--listen", &address, "--dns-listen", "127.0.0.1:0"];
        let arguments = [&arguments[..], more].concat();
        let _ = std::fs::remove_file(data.join("endpoints.json"));
        let server = Self::start(&binary()?, &arguments, address.clone())?;
        wait_until(|| data.join("endpoints.json").exists())?;
        let credentials = std::fs::read_to_string(data.join("credentials"))?;
        let value = |key: &str| -> Result<String, Failure> {
            let line = credentials.lines().find_map(|line| line.strip_prefix(key));
            Ok(line
                .ok_or("the credentials file is not as expected")?
                .trim_start_matches([' ', '='])
                .to_owned())
        };
        let signer = Signer {
            access_key_id: value("aws_access_key_id")?,
            secret: value("aws_secret_access_key")?,
            host: address,
        };
        Ok((server, signer))
    }

    /// Ends it in an orderly way.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The release build beside this benchmark.
pub(crate) fn binary() -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name("keyward");
    if path.exists() { Ok(path) } else { Err("build keyward first: cargo build --release".into()) }
}

fn free_port() -> Result<u16, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_until(ready: impl Fn() -> bool) -> Result<(), Failure> {
    for _ in 0..600 {
        if ready() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("a server did not get ready".into())
}

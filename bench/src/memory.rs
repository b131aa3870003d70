//! Memory: with many keys, after a start on them, and over many requests. Figures are of the API's process and
//! the vault's, resident, as the kernel counts them.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpStream;

use crate::load::Asked;
use crate::server::Server;
use crate::sign::Signer;
use crate::{Failure, cpu, load};

/// How much to make and to ask.
pub(crate) struct Amounts {
    pub(crate) keys: u64,
    pub(crate) requests: u64,
}

/// Keys that are described once each, so that they are loaded.
const TOUCHED_MAX: usize = 40_000;
const CONNECTIONS: usize = 32;
const STEP: Duration = Duration::from_secs(5);
/// More keys than AWS allows.
const CONFIG: &str = "[quotas.kms]\nkeys = 100000000\n";

/// Measures and prints.
pub(crate) fn run(amounts: &Amounts) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("keyward.toml");
    std::fs::write(&config, CONFIG)?;
    let (server, signer) = start(folder.path(), &config)?;
    print("no keys", &server)?;
    let made = runtime.block_on(make_keys(&signer, amounts.keys))?;
    print(&format!("{made} keys made"), &server)?;
    drop(server);

    let begin = Instant::now();
    let (server, _) = start(folder.path(), &config)?;
    println!(
        "started on {made} keys in {:?} (killed before, so that the store was checked)",
        begin.elapsed()
    );
    print("started", &server)?;
    server.end()?;

    let begin = Instant::now();
    let (server, signer) = start(folder.path(), &config)?;
    println!("started again in {:?}, after an orderly end", begin.elapsed());
    let touched = runtime.block_on(touch(&signer))?;
    print(&format!("{touched} of them described once"), &server)?;
    runtime.block_on(ask(&server, &signer, amounts.requests))
}

fn start(folder: &Path, config: &Path) -> Result<(Server, Signer), Failure> {
    Server::keyward_with(folder, &["--config", &config.to_string_lossy()])
}

fn print(what: &str, server: &Server) -> Result<(), Failure> {
    let [api, vault] = cpu::resident(server.id())?;
    println!("{what}: API {} MB, vault {} MB", api >> 20, vault >> 20);
    Ok(())
}

/// Makes keys and answers how many. A signed request can be sent again: each makes another key.
async fn make_keys(signer: &Signer, keys: u64) -> Result<u64, Failure> {
    let mut made = 0;
    while made < keys {
        let asked = Asked { request: signer.kms("CreateKey", "{}"), expected: b"\"KeyId\":\"".to_vec() };
        made += load::run(&signer.host, &asked, CONNECTIONS, STEP).await?.good;
    }
    Ok(made)
}

/// Lists keys and describes each once.
async fn touch(signer: &Signer) -> Result<usize, Failure> {
    let mut stream = TcpStream::connect(&signer.host).await?;
    let (mut touched, mut marker) = (0, None::<String>);
    loop {
        let body = match &marker {
            Some(marker) => format!("{{\"Limit\":1000,\"Marker\":\"{marker}\"}}"),
            None => "{\"Limit\":1000}".to_owned(),
        };
        let page: Value =
            serde_json::from_slice(&load::once(&mut stream, &signer.kms("ListKeys", &body)).await?)?;
        for key in page["Keys"].as_array().ok_or("no list of keys")? {
            let body = format!("{{\"KeyId\":{}}}", key["KeyId"]);
            load::once(&mut stream, &signer.kms("DescribeKey", &body)).await?;
            touched += 1;
        }
        marker = page["NextMarker"].as_str().map(str::to_owned);
        if marker.is_none() || touched >= TOUCHED_MAX {
            return Ok(touched);
        }
    }
}

/// Encrypts over and over and prints how memory goes.
async fn ask(server: &Server, signer: &Signer, requests: u64) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(&signer.host).await?;
    let page: Value =
        serde_json::from_slice(&load::once(&mut stream, &signer.kms("ListKeys", "{\"Limit\":1}")).await?)?;
    let body = format!("{{\"KeyId\":{},\"Plaintext\":\"{}\"}}", page["Keys"][0]["KeyId"], "AAAA".repeat(256));
    let (mut done, mut shown) = (0, 0);
    while done < requests {
        let request = signer.kms("Encrypt", &body);
        let asked = Asked { request, expected: b"\"CiphertextBlob\":\"".to_vec() };
        done += load::run(&signer.host, &asked, CONNECTIONS, STEP).await?.good;
        if done / (requests / 8).max(1) > shown {
            shown = done / (requests / 8).max(1);
            print(&format!("{done} requests"), server)?;
        }
    }
    Ok(())
}

//! Sends one request over and over on many connections and counts the good answers.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Failure;

/// What came of a load.
pub(crate) struct Outcome {
    /// Answers with status 200.
    pub(crate) good: u64,
    /// How long each took, in order of length.
    pub(crate) latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that this share of the answers stayed below.
    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// Loads `address` for a while. Any answer but 200 is a failure of the benchmark.
pub(crate) async fn run(
    address: &str,
    request: &[u8],
    connections: usize,
    duration: Duration,
) -> Result<Outcome, Failure> {
    let end = Instant::now() + duration;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (address, request) = (address.to_owned(), request.to_vec());
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(&address).await?;
            stream.set_nodelay(true)?;
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let begin = Instant::now();
                once(&mut stream, &request).await?;
                latencies.push(begin.elapsed());
            }
            Ok::<_, std::io::Error>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort_unstable();
    Ok(Outcome { good: latencies.len() as u64, latencies })
}

/// One request and its answer's body.
pub(crate) async fn once(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let length = content_length(&answer[..head]);
        if answer.len() < head + 4 + length {
            continue;
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(std::io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
        }
        return Ok(answer.split_off(head + 4));
    }
}

fn content_length(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

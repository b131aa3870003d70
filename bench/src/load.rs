//! Sends one request over and over on many connections, and checks every answer.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Failure;

/// A request, and what a right answer to it holds.
#[derive(Clone)]
pub(crate) struct Asked {
    /// Head and body.
    pub(crate) request: Vec<u8>,
    /// Bytes that stand in the body of every right answer.
    pub(crate) expected: Vec<u8>,
}

/// What came of a load.
pub(crate) struct Outcome {
    /// Right answers.
    pub(crate) good: u64,
    /// How long all of it took.
    pub(crate) duration: Duration,
    /// How long each took, in order of length.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that this share of the answers stayed below, in microseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let at = (self.latencies.len() as f64 * share) as usize;
        let found = self.latencies.get(at.min(self.latencies.len().saturating_sub(1)));
        found.copied().unwrap_or_default().as_secs_f64() * 1e6
    }
}

/// Loads `address` for a while. A wrong answer is a failure of the benchmark.
pub(crate) async fn run(
    address: &str,
    asked: &Asked,
    connections: usize,
    duration: Duration,
) -> Result<Outcome, Failure> {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(one_connection(address.to_owned(), asked.clone(), begin + duration));
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort_unstable();
    Ok(Outcome { good: latencies.len() as u64, duration: begin.elapsed(), latencies })
}

/// Loads `address` for a while and goes on after failures: when each right answer came and how long it took, and how many requests failed.
pub(crate) async fn run_through(
    address: &str,
    asked: &Asked,
    connections: usize,
    duration: Duration,
) -> (Vec<(Instant, Duration)>, u64) {
    let end = Instant::now() + duration;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (address, asked) = (address.to_owned(), asked.clone());
        tasks.spawn(async move {
            let (mut good, mut failed) = (Vec::new(), 0);
            while Instant::now() < end {
                if one_stubborn_connection(&address, &asked, end, &mut good).await.is_err() {
                    failed += 1;
                }
            }
            (good, failed)
        });
    }
    let (mut good, mut failed) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (more, failures) = done.unwrap_or_default();
        good.extend(more);
        failed += failures;
    }
    (good, failed)
}

async fn one_stubborn_connection(
    address: &str,
    asked: &Asked,
    end: Instant,
    good: &mut Vec<(Instant, Duration)>,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    while Instant::now() < end {
        let begin = Instant::now();
        let answer = once(&mut stream, &asked.request).await?;
        if !holds(&answer, &asked.expected) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        good.push((Instant::now(), begin.elapsed()));
    }
    Ok(())
}

async fn one_connection(address: String, asked: Asked, end: Instant) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let begin = Instant::now();
        let answer = once(&mut stream, &asked.request).await?;
        latencies.push(begin.elapsed());
        if !holds(&answer, &asked.expected) {
            return Err(io::Error::other(format!("a wrong answer: {}", String::from_utf8_lossy(&answer))));
        }
    }
    Ok(latencies)
}

fn holds(answer: &[u8], expected: &[u8]) -> bool {
    expected.is_empty() || answer.windows(expected.len()).any(|part| part == expected)
}

/// One request and its answer's body; any status but 200 and 204 is an error.
pub(crate) async fn once(stream: &mut TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let length = content_length(&answer[..head]);
        if answer.len() < head + 4 + length {
            continue;
        }
        if !answer.starts_with(b"HTTP/1.1 200") && !answer.starts_with(b"HTTP/1.1 204") {
            return Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()));
        }
        return Ok(answer.split_off(head + 4));
    }
}

fn content_length(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

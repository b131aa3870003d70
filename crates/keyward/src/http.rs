//! The API's listener: HTTP/1 and HTTP/2 connections in, whole requests to the gate, answers out.
//!
//! Knows nothing of AWS. Draining lets every request that has begun end well.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// More than the largest request that any service takes.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long a client may take to send its headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long draining waits for requests that have begun.
const DRAIN_SECONDS_MAX: u64 = 20;

/// Answers one request. Shared by all connections.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, request: Request<Bytes>, peer: IpAddr) -> impl Future<Output = Response<Bytes>> + Send;
}

/// Serves until `stop` becomes true, then drains.
pub(crate) async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connect(stream, peer, &handler, &connections),
                Err(error) => pause_after(&error).await,
            },
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(Duration::from_secs(DRAIN_SECONDS_MAX), connections.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end within {DRAIN_SECONDS_MAX} seconds and were closed");
    }
}

/// Ends when `stop` becomes true, or when nobody can set it any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Out of descriptors or the like: give others time to close theirs.
async fn pause_after(error: &std::io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn connect<H: Handler>(
    stream: TcpStream,
    peer: SocketAddr,
    handler: &Arc<H>,
    connections: &GracefulShutdown,
) {
    let _ = stream.set_nodelay(true);
    let handler = Arc::clone(handler);
    let service = service_fn(move |request| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(answer(&*handler, request, peer.ip()).await.map(Full::new)) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended badly");
        }
    });
}

async fn answer<H: Handler>(handler: &H, request: Request<Incoming>, peer: IpAddr) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => handler.handle(Request::from_parts(head, body.to_bytes()), peer).await,
        Err(error) if error.is::<http_body_util::LengthLimitError>() => plain(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => plain(StatusCode::BAD_REQUEST),
    }
}

/// An answer without a body.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

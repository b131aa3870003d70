//! A bare hyper server that answers as many bytes, for what HTTP alone costs.
//!
//! The request's path holds nothing; how many bytes to answer stands in the header `x-answer-bytes`.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;

use crate::Failure;

/// Serves until it is killed.
pub(crate) fn serve(address: &str) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let length = request.headers().get("x-answer-bytes").and_then(|value| value.to_str().ok()?.parse().ok());
    // The whole request is read, as the subject must.
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(Bytes::from(vec![b'x'; length.unwrap_or(0)])));
    let kind = HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    let id = HeaderValue::from_static("00000000-0000-0000-0000-000000000000");
    response.headers_mut().insert("x-amzn-requestid", id);
    Ok(response)
}

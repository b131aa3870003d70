//! What the API's listener answers: `/health` and `/metrics` here, everything else at the gate.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use keyward_store::{Key, Store as _};

use crate::house::House;
use crate::http::Handler;

impl Handler for House {
    async fn handle(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/health") => self.health().await,
            (&Method::GET, "/metrics") => {
                typed(StatusCode::OK, "text/plain; version=0.0.4", self.metrics.text())
            }
            _ => self.gate.handle(request, peer).await,
        }
    }
}

impl House {
    /// Whether the vault and the store answer.
    async fn health(&self) -> Response<Bytes> {
        let vault = self.vault.status().await.is_ok();
        let store = self.store.get(&Key::of(&["health"])).await.is_ok();
        let (status, word) = if vault && store {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "degraded")
        };
        let body = serde_json::json!({ "status": word, "vault": vault, "store": store });
        typed(status, "application/json", body.to_string())
    }
}

fn typed(status: StatusCode, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

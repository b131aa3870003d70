//! The client's side of SigV4, for tests that must sign requests.

use aws_lc_rs::hmac;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use keyward_base::Timestamp;

use super::canonical::{sha256_hex, string_to_sign};
use super::{ALGORITHM, Presented, RawRequest};

/// With what a request is signed.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The token of a temporary key.
    pub session_token: Option<&'a str>,
    /// The scope's region.
    pub region: &'a str,
    /// The scope's service.
    pub service: &'a str,
    /// The signature's time.
    pub time: Timestamp,
}

impl Signer<'_> {
    /// Signs all headers of `request` and puts the signature into its Authorization header.
    pub fn sign(&self, request: Request<Bytes>) -> Request<Bytes> {
        let (mut parts, body) = request.into_parts();
        set(&mut parts, "x-amz-date", &self.time.iso8601_basic());
        if let Some(token) = self.session_token {
            set(&mut parts, "x-amz-security-token", token);
        }
        let mut names: Vec<&str> = parts.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let presented = self.presented(names.join(";"));
        let signature = self.signature(&RawRequest::of(&parts, &body), &presented);
        let header = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.access_key_id,
            presented.scope(),
            presented.signed_headers
        );
        set(&mut parts, "authorization", &header);
        Request::from_parts(parts, body)
    }

    /// Puts a signature over `host` and the query into the query.
    pub fn presign(&self, request: Request<Bytes>, expires_seconds: u32) -> Request<Bytes> {
        let (mut parts, body) = request.into_parts();
        let presented = self.presented("host".to_owned());
        let credential = format!("{}/{}", self.access_key_id, presented.scope()).replace('/', "%2F");
        let mut query = parts.uri.query().map_or_else(String::new, |query| format!("{query}&"));
        query += &format!(
            "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={}\
             &X-Amz-Expires={expires_seconds}&X-Amz-SignedHeaders=host",
            self.time.iso8601_basic()
        );
        if let Some(token) = self.session_token {
            query += &format!("&X-Amz-Security-Token={}", token.replace('/', "%2F").replace('+', "%2B"));
        }
        set_query(&mut parts, &query);
        let signature = self.signature(&RawRequest::of(&parts, &body), &presented);
        set_query(&mut parts, &format!("{query}&X-Amz-Signature={signature}"));
        Request::from_parts(parts, body)
    }

    fn presented(&self, signed_headers: String) -> Presented<'_> {
        let day = self.time.iso8601_basic().chars().take(8).collect::<String>();
        Presented {
            access_key_id: self.access_key_id.into(),
            date: day.into(),
            region: self.region.into(),
            service: self.service.into(),
            signed_headers: signed_headers.into(),
            signature: "".into(),
            time: self.time,
            time_basic: self.time.iso8601_basic().into(),
            session_token: None,
            expires_seconds: None,
        }
    }

    fn signature(&self, request: &RawRequest<'_>, presented: &Presented<'_>) -> String {
        let text = string_to_sign(request, presented, &sha256_hex(request.body), &presented.scope());
        let key = super::key::derive(self.secret.as_bytes(), &presented.scope());
        HEXLOWER.encode(hmac::sign(&key, text.as_bytes()).as_ref())
    }
}

fn set(parts: &mut Parts, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        parts.headers.insert(HeaderName::from_static(name), value);
    }
}

fn set_query(parts: &mut Parts, query: &str) {
    if let Ok(uri) = format!("{}?{query}", parts.uri.path()).parse() {
        parts.uri = uri;
    }
}

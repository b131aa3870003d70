//! What a request says about its signature, in the Authorization header or in the query.

use std::borrow::Cow;

use aws_lc_rs::digest;
use data_encoding::BASE64;
use keyward_base::Timestamp;
use percent_encoding::percent_decode_str;

use super::{ALGORITHM, AuthError, RawRequest, TERMINATOR};

/// A signature with all that it claims. Nothing of it is verified yet but its form.
#[derive(Clone, Debug)]
pub(crate) struct Presented<'a> {
    pub(crate) access_key_id: Cow<'a, str>,
    pub(crate) date: Cow<'a, str>,
    pub(crate) region: Cow<'a, str>,
    pub(crate) service: Cow<'a, str>,
    /// As sent: lower-case names joined by `;`.
    pub(crate) signed_headers: Cow<'a, str>,
    pub(crate) signature: Cow<'a, str>,
    pub(crate) time: Timestamp,
    /// The same as SigV4 writes it: `20260102T030405Z`.
    pub(crate) time_basic: Cow<'a, str>,
    pub(crate) session_token: Option<Cow<'a, str>>,
    /// Seconds for which a presigned request is good.
    pub(crate) expires_seconds: Option<u32>,
}

impl<'a> Presented<'a> {
    /// Reads the signature of `request`.
    pub(crate) fn read(request: &RawRequest<'a>) -> Result<Self, AuthError> {
        let header = request.header("authorization");
        let query = Query(request.query);
        let presigned = query.get("X-Amz-Signature").or(query.get("X-Amz-Algorithm")).is_some();
        match (header, presigned) {
            (None, false) => Err(AuthError::Missing),
            (Some(_), true) => Err(AuthError::Incomplete(
                "Only one of header and query-string authentication may be used.".into(),
            )),
            (Some(header), false) => from_header(request, header),
            (None, true) => from_query(&query),
        }
    }

    /// `date/region/service/aws4_request`.
    pub(crate) fn scope(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order.
fn from_header<'a>(request: &RawRequest<'a>, header: &'a str) -> Result<Presented<'a>, AuthError> {
    let (algorithm, rest) = header.trim().split_once(' ').unwrap_or((header, ""));
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    let supported = algorithm == ALGORITHM;
    for part in rest.split(',').map(str::trim).filter(|part| supported && !part.is_empty()) {
        match part.split_once('=').ok_or_else(|| not_key_value(part, header))? {
            ("Credential", value) => credential = Some(value),
            ("SignedHeaders", value) => signed_headers = Some(value),
            ("Signature", value) => signature = Some(value),
            _ => {}
        }
    }
    let date = request.header("x-amz-date").or(request.header("date"));
    let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
        (credential, signature, signed_headers, date)
    else {
        return Err(lacking(&[credential, signature, signed_headers, date], header));
    };
    let scope = Scope::read(Cow::Borrowed(credential))?;
    Ok(scope.presented(
        Cow::Borrowed(signed_headers),
        Cow::Borrowed(signature),
        Time::read(Cow::Borrowed(date))?,
        request.header("x-amz-security-token").map(Cow::Borrowed),
        None,
    ))
}

fn from_query<'a>(query: &Query<'a>) -> Result<Presented<'a>, AuthError> {
    const NEEDED: [&str; 5] =
        ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
    let [Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(date)] =
        NEEDED.map(|name| query.get(name))
    else {
        let lacking = NEEDED.iter().filter(|name| query.get(name).is_none());
        let texts: Vec<_> =
            lacking.map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
        return Err(AuthError::Incomplete(texts.concat() + "Re-examine the query-string parameters."));
    };
    if algorithm != ALGORITHM {
        return Err(AuthError::Incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
    }
    let expires = query.get("X-Amz-Expires").map(|text| {
        let seconds = text.parse().ok().filter(|seconds| (1..=604_800).contains(seconds));
        seconds.ok_or_else(|| {
            AuthError::Incomplete("X-Amz-Expires must be between 1 and 604800 seconds.".into())
        })
    });
    let scope = Scope::read(credential)?;
    let token = query.get("X-Amz-Security-Token");
    Ok(scope.presented(signed_headers, signature, Time::read(date)?, token, expires.transpose()?))
}

/// A credential's five parts.
struct Scope<'a> {
    access_key_id: Cow<'a, str>,
    date: Cow<'a, str>,
    region: Cow<'a, str>,
    service: Cow<'a, str>,
}

impl<'a> Scope<'a> {
    fn read(credential: Cow<'a, str>) -> Result<Self, AuthError> {
        let parts: Vec<Cow<'a, str>> = match &credential {
            Cow::Borrowed(text) => text.split('/').map(Cow::Borrowed).collect(),
            Cow::Owned(text) => text.split('/').map(|part| Cow::Owned(part.to_owned())).collect(),
        };
        let Ok([access_key_id, date, region, service, terminator]) = <[_; 5]>::try_from(parts) else {
            return Err(AuthError::Incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{credential}'"
            )));
        };
        if terminator != TERMINATOR {
            return Err(AuthError::Incomplete(format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
            )));
        }
        Ok(Self { access_key_id, date, region, service })
    }

    fn presented(
        self,
        signed_headers: Cow<'a, str>,
        signature: Cow<'a, str>,
        time: Time<'a>,
        session_token: Option<Cow<'a, str>>,
        expires_seconds: Option<u32>,
    ) -> Presented<'a> {
        let Self { access_key_id, date, region, service } = self;
        let Time { time, basic: time_basic } = time;
        Presented {
            access_key_id,
            date,
            region,
            service,
            signed_headers,
            signature,
            time,
            time_basic,
            session_token,
            expires_seconds,
        }
    }
}

/// When a request was signed.
struct Time<'a> {
    time: Timestamp,
    /// In ISO basic form.
    basic: Cow<'a, str>,
}

impl<'a> Time<'a> {
    /// `X-Amz-Date` in ISO basic form, or a `Date` header of either form.
    fn read(text: Cow<'a, str>) -> Result<Self, AuthError> {
        if let Some(time) = Timestamp::parse_basic(&text) {
            return Ok(Self { time, basic: text });
        }
        let time = Timestamp::parse_http_date(&text).ok_or_else(|| {
            let how = "See http://en.wikipedia.org/wiki/ISO_8601";
            AuthError::Incomplete(format!("Date must be in ISO-8601 'basic format'. Got '{text}'. {how}"))
        })?;
        Ok(Self { time, basic: time.iso8601_basic().into() })
    }
}

fn not_key_value(part: &str, header: &str) -> AuthError {
    let hash = BASE64.encode(digest::digest(&digest::SHA256, header.as_bytes()).as_ref());
    AuthError::Incomplete(format!(
        "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header (hashed with \
         SHA-256 and encoded with Base64): '{hash}'."
    ))
}

fn lacking(found: &[Option<&str>; 4], header: &str) -> AuthError {
    const NEEDED: [&str; 4] = [
        "Authorization header requires 'Credential' parameter. ",
        "Authorization header requires 'Signature' parameter. ",
        "Authorization header requires 'SignedHeaders' parameter. ",
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
    ];
    let texts: String =
        NEEDED.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(text, _)| *text).collect();
    AuthError::Incomplete(format!("{texts}Authorization={header}"))
}

/// A raw query string.
struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// The value of a parameter, decoded.
    fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
        Some(percent_decode_str(value).decode_utf8_lossy())
    }
}

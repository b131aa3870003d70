//! The front door: from an HTTP request to an HTTP response. No sockets here.
//!
//! The order of checks is AWS's: signature, operation, the model's constraints, existence, policies, meaning.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use keyward_base::{Fault, Region, RequestId, Timestamp};
use keyward_schema::{OperationFacts, Value};
use keyward_wire::{Dialect, decode, encode, encode_fault, route};

use crate::globals::Globals;
use crate::sigv4::{AuthError, Expected, Presented, RawRequest, verify};
use crate::{Caller, Gate};

/// What the listener puts into a request's extensions when it came over TLS (`aws:SecureTransport`).
#[derive(Clone, Copy, Debug)]
pub struct OverTls;

impl Gate {
    /// Answers one HTTP request. Never fails: every error becomes AWS's answer.
    pub async fn handle(&self, request: Request<Bytes>, peer: IpAddr) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let raw = RawRequest::of(&head, &body);
        let presented = Presented::read(&raw);
        let scope = presented.as_ref().ok().map(|presented| presented.service.as_ref());
        let dialect = Dialect::of(&head, &body, scope);
        let mut call = Call { id: self.request_id(), dialect, operation: None };
        let result = self.answer(&mut call, &raw, &head, presented, peer).await;
        let encoded = result.and_then(|(operation, output)| encode(&dialect, operation, &output, &call.id));
        encoded.unwrap_or_else(|fault| encode_fault(&dialect, call.operation, &fault, &call.id))
    }

    async fn answer(
        &self,
        call: &mut Call,
        raw: &RawRequest<'_>,
        head: &Parts,
        presented: Result<Presented<'_>, AuthError>,
        peer: IpAddr,
    ) -> Result<(&'static OperationFacts, Value), Fault> {
        let now = self.parts.clock.now();
        let (caller, region) = self.authenticate(&call.dialect, raw, presented, now).await?;
        let target = route(&call.dialect, head, raw.body)?;
        call.operation = Some(target.operation);
        let input = decode(&call.dialect, &target, head, raw.body)?;
        let globals = globals(head, peer, region, now);
        let request = self.request(caller, call.id.clone(), target.operation, globals);
        let output = self.run(target.operation, request, input).await?;
        Ok((target.operation, output))
    }

    /// Who signed the request, and for which region.
    async fn authenticate(
        &self,
        dialect: &Dialect,
        raw: &RawRequest<'_>,
        presented: Result<Presented<'_>, AuthError>,
        now: Timestamp,
    ) -> Result<(Caller, Region), Fault> {
        let sts = dialect.service.is_some_and(|service| service.name == "sts");
        let refuse = |error: AuthError| error.into_fault(sts);
        let presented = presented.map_err(refuse)?;
        let credential = self.parts.identities.credential(&presented.access_key_id).await?;
        let credential = credential.ok_or_else(|| refuse(AuthError::InvalidToken))?;
        let expected = Expected {
            // A request that names no service we know is signed for whatever it says; it finds no operation.
            signing_name: dialect.service.map_or(&*presented.service, |service| service.signing_name),
            regions: &self.parts.regions,
            ignores_expires: sts,
            now,
        };
        let region = verify(raw, &presented, &credential, &expected).map_err(refuse)?;
        Ok((credential.caller.clone(), region))
    }
}

/// A request on its way.
struct Call {
    id: RequestId,
    dialect: Dialect,
    operation: Option<&'static OperationFacts>,
}

fn globals(head: &Parts, peer: IpAddr, region: Region, now: Timestamp) -> Globals {
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    Globals {
        now,
        region,
        source_ip: Some(peer),
        user_agent: header(http::header::USER_AGENT).map(Arc::from),
        referer: header(http::header::REFERER).map(str::to_owned),
        secure: head.extensions.get::<OverTls>().is_some(),
        via: None,
        keys: OnceLock::new(),
    }
}

#[cfg(test)]
mod tests;

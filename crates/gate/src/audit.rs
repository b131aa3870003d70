//! What happened at the gate, for the audit log.

use keyward_base::{AccountId, Fault, Region, RequestId, Timestamp};
use keyward_schema::{OperationFacts, ShapeFacts, Value};

use crate::{Check, RequestContext, summary};

/// One API call that ended. Holds no secrets: sensitive members and blobs of the request are left out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The request's id.
    pub request_id: RequestId,
    /// When the call came.
    pub time: Timestamp,
    /// Where it was sent.
    pub region: Region,
    /// The operation that was asked for.
    pub operation: &'static OperationFacts,
    /// The caller's ARN, or a service's name.
    pub caller: String,
    /// The caller's account.
    pub account: AccountId,
    /// The access key that signed; `None` for calls between services.
    pub access_key_id: Option<String>,
    /// Where the call came from: an address, or the service that called.
    pub source: String,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The actions and resources that were judged.
    pub resources: Vec<(&'static str, String)>,
    /// The request's parameters as JSON.
    pub parameters: String,
    /// `None` when it succeeded, else the error's code and text.
    pub error: Option<(String, String)>,
}

/// Takes every audit event. Must not block: what takes long goes behind a queue.
pub trait AuditSink: Send + Sync + 'static {
    /// Whether it takes events at all at present; when not, none are made.
    fn wants(&self) -> bool {
        true
    }

    /// Takes one event.
    fn record(&self, event: AuditEvent);
}

/// Writes each event as a structured log line with the target `audit`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSink;

impl AuditSink for LogSink {
    fn wants(&self) -> bool {
        tracing::enabled!(target: "audit", tracing::Level::INFO)
    }

    fn record(&self, event: AuditEvent) {
        let (code, message) = event.error.unwrap_or_default();
        tracing::info!(
            target: "audit",
            request_id = %event.request_id,
            time = %event.time,
            region = %event.region,
            service = event.operation.service.name,
            operation = event.operation.name,
            caller = %event.caller,
            account = %event.account,
            access_key_id = event.access_key_id.as_deref().unwrap_or(""),
            source = %event.source,
            user_agent = event.user_agent.as_deref().unwrap_or(""),
            resources = ?event.resources,
            parameters = %event.parameters,
            error_code = %code,
            error_message = %message,
        );
    }
}

/// What is learnt of a call on its way, for its event.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    wanted: bool,
    parameters: String,
    resources: Vec<(&'static str, String)>,
}

impl Trail {
    /// The trail of a call with this input; an empty one when `sink` takes none.
    pub(crate) fn new(sink: &dyn AuditSink, shape: &ShapeFacts, input: &Value) -> Self {
        if !sink.wants() {
            return Self::default();
        }
        Self { wanted: true, parameters: summary::json(shape, input), resources: Vec::new() }
    }

    /// Remembers what was judged; a second round replaces the first.
    pub(crate) fn judged(&mut self, checks: &[Check]) {
        if !self.wanted {
            return;
        }
        self.resources = checks.iter().map(|check| (check.action, check.resource.to_string())).collect();
    }

    /// The event of the call, if it is wanted.
    pub(crate) fn event(
        self,
        request: &RequestContext,
        operation: &'static OperationFacts,
        error: Option<&Fault>,
    ) -> Option<AuditEvent> {
        if !self.wanted {
            return None;
        }
        let caller = &request.caller;
        let via = request.globals.via.map(|via| format!("{via}.amazonaws.com"));
        let source = request.source_ip.map(|address| address.to_string()).or(via);
        Some(AuditEvent {
            request_id: request.id.clone(),
            time: request.now,
            region: request.region.clone(),
            operation,
            caller: caller.arn().to_owned(),
            account: caller.account(),
            access_key_id: caller.access_key_id().map(str::to_owned),
            source: source.unwrap_or_else(|| caller.arn().to_owned()),
            user_agent: request.user_agent.as_deref().map(str::to_owned),
            resources: self.resources,
            parameters: self.parameters,
            error: error
                .map(|fault| (fault.code().to_owned(), fault.message().unwrap_or_default().to_owned())),
        })
    }
}

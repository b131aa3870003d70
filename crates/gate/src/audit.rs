//! What happened at the gate, for the audit log.

use keyward_base::{AccountId, Region, RequestId, Timestamp};

/// One API call that ended. Holds no secrets: sensitive members of the request are left out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The request's id.
    pub request_id: RequestId,
    /// When the call came.
    pub time: Timestamp,
    /// Where it was sent.
    pub region: Region,
    /// The service's name in the facts, such as `kms`.
    pub service: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// The caller's ARN or service name; `None` when it was not authenticated.
    pub caller: Option<String>,
    /// The caller's account.
    pub account: Option<AccountId>,
    /// The access key that signed.
    pub access_key_id: Option<String>,
    /// Where the call came from; a service's name for its calls.
    pub source: String,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// The resources that were judged, with their actions.
    pub resources: Vec<(&'static str, String)>,
    /// The request's parameters, as JSON, without sensitive members.
    pub parameters: String,
    /// `None` when it succeeded, else the error's code and text.
    pub error: Option<(String, String)>,
}

/// Takes every audit event. Must not block: what takes long goes behind a queue.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes one event.
    fn record(&self, event: AuditEvent);
}

/// Writes each event as a structured log line with the target `audit`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSink;

impl AuditSink for LogSink {
    fn record(&self, event: AuditEvent) {
        let (code, message) = event.error.unwrap_or_default();
        tracing::info!(
            target: "audit",
            request_id = %event.request_id,
            time = %event.time,
            region = %event.region,
            service = event.service,
            operation = event.operation,
            caller = event.caller.as_deref().unwrap_or(""),
            access_key_id = event.access_key_id.as_deref().unwrap_or(""),
            source = %event.source,
            resources = ?event.resources,
            parameters = %event.parameters,
            error_code = %code,
            error_message = %message,
        );
    }
}

//! What every operation may know of the request that reached it.

use std::net::IpAddr;
use std::sync::Arc;

use keyward_base::{AccountId, Partition, Region, RequestId, Timestamp};

use keyward_schema::ServiceFacts;

use crate::Caller;
use crate::globals::Globals;

/// Who calls, when, where and how. Made once by the gate; the same moment is used throughout.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestContext {
    /// Who calls.
    pub caller: Caller,
    /// Shown to the client and in the audit event.
    pub id: RequestId,
    /// The moment that all checks and effects of the call refer to.
    pub now: Timestamp,
    /// The region that the credential scope names.
    pub region: Region,
    /// The ARN partition of this deployment.
    pub partition: Partition,
    /// Where the call came from; `None` for calls between services.
    pub source_ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: Option<Arc<str>>,
    /// The service that is asked.
    pub service: &'static ServiceFacts,
    pub(crate) globals: Arc<Globals>,
}

impl RequestContext {
    /// The caller's account (for a service: the one on whose behalf it calls).
    pub fn account(&self) -> AccountId {
        self.caller.account()
    }

    /// Whether a service calls on the caller's behalf.
    pub fn is_via_service(&self) -> bool {
        self.globals.via.is_some()
    }
}

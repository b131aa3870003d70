//! What every operation may know of the request that reached it.

use std::net::IpAddr;

use keyward_base::{Partition, Region, RequestId, Timestamp};

use crate::Caller;

/// When, where and how a call came. Made once by the gate; the same moment is used throughout.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Shown to the client and in the audit event.
    pub id: RequestId,
    /// Who calls.
    pub caller: Caller,
    /// The moment that all checks and effects of the call refer to.
    pub now: Timestamp,
    /// The region that the credential scope names.
    pub region: Region,
    /// The ARN partition of this deployment.
    pub partition: Partition,
    /// Where the call came from; `None` for calls between services.
    pub source_ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

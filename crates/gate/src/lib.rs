//! SigV4, principals, the authorization pipeline, and the only mint of `Permit`.
//!
//! Every API call, from outside or from one service to another, goes through here. There is no second
//! way to an operation and no switch that turns checking off. What every service's lists share is here too: pages and
//! their tokens. Deliberately absent: what any operation means, and every wire format (that is `wire`).

mod audit;
mod check;
mod credential;
mod decide;
mod directory;
mod front;
mod gate;
mod globals;
mod handle;
mod operation;
mod page;
mod permit;
mod pipeline;
mod principal;
mod request;
mod router;
mod sigv4;
mod summary;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;
#[cfg(test)]
mod toy;
mod view;

pub use audit::{AuditEvent, AuditSink, LogSink};
pub use check::{Check, Grants, Judge, Shown};
pub use credential::{Credential, IdentitySource, SecretKey};
pub use directory::PrincipalDirectory;
pub use front::OverTls;
pub use gate::{Gate, GateParts};
pub use handle::{CallAs, GateHandle};
pub use operation::{Operation, RunError};
pub use page::{ForeignToken, Page, PageTokens, Paged};
pub use permit::Permit;
pub use principal::{Attributes, Caller, Principal, ServiceCaller, Session};
pub use request::RequestContext;
pub use router::Router;
pub use throttle::{Charge, Charges, QuotaClass, Rate, Rates, Throttle};
pub use view::View;

/// Signs requests as clients do (feature `testing`).
#[cfg(any(test, feature = "testing"))]
pub mod signing {
    pub use crate::sigv4::sign::Signer;
}

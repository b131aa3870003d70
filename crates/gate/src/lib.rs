//! SigV4, principals, the authorization pipeline, and the only mint of `Permit`.
//!
//! Every API call, from outside or from one service to another, goes through here. There is no second
//! way to an operation and no switch that turns checking off. Deliberately absent: what any
//! operation means, and every wire format (that is `wire`).

mod check;
mod operation;
mod permit;
mod principal;
mod request;
mod view;

pub use check::{Check, Judge};
pub use operation::{Operation, RunError};
pub use permit::Permit;
pub use principal::{Caller, Principal, ServiceCaller};
pub use request::RequestContext;
pub use view::View;

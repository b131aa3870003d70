//! The operator's door: a Unix socket in the data folder, so that commands work while `serve` runs.
//!
//! Who may open the folder (mode 0700) is the operator; nobody else reaches the socket. One JSON line
//! asks, one answers; a connection takes any number of them, and holds at most one login at an HSM.

mod client;
mod message;
mod server;

pub(crate) use crate::admin::client::{Conversation, ask};
pub(crate) use crate::admin::message::{AccountView, Answer, Question};
pub(crate) use crate::admin::server::{Operator, serve};

/// The socket's name in the data folder.
pub(crate) const SOCKET: &str = "admin.sock";

//! The child's side: its arguments and its start, the session it serves, its queue of work, its answers.

pub mod outbox;
pub mod process;
pub mod queue;
pub mod session;

pub use outbox::Outbox;
pub use queue::Queue;

//! XML as the AWS protocols use it: a writer for values, a reader into a small tree.

mod read;
mod write;

pub(crate) use read::{Element, invalid, parse};
pub(crate) use write::{Style, Writer, scalar};

/// What XML answers are called.
pub(crate) const CONTENT_TYPE: &str = "text/xml";

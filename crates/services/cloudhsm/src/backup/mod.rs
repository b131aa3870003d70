//! A backup: what is stored of it, how its state moves, which ones are kept, and how it is shown. Pure.

mod record;
mod retention;
mod shown;

pub(crate) use record::{BackupRecord, Copied, Stage, arn, blob, seed};
pub(crate) use retention::{newest, outlived};
pub(crate) use shown::{backup as show, state_name};

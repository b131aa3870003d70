//! A cluster with its HSMs: what is stored of it, how its state moves, and how it is shown. Pure.

mod record;
mod shown;
mod state;

pub(crate) use record::{Certificates, ClusterRecord, HsmLife, HsmRecord, Life, RETENTION_DAYS_DEFAULT};
pub(crate) use shown::{cluster as show, hsm as show_hsm, mode as show_mode, state as state_name};

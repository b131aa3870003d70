//! What holds over all operations: states, permissions, the plain model.

mod authorization;
mod duties;
mod expiry;
mod failures;
mod key_stores;
mod managed;
mod many_grants;
mod model;
mod multi_region;
mod multi_region_import;
mod principals;
mod races;
mod rotation;
mod states;
mod throttling;

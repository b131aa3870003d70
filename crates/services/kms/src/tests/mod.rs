//! What holds over all operations: states, permissions, the plain model.

mod authorization;
mod duties;
mod failures;
mod key_stores;
mod many_grants;
mod model;
mod multi_region;
mod races;
mod rotation;
mod states;
mod throttling;

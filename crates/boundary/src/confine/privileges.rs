//! No capabilities, even for root; at most the one to lock memory, where nothing else allows that.

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// Drops every capability but `kept`. A child that was started by an ordinary user has none to drop.
pub(crate) fn drop_all_but(kept: CapabilitySet) -> Result<(), String> {
    // Fails on kernels without ambient capabilities, which then have none to clear.
    let _ = rustix::thread::clear_ambient_capability_set();
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets).map_err(|error| format!("capset: {error}"))?;
    let left = capabilities(None).map_err(|error| format!("capget: {error}"))?;
    if left.permitted == kept { Ok(()) } else { Err("the kernel kept capabilities".to_owned()) }
}

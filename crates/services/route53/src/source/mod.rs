//! Hosted zones as the zone builder sees them.

mod events;
mod hosted;
mod insync;

pub use hosted::HostedZones;

#[cfg(test)]
mod tests;

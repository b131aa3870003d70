//! Builds, signs, verifies and publishes zone generations.
//!
//! Sources (Route 53, the registry) say which zones there are, what they hold and how they want to be
//! signed; this crate does the rest, alike for all. It knows neither the gate nor any service. Nothing
//! unverified is published, and a generation's number only moves forward.

mod builder;
mod error;
mod keys;
mod ksk;
mod load;
mod pass;
mod publish;
mod rows;
mod run;
mod served;
mod source;
#[cfg(test)]
mod tests;

pub use builder::{Alarm, Builder, Health, Means};
pub use error::BuildError;
pub use pass::Pass;
pub use source::{
    Content, Ksk, KskTrouble, Progress, SigningWish, SourceError, ZoneEvent, ZoneEvents, ZoneSource, ZoneWish,
};

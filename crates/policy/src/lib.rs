//! The IAM policy language: parse, evaluate, explain. Pure: no clock, no I/O.
//!
//! A policy is compiled once, when it is stored or loaded; a decision parses nothing. Deliberately
//! absent: where policies are kept, what an operation's resources are, and every protocol.

mod action;
mod condition;
mod decide;
mod denial;
mod document;
mod error;
mod identity;
mod json;
mod keys;
mod parse;
mod pattern;
mod policy;
mod principal;
mod resource;
mod scalar;
mod set;
mod values;

pub use decide::{Authority, By, Decision, Layer, Question, Verdict, decide};
pub use denial::unseen;
pub use document::rename_principals;
pub use error::PolicyError;
pub use identity::{Identity, IdentityKind};
pub use keys::{KeySource, Keys};
pub use policy::{Effect, Flavour, Policy};
pub use principal::Reach;
pub use set::PolicySet;
pub use values::ConditionValues;

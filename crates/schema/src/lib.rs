//! The APIs' types and constraints, built from `models/` at compile time.
//!
//! One module a service (`kms`, `route53`, …) with a structure for each input and output, an enum for
//! each enumeration, a marker type for each operation, and static facts about all of them. Deliberately absent:
//! bytes (that is `wire`) and what an operation does (that is its service).

pub mod constraints;
mod convert;
mod enums;
mod facts;
mod pattern;
mod sensitive;
mod value;

pub use convert::Unit;
pub(crate) use enums::string_enum;
pub use facts::{
    EMPTY, ErrorFacts, Kind, Location, MemberFacts, OperationFacts, Protocol, ServiceFacts, ShapeFacts,
    UnservedFacts,
};
pub use pattern::Pattern;
pub use sensitive::Sensitive;
pub use value::{FromValue, IntoValue, Value, ValueError};

/// An API operation as the model describes it. The generated marker types (`kms::CreateKey`, …) carry it.
pub trait OperationShape: Send + Sync + 'static {
    /// The input structure; an empty one where the model has none.
    type Input: FromValue + IntoValue + Send + Sync + 'static;
    /// The output structure; an empty one where the model has none.
    type Output: FromValue + IntoValue + Send + Sync + 'static;
    /// The service's name in the facts, such as `kms`.
    const SERVICE: &'static str;
    /// The operation's name, such as `CreateKey`.
    const NAME: &'static str;
    /// All that the model says about it.
    const FACTS: &'static OperationFacts;
}

/// A string that is none of an enumeration's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInEnum(pub &'static str);

impl std::fmt::Display for NotInEnum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not a value of {}", self.0)
    }
}

impl std::error::Error for NotInEnum {}

include!(concat!(env!("OUT_DIR"), "/services.rs"));

/// The service called `name` in `models/`.
pub fn service(name: &str) -> Option<&'static ServiceFacts> {
    services().iter().find(|service| service.name == name).copied()
}

#[cfg(test)]
mod tests;

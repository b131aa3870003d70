//! The APIs' types and constraints, built from `models/` at compile time.

mod value;

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
}

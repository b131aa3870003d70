//! The IAM policy language: parse, evaluate, explain. Pure: no clock, no I/O.

/// A parsed and compiled policy document.
#[derive(Clone, Debug, Default)]
pub struct Policy;

/// The condition keys of a request with their values.
#[derive(Clone, Debug, Default)]
pub struct ConditionValues;

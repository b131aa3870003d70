//! Tests of the builder against a source, name servers and resolvers that exist in memory only.

mod basic;
mod faults;
mod running;
mod source;
mod world;
mod year;

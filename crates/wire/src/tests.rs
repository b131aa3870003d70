//! Tests that span the protocols: golden files, round trips, hostile bytes.

mod golden;
mod hostile;
mod round_trip;
mod samples;

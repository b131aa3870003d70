//! Every operation through the gate: the happy way, each refusal in AWS's words, denied principals, races.

mod denied;
mod dnssec;
mod lists;
mod records;
mod tags;
mod vpcs;
mod zones;

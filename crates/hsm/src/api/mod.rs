//! What both sides of the boundary and the services know: ids, attributes, specs, records, errors. No key material, no I/O.
//!
//! Everything here that is stored or travels is encoded with postcard: variants and fields are only ever appended, behind a new
//! version of what holds them.

pub(crate) mod attributes;
pub(crate) mod backup;
pub(crate) mod error;
pub(crate) mod ids;
pub(crate) mod key;
pub(crate) mod mechanism;
pub(crate) mod octets;
pub(crate) mod password;
pub(crate) mod quorum;
pub(crate) mod record;
pub(crate) mod secret;
pub(crate) mod spec;
pub(crate) mod status;
pub(crate) mod user;

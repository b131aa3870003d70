//! The AWS protocols: JSON, RPC v2 CBOR, REST-XML, Query; error envelopes.

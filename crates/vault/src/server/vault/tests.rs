//! The vault, request by request.

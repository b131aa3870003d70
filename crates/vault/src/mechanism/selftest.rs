//! Known answers, checked before the vault takes a request.

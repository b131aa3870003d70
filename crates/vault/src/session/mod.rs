//! The authenticated, encrypted session.

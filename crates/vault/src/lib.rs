//! The HSM boundary: domain keys, encrypted key tokens, mechanisms.

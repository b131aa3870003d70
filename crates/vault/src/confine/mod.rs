//! What the system does to keep the vault apart.

//! The DNS data plane: serves published generations over UDP and TCP.
mod message;

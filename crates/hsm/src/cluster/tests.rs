//! The cluster over a simulated network of model HSMs, under tokio's paused time.

mod model;
mod network;
mod random;
mod steps;
mod world;

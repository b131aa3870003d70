//! The cluster over a simulated network of model HSMs, under tokio's paused time.

mod model;
mod network;
mod random;
mod real;
mod steps;
mod world;

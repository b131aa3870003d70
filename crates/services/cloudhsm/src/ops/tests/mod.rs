//! Every operation, through a gate, over a simulated store. HSMs are in `crate::tests`.

mod backups;
mod clusters;
mod denied;
mod sharing;
mod tags;

//! What every room may know: ARNs and ids, time, randomness, and faults that say who is to blame.
//!
//! Deliberately absent: I/O, wire formats, and anything that belongs to one service.

mod arn;
mod clock;
mod fault;
mod ids;
mod notice;
mod random;
mod time;

pub use arn::{Arn, ArnError};
pub use clock::{Clock, SimulatedClock, Sleep, SystemClock};
pub use fault::{Blame, Fault};
pub use ids::{AccountId, IdError, Partition, Region, RequestId};
pub use notice::{Notice, NoticeBoard, NoticeReader};
pub use random::{Random, SeededRandom, SystemRandom};
pub use time::Timestamp;

//! How long a cluster waits for what. A bound that is reached makes a member Away; it never fails a caller by itself
//! as long as another member is there.

use std::time::Duration;

/// A call on one HSM that does not make RSA keys. A member that takes longer is not worth waiting for.
pub(crate) const CALL_MAX: Duration = Duration::from_secs(2);
/// Making an RSA pair; the heartbeat ends it earlier when the HSM is gone.
pub(crate) const PAIR_MAX: Duration = Duration::from_secs(90);
/// A whole backup, made or restored.
pub(crate) const BACKUP_MAX: Duration = Duration::from_secs(60);
/// How long a caller waits for a member to become Active when none is, before it gets
/// [`NoActiveHsm`](crate::HsmError::NoActiveHsm).
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a write waits for those before it.
pub(crate) const TURN_MAX: Duration = Duration::from_secs(30);
/// The last step of catching up, during which no write goes on.
pub(crate) const SETTLE_MAX: Duration = Duration::from_secs(5);
/// How often an Active member is asked whether it is there.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);
/// A member that could not be brought in is tried again after this, and after twice as long each time …
pub(crate) const RETRY_MIN: Duration = Duration::from_millis(20);
/// … up to this.
pub(crate) const RETRY_MAX: Duration = Duration::from_secs(2);
/// How long a cluster that starts waits for members that don't answer, before it goes on with the others.
pub(crate) const GATHER_MAX: Duration = Duration::from_secs(5);
/// Records of one message.
pub(crate) const RECORDS_MAX: usize = 512;

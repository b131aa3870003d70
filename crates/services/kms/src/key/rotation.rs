//! A key's rotations: the plan of the automatic ones, and which were made. Pure.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_vault::MaterialId;
use serde::{Deserialize, Serialize};

/// How many rotations on demand a key can have (developer guide, "Resource quotas").
pub(crate) const ON_DEMAND_MAX: usize = 25;

/// The period of a plan that names none.
pub(crate) const PERIOD_DAYS_DEFAULT: u16 = 365;

const DAY: Duration = Duration::from_secs(86_400);

/// A key's rotations as stored. Every version that was ever written can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RotationRow {
    /// The first version.
    V1(RotationRecord),
}

/// A key's rotations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RotationRecord {
    /// The plan, while automatic rotation is enabled.
    pub(crate) automatic: Option<Automatic>,
    /// The rotations that were made, the oldest first.
    pub(crate) made: Vec<Rotation>,
}

/// The plan of automatic rotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Automatic {
    /// Days from one rotation to the next.
    pub(crate) period_days: u16,
    /// The next one. Past while the key is disabled: it comes when the key is enabled again.
    pub(crate) next: Timestamp,
}

/// One rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rotation {
    /// The material that became current.
    pub(crate) material: MaterialId,
    /// When.
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) cause: Cause,
}

/// Why a key was rotated. The order of variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cause {
    /// By plan.
    Automatic,
    /// By `RotateKeyOnDemand`.
    OnDemand,
}

impl Automatic {
    /// A plan that begins now.
    pub(crate) fn starting(now: Timestamp, period_days: u16) -> Self {
        Self { period_days, next: now.plus(DAY * u32::from(period_days)) }
    }

    /// The plan after the rotation that was due. One that comes late (the key was disabled, or nothing ran)
    /// is made once, whatever it missed, and the next is a whole period later.
    #[must_use]
    pub(crate) fn after_rotation(self, now: Timestamp) -> Self {
        let planned = Self::starting(self.next, self.period_days);
        if planned.next > now { planned } else { Self::starting(now, self.period_days) }
    }
}

impl RotationRecord {
    /// How many rotations on demand were made.
    pub(crate) fn on_demand(&self) -> usize {
        self.made.iter().filter(|rotation| rotation.cause == Cause::OnDemand).count()
    }

    /// The rotation that made `material` current; the first material of a key has none.
    pub(crate) fn of(&self, material: MaterialId) -> Option<&Rotation> {
        self.made.iter().find(|rotation| rotation.material == material)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(days: i64) -> Timestamp {
        Timestamp::from_unix_seconds(days * 86_400)
    }

    /// Rows written by released versions stay readable: these bytes never change.
    #[test]
    fn a_rotation_row_of_version_1_keeps_its_bytes() {
        let rotation = Rotation {
            material: MaterialId([0xab; 32]),
            at: Timestamp::from_unix_millis(5),
            cause: Cause::OnDemand,
        };
        let automatic = Automatic { period_days: 365, next: Timestamp::from_unix_millis(6) };
        let row = RotationRow::V1(RotationRecord { automatic: Some(automatic), made: vec![rotation] });
        let bytes = postcard::to_stdvec(&row).unwrap();
        let golden = format!("0001ed020c01{}0a01", "ab".repeat(32));
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), golden);
        assert_eq!(postcard::from_bytes::<RotationRow>(&bytes).unwrap(), row);
    }

    #[test]
    fn a_rotation_in_time_keeps_the_rhythm_and_a_late_one_begins_anew() {
        let plan = Automatic::starting(at(0), 90);
        assert_eq!(plan.next, at(90));
        assert_eq!(plan.after_rotation(at(90)).next, at(180));
        assert_eq!(plan.after_rotation(at(91)).next, at(180));
        assert_eq!(plan.after_rotation(at(400)).next, at(490));
    }
}

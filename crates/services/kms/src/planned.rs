//! What is planned for keys at a moment, in order of the moments: one empty row each, which a duty reads.
//!
//! A row only says when to look. What is done is decided by the key's own rows, so that an outdated row
//! does nothing.

use keyward_base::{AccountId, Partition, Region, Timestamp};
use keyward_store::Key;

use crate::key::{KeyArn, KeyId};
use crate::rows::name_below;

/// What is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The key's waiting period ends.
    Deletion,
    /// The key gets new material.
    Rotation,
    /// The key was destroyed; its grants go.
    Sweep,
    /// A replica is being made, or the primary Region changed.
    Settling,
    /// Imported material of the key expires.
    Expiry,
}

impl Plan {
    const fn word(self) -> &'static str {
        match self {
            Self::Deletion => "deletion",
            Self::Rotation => "rotation",
            Self::Sweep => "sweep",
            Self::Settling => "settling",
            Self::Expiry => "expiry",
        }
    }

    /// Where the rows of these plans begin.
    pub(crate) fn rows(self) -> Key {
        Key::of(&["kms", self.word(), ""])
    }

    /// This plan for the key at `arn` at the moment `at`.
    pub(crate) fn of(self, arn: &KeyArn, at: Timestamp) -> Planned {
        Planned { plan: self, at, account: arn.account, region: arn.region.clone(), id: arn.id.clone() }
    }

    /// Reads a place that `Planned::row` made for this plan.
    pub(crate) fn parse(self, row: &Key) -> Option<Planned> {
        let mut parts = name_below(&self.rows(), row)?.split('/');
        let at = Timestamp::from_unix_millis(parts.next()?.parse().ok()?);
        let account = parts.next()?.parse().ok()?;
        let region = parts.next()?.parse().ok()?;
        let id = KeyId::parse(parts.next()?)?;
        parts.next().is_none().then_some(Planned { plan: self, at, account, region, id })
    }
}

/// A plan for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// What.
    pub(crate) plan: Plan,
    /// When.
    pub(crate) at: Timestamp,
    /// The account that owns the key.
    pub(crate) account: AccountId,
    /// The key's Region.
    pub(crate) region: Region,
    /// The key.
    pub(crate) id: KeyId,
}

impl Planned {
    /// The key's ARN.
    pub(crate) fn arn(&self, partition: &Partition) -> KeyArn {
        let Self { account, region, id, .. } = self.clone();
        KeyArn { partition: partition.clone(), region, account, id }
    }

    /// The place of its row.
    pub(crate) fn row(&self) -> Key {
        let moment = format!("{:020}", self.at.unix_millis());
        let account = self.account.to_string();
        Key::of(&["kms", self.plan.word(), &moment, &account, self.region.as_str(), self.id.as_str()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_back_and_kept_apart() {
        let planned = Planned {
            plan: Plan::Rotation,
            at: Timestamp::from_unix_millis(77),
            account: "000000000042".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            id: KeyId::parse("1234abcd-12ab-34cd-56ef-1234567890ab").unwrap(),
        };
        assert_eq!(Plan::Rotation.parse(&planned.row()), Some(planned.clone()));
        assert_eq!(Plan::Deletion.parse(&planned.row()), None);
        let later = Planned { at: Timestamp::from_unix_millis(1_000), ..planned.clone() };
        assert!(planned.row() < later.row());
    }
}

//! In step with the other HSMs: taking over their records.

use crate::api::error::HsmError;
use crate::api::record::{MaskedRecord, RecordKey, RecordVersion, Stamp};
use crate::instance::Instance;
use crate::instance::body;
use crate::records::Batch;

/// No HSM writes so much without being heard of: a stamp further ahead was made up to use the counters up.
const COUNTERS_AHEAD_MAX: u64 = 1 << 32;

impl Instance {
    /// Takes over records of other HSMs of the cluster, each if it wins over what is there. All or nothing; every one of them is opened,
    /// so that nothing gets in that an HSM of the cluster did not make.
    pub(crate) fn absorb(&self, records: &[MaskedRecord]) -> Result<(), HsmError> {
        drop(self.member()?);
        let opened: Vec<_> = records
            .iter()
            .map(|record| body::open(&*self.token, record).map(|body| (record.clone(), body)))
            .collect::<Result<_, _>>()?;
        let turn = self.turn()?;
        let mut winners: Vec<(MaskedRecord, body::Body)> = Vec::new();
        {
            let mind = self.mind();
            for (record, body) in opened {
                if !mind.is_won_by(&record.stamp) {
                    continue;
                }
                match winners.iter_mut().find(|(other, _)| other.stamp.key == record.stamp.key) {
                    Some(other) if record.stamp.supersedes(&other.0.stamp) => *other = (record, body),
                    Some(_) => {}
                    None => winners.push((record, body)),
                }
            }
        }
        if winners.is_empty() {
            return Ok(());
        }
        self.commit(turn, Batch::default(), winners)
    }
    /// Writes records anew as they are here, each above a stamp of another HSM that would win over it. What is not here, wins
    /// anyway, or is a key that the other one deleted, is left out.
    pub(crate) fn reaffirm(&self, outranked: &[Stamp]) -> Result<Vec<MaskedRecord>, HsmError> {
        drop(self.member()?);
        let turn = self.turn()?;
        let mut counter = self.mind().next_version(self.identity.serial).counter;
        let mut drafts = Vec::new();
        for stamp in outranked {
            let deleted = stamp.tombstone && matches!(stamp.key, RecordKey::Key(_));
            let held = self.mind().records(std::slice::from_ref(&stamp.key)).pop();
            let Some(held) = held.filter(|held| !deleted && stamp.supersedes(&held.stamp)) else { continue };
            if stamp.version.counter.saturating_sub(counter) > COUNTERS_AHEAD_MAX {
                return Err(HsmError::Invalid("the version is too far ahead".to_owned()));
            }
            counter = counter.max(stamp.version.counter.saturating_add(1));
            drafts.push((stamp.key.clone(), body::open(&*self.token, &held)?));
        }
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let sealed = self.seal(drafts, RecordVersion { counter, origin: self.identity.serial })?;
        let written = sealed.iter().map(|(record, _)| record.clone()).collect();
        self.commit(turn, Batch::default(), sealed)?;
        Ok(written)
    }
}

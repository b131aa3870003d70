//! In step with the other HSMs: taking over their records.

use crate::api::error::HsmError;
use crate::api::record::MaskedRecord;
use crate::instance::Instance;
use crate::instance::body;
use crate::records::Batch;

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
}

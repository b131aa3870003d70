//! Tells of changed keys. It follows the store's watch, so that changes made by another process of the
//! deployment are told too, and none is told before it is durable.

use keyward_base::{Arn, Fault, Partition};
use keyward_store::{Event, Key, KeyRange, Revision};

use crate::fault;
use crate::key::KeyArn;
use crate::kms::Kms;
use crate::rows;

impl Kms {
    /// Tells of every key whose row changes.
    pub(super) async fn announce_changes(&self, partition: &Partition) {
        loop {
            match self.present_revision().await {
                Ok(revision) => {
                    // Whatever changed before the watch began is for the readers to look at.
                    self.changes.tell_missed();
                    self.follow(partition, revision).await;
                }
                Err(fault) => self.pause_after(&fault).await,
            }
        }
    }

    async fn present_revision(&self) -> Result<Revision, Fault> {
        let nothing = KeyRange::prefix(&rows::marker_key());
        let (_, revision) = self.store.range(&nothing, 1).await.map_err(fault::internal)?;
        Ok(revision)
    }

    async fn follow(&self, partition: &Partition, after: Revision) {
        let mut watch = self.store.watch(&Key::of(&["kms", ""]), after);
        while let Ok(events) = watch.next().await {
            for arn in events.iter().filter_map(|event| changed_key(partition, event)) {
                self.changes.tell(arn);
            }
        }
    }
}

fn changed_key(partition: &Partition, event: &Event) -> Option<Arn> {
    let (account, region, id) = rows::parse_key(&event.key)?;
    let arn = KeyArn { partition: partition.clone(), region, account, id };
    arn.to_string().parse().ok()
}

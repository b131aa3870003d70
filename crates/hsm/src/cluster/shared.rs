//! What all users of one cluster share: the members, the turn to write, and who waits for a change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use keyward_base::Random;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::api::error::HsmError;
use crate::api::ids::{ClusterId, HsmId, OperationId};
use crate::api::record::MaskedRecord;
use crate::cluster::amend::Amends;
use crate::cluster::limits::CALL_MAX;
use crate::cluster::member::{Member, NewMember};

pub(crate) struct Shared {
    pub(crate) id: ClusterId,
    random: Arc<dyn Random>,
    members: ArcSwap<Vec<Arc<Member>>>,
    numbers: AtomicU64,
    /// Held alone by who carries a write or makes a member Active, shared by who logs in.
    pub(crate) turn: RwLock<()>,
    changed: watch::Sender<()>,
    pub(crate) amends: Mutex<Amends>,
    /// When the cluster first tried to start.
    gathering_since: OnceLock<Instant>,
}

/// In which terms the members were at one moment.
pub(crate) struct Terms(HashMap<u64, u64>);

impl Terms {
    /// A member's term then; 0 for one that came later.
    pub(crate) fn of(&self, member: &Member) -> u64 {
        self.0.get(&member.number).copied().unwrap_or(0)
    }
}

impl Shared {
    pub(crate) fn new(id: ClusterId, random: Arc<dyn Random>) -> Self {
        Self {
            id,
            random,
            members: ArcSwap::default(),
            numbers: AtomicU64::new(1),
            turn: RwLock::new(()),
            changed: watch::Sender::new(()),
            amends: Mutex::default(),
            gathering_since: OnceLock::new(),
        }
    }

    // === members ===

    pub(crate) fn members(&self) -> arc_swap::Guard<Arc<Vec<Arc<Member>>>> {
        self.members.load()
    }

    /// Adds members; one that is there already stays as it is. Answers the new ones.
    pub(crate) fn admit(&self, new: Vec<NewMember>) -> Vec<Arc<Member>> {
        let mut admitted = Vec::new();
        for one in new {
            if self.members().iter().any(|member| member.hsm == one.hsm) {
                continue;
            }
            let member = Arc::new(Member::new(one, self.numbers.fetch_add(1, Ordering::Relaxed)));
            self.members.rcu(|members| {
                let mut members = Vec::clone(members);
                members.push(Arc::clone(&member));
                members
            });
            admitted.push(member);
        }
        self.changed();
        admitted
    }

    pub(crate) fn dismiss(&self, hsm: &HsmId) {
        let gone: Vec<_> = self.members().iter().filter(|member| member.hsm == *hsm).cloned().collect();
        self.members
            .rcu(|members| members.iter().filter(|member| member.hsm != *hsm).cloned().collect::<Vec<_>>());
        for member in gone {
            member.dismiss();
            self.amends().forget(member.number);
        }
        self.changed();
    }

    /// The Active member with the least under way.
    pub(crate) fn least_busy(&self) -> Option<(Arc<Member>, u64)> {
        let members = self.members();
        let active = members.iter().filter_map(|member| Some((member, member.active_term()?)));
        active.min_by_key(|(member, _)| member.load()).map(|(member, term)| (Arc::clone(member), term))
    }

    pub(crate) fn active_count(&self) -> usize {
        self.members().iter().filter(|member| member.active_term().is_some()).count()
    }

    /// The member was lost or too slow in this term: it serves no more until it has caught up.
    pub(crate) fn lose(&self, member: &Member, term: u64, why: &str) {
        if member.leave(term) {
            tracing::warn!(cluster = %self.id, hsm = %member.hsm, why, "an HSM is away");
            self.changed();
        }
    }

    // === changes ===

    /// Tells everyone who waits that a member's state is another.
    pub(crate) fn changed(&self) {
        self.changed.send_replace(());
    }

    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Waits until `so` holds; false when `deadline` came first. The members' states are what it may depend on.
    pub(crate) async fn wait_until(&self, deadline: Instant, so: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.changes();
        let wait = async {
            while !so(self) {
                // The sender is ours and lives as long as we do.
                let _ = changes.changed().await;
            }
        };
        timeout_at(deadline, wait).await.is_ok()
    }

    /// How long this cluster has been trying to start.
    pub(crate) fn gathering(&self) -> Duration {
        self.gathering_since.get_or_init(Instant::now).elapsed()
    }

    // === writes ===

    pub(crate) fn operation(&self) -> OperationId {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        OperationId(bytes)
    }

    /// Carries records that `holder` has to every other Active member. A member that does not take them is Away, and
    /// everyone without them is behind. Answers who has them. Only in turn.
    pub(crate) async fn carry(&self, holder: &Member, records: &[MaskedRecord]) -> Vec<u64> {
        if records.is_empty() {
            let members = self.members();
            return members
                .iter()
                .filter(|member| member.active_term().is_some())
                .map(|member| member.number)
                .collect();
        }
        let records: Arc<[MaskedRecord]> = records.into();
        let mut carrying = JoinSet::new();
        for member in self.members().iter().filter(|member| member.number != holder.number) {
            let Some(term) = member.active_term() else { continue };
            let (member, records) = (Arc::clone(member), Arc::clone(&records));
            carrying.spawn(async move {
                let taken = timeout(CALL_MAX, member.client.absorb(&records)).await;
                (member, term, taken.unwrap_or(Err(HsmError::Lost)))
            });
        }
        let mut holders = vec![holder.number];
        while let Some(carried) = carrying.join_next().await {
            let Ok((member, term, taken)) = carried else { continue };
            match taken {
                Ok(()) => holders.push(member.number),
                Err(error) => self.lose(&member, term, &error.to_string()),
            }
        }
        for member in self.members().iter().filter(|member| !holders.contains(&member.number)) {
            // A member that did not take them is Away by now, unless its task was lost: then it goes here.
            if let Some(term) = member.active_term() {
                self.lose(member, term, "it did not take a write");
            }
            member.fall_behind();
        }
        holders
    }

    /// In which term each member is now.
    pub(crate) fn terms(&self) -> Terms {
        Terms(self.members().iter().map(|member| (member.number, member.term())).collect())
    }

    pub(crate) fn amends(&self) -> MutexGuard<'_, Amends> {
        self.amends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One pass over a zone: wish and content in, at most one verified generation out.
//!
//! A pass takes no input but the zone's name: it reads, compares and acts, and may be repeated or broken off
//! at any point. Loaded → planned → signed → verified → published, with a gate at each arrow.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_store::Compare;
use keyward_zone::keys::Dnskey;
use keyward_zone::plan::{Plan, Request, Update, plan, refresh_due};
use keyward_zone::publication::ZoneId;
use keyward_zone::verify::{Expect, Scope, verify};
use keyward_zone::{Delta, Generation, GenerationNumber};

use crate::ksk::Prepared;
use crate::load::State;
use crate::publish::Built;
use crate::{BuildError, Builder, Progress, SigningWish, ZoneSource, ZoneWish, keys};

/// The least time between two passes for which nothing happened.
const PAUSE: Duration = Duration::from_secs(1);

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// What is published now; `None` when the zone is gone.
    pub progress: Option<Progress>,
    /// When the next pass is due although nothing happens.
    pub due: Option<Timestamp>,
}

impl Builder {
    /// Brings what is published of `zone` to what its source wants. `check_keys` has every key-signing key
    /// sign, even if its signatures in stock would last. `fence` is the lease's.
    ///
    /// # Errors
    /// When something is away or wrong; what was published stays.
    pub async fn pass(
        &self,
        source: &dyn ZoneSource,
        zone: &ZoneId,
        check_keys: bool,
        fence: Option<&Compare>,
    ) -> Result<Pass, BuildError> {
        let Some(wish) = source.wish(zone).await? else {
            self.remove(zone, fence).await?;
            return Ok(Pass { progress: None, due: None });
        };
        let mut state = self.load(zone).await?;
        let prepared = match &wish.signing {
            SigningWish::Off => None,
            SigningWish::On(ksks) => {
                Some(self.prepare_keys(source, zone, &wish, ksks, &state, check_keys).await?)
            }
        };
        self.note_ksk_trouble(
            zone,
            prepared.as_ref().is_some_and(|prepared| prepared.row.ksk_retry.is_some()),
        );
        let built = match self.build(source, zone, &wish, &state, prepared.clone()).await {
            Err(BuildError::Unfit(flaw)) if state.generation.is_some() => {
                tracing::error!(%zone, %flaw, "a step to the next generation went wrong; building the zone anew");
                state.generation = None;
                self.build(source, zone, &wish, &state, prepared).await?
            }
            built => built?,
        };
        let due = self.due(&wish, &built);
        let progress = self.publish(source, zone, &wish, state, built, fence).await?;
        source.published(zone, progress).await?;
        Ok(Pass { progress: Some(progress), due })
    }

    /// Plans, signs and verifies.
    async fn build(
        &self,
        source: &dyn ZoneSource,
        zone: &ZoneId,
        wish: &ZoneWish,
        state: &State,
        prepared: Option<Prepared>,
    ) -> Result<Built, BuildError> {
        let now = self.clock.now();
        let content = source.content(zone, since(wish, state, prepared.is_some())).await?;
        let signing = prepared.as_ref().map(|prepared| prepared.signing(&wish.policy, now)).transpose()?;
        let whole = matches!(content.update, Update::Whole(_));
        let plan = plan(Request {
            apex: &wish.apex,
            previous: state.generation.as_ref(),
            update: content.update,
            signing: signing.as_ref(),
            policy: &wish.policy,
            now,
        })?;
        let trusted = state.verified && !whole;
        let content_version = content.version;
        let ksks = prepared.as_ref().map(|prepared| prepared.ksks(&wish.policy, now));
        if let Some(generation) = state.generation.clone().filter(|_| plan.is_empty()) {
            if !trusted {
                check(&generation, None, ksks, now).await?;
            }
            return Ok(Built { generation, delta: None, content_version, prepared });
        }
        let (generation, delta) = self.sign(zone, plan, prepared.as_ref()).await?;
        let generation = generation.numbered(next_number(state));
        check(&generation, Some(&delta).filter(|_| trusted), ksks, now).await?;
        Ok(Built { generation, delta: Some(delta), content_version, prepared })
    }

    async fn sign(
        &self,
        zone: &ZoneId,
        plan: Plan,
        prepared: Option<&Prepared>,
    ) -> Result<(Generation, Delta), BuildError> {
        let signatures = match prepared.and_then(Prepared::active) {
            Some(key) => keys::sign(&self.vault, zone, key, plan.jobs()).await?,
            None => Vec::new(),
        };
        plan.apply(&signatures).map_err(|_| BuildError::Broken("signatures are missing"))
    }

    /// When the next pass is due.
    fn due(&self, wish: &ZoneWish, built: &Built) -> Option<Timestamp> {
        let keys = built.prepared.as_ref().map(|prepared| prepared.due(&wish.policy, self.clock.now()));
        let due = keys.into_iter().chain(refresh_due(&built.generation, &wish.policy)).min();
        // Whatever a policy says: never in a circle.
        due.map(|due| due.max(self.clock.now().plus(PAUSE)))
    }
}

/// From which version on changes are enough; `None` when the whole content must be looked at.
fn since(wish: &ZoneWish, state: &State, signed: bool) -> Option<u64> {
    let (row, _) = state.published.as_ref()?;
    let generation = state.generation.as_ref()?;
    let same = generation.is_signed() == signed && row.wish_version == wish.version;
    same.then_some(row.content_version)
}

/// Numbers only move forward, even when the blobs of the published generation are lost.
fn next_number(state: &State) -> GenerationNumber {
    GenerationNumber(state.published.as_ref().map_or(0, |(row, _)| row.generation.0) + 1)
}

/// Verifies what `delta` changed, or without one the whole generation, away from the async workers.
async fn check(
    generation: &Generation,
    delta: Option<&Delta>,
    ksks: Option<Vec<Dnskey>>,
    now: Timestamp,
) -> Result<(), BuildError> {
    let (generation, delta) = (generation.clone(), delta.cloned());
    let task = tokio::task::spawn_blocking(move || {
        let scope = delta.as_ref().map_or(Scope::Whole, Scope::Touched);
        let expect = ksks.as_deref().map_or(Expect::Unsigned, Expect::Signed);
        verify(&generation, scope, &expect, now).map_err(BuildError::Unfit)
    });
    task.await.map_err(|_| BuildError::Broken("verification was broken off"))?
}

//! Catching up: how a member that is new, or was away, comes in step and becomes Active.
//!
//! 1. A blank HSM gets a fresh backup of an Active member; one whose token lost the masking key gets it again from any member.
//! 2. Logins under which something may still arrive late end.
//! 3. Most of what it lacks comes over while writes go on.
//! 4. In turn, so that nobody writes: both directions are made equal, and the member becomes Active.
//!
//! Every Active member has every acknowledged write. So when none is Active, a member that is not behind may begin; when
//! each of them may be behind (the cluster starts), all that can be reached begin together.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::api::error::HsmError;
use crate::api::record::RecordKey;
use crate::api::status::HsmStatus;
use crate::client::HsmClient;
use crate::cluster::compare::{Difference, compare};
use crate::cluster::limits::{BACKUP_MAX, CALL_MAX, GATHER_MAX, RECORDS_MAX, SETTLE_MAX};
use crate::cluster::member::Member;
use crate::cluster::shared::Shared;

/// Brings a member in. Repeatable at any point; an error leaves it Away.
pub(crate) async fn bring_in(cluster: &Shared, member: &Arc<Member>) -> Result<(), HsmError> {
    let status = greet(cluster, member).await?;
    if status.is_bereft {
        give_masking_key(cluster, member).await?;
    } else if status.membership.is_none() {
        let (source, _) = cluster.least_busy().ok_or(HsmError::NoActiveHsm)?;
        restore(cluster, &source, member).await?;
    }
    end_doubtful(member).await?;
    if let Some((source, _)) = cluster.least_busy() {
        pull(&source.client, &member.client).await?;
    }
    let _turn = bounded(SETTLE_MAX, async { Ok(cluster.turn.write().await) }).await?;
    bounded(SETTLE_MAX, settle(cluster, member)).await?;
    cluster.changed();
    Ok(())
}

/// Asks an HSM who it is.
async fn greet(cluster: &Shared, member: &Member) -> Result<HsmStatus, HsmError> {
    let status = bounded(CALL_MAX, member.client.status()).await?;
    member.seen_as(status.serial);
    match &status.membership {
        Some(membership) if membership.cluster != cluster.id => {
            Err(HsmError::Invalid(format!("the HSM is of {}", membership.cluster)))
        }
        _ => Ok(status),
    }
}

/// An HSM that can't read its own records takes the masking key from a backup, and nothing else. So any HSM of the cluster will do that has the
/// key, in step or not.
async fn give_masking_key(cluster: &Shared, member: &Member) -> Result<(), HsmError> {
    for source in cluster.members().iter().filter(|source| source.number != member.number) {
        let Ok(status) = greet(cluster, source).await else { continue };
        if status.membership.is_some() && !status.is_bereft && restore(cluster, source, member).await.is_ok()
        {
            tracing::warn!(cluster = %cluster.id, hsm = %member.hsm, from = %source.hsm, "an HSM has the masking key again");
            return Ok(());
        }
    }
    Err(HsmError::NoActiveHsm)
}

/// Gives an HSM a fresh backup of another.
async fn restore(cluster: &Shared, source: &Member, member: &Member) -> Result<(), HsmError> {
    let like = bounded(CALL_MAX, source.client.status()).await?;
    let like = like.membership.ok_or(HsmError::Blank)?;
    let backup = bounded(BACKUP_MAX, source.client.backup()).await?;
    bounded(BACKUP_MAX, member.client.restore(&backup, &cluster.id, like.hsm_type)).await
}

async fn end_doubtful(member: &Member) -> Result<(), HsmError> {
    let doubtful = member.doubtful();
    for session in &doubtful {
        bounded(CALL_MAX, member.client.logout(*session)).await?;
    }
    member.no_doubt(&doubtful);
    Ok(())
}

/// In turn.
async fn settle(cluster: &Shared, member: &Arc<Member>) -> Result<(), HsmError> {
    let Some((source, _)) = cluster.least_busy() else { return begin(cluster, member).await };
    make_amends(cluster, member).await?;
    outrank(cluster, &source, member).await?;
    let difference = differ(&source.client, &member.client).await?;
    transfer(&source.client, &member.client, &difference.to_right).await?;
    for keys in difference.to_left.chunks(RECORDS_MAX) {
        let records = bounded(CALL_MAX, member.client.fetch(keys)).await?;
        cluster.carry(member, &records).await;
    }
    // The members that took nothing are Away now; with the last of them the ground is gone on which this one stood.
    cluster.least_busy().ok_or(HsmError::Lost)?;
    member.activate();
    Ok(())
}

/// What the member has in a later version than the Active ones was never acknowledged to anyone: what they have is
/// written anew above it. Without that, it could win over a write that was acknowledged meanwhile.
async fn outrank(cluster: &Shared, source: &Member, member: &Member) -> Result<(), HsmError> {
    let difference = differ(&source.client, &member.client).await?;
    if difference.to_left.is_empty() {
        return Ok(());
    }
    let theirs = bounded(CALL_MAX, member.client.digest()).await?;
    let later: HashSet<_> = difference.to_left.into_iter().collect();
    let later: Vec<_> = theirs.into_iter().filter(|stamp| later.contains(&stamp.key)).collect();
    for stamps in later.chunks(RECORDS_MAX) {
        let records = bounded(CALL_MAX, source.client.reaffirm(stamps)).await?;
        cluster.carry(source, &records).await;
    }
    Ok(())
}

/// In turn, with nobody Active.
async fn begin(cluster: &Shared, member: &Arc<Member>) -> Result<(), HsmError> {
    if !member.is_behind() {
        make_amends(cluster, member).await?;
        member.activate();
        return Ok(());
    }
    if cluster.members().iter().any(|other| !other.is_behind()) {
        // That one has writes that were acknowledged and this one may not have.
        return Err(HsmError::NoActiveHsm);
    }
    gather(cluster, member).await
}

/// Nobody knows who is behind: all that can be reached are made equal, and begin together.
async fn gather(cluster: &Shared, hub: &Arc<Member>) -> Result<(), HsmError> {
    let mut reached = Vec::new();
    let mut missing = 0;
    for other in cluster.members().iter().filter(|other| other.number != hub.number) {
        match greet(cluster, other).await {
            Ok(status) if status.is_bereft => missing += 1,
            Ok(status) if status.membership.is_some() => reached.push(Arc::clone(other)),
            Ok(_) => {}
            Err(_) => missing += 1,
        }
    }
    if missing > 0 && cluster.gathering() < GATHER_MAX {
        return Err(HsmError::NoActiveHsm);
    }
    for other in &reached {
        pull(&other.client, &hub.client).await?;
    }
    hub.activate();
    for other in &reached {
        // One that fails here comes in by itself, now that there is somebody to compare with.
        if pull(&hub.client, &other.client).await.is_ok() {
            other.activate();
        }
    }
    Ok(())
}

/// Undoes, on a member that comes back, what made keys and was not answered. A member on which that fails stays out: once such a key came to the
/// others its owner would find it there.
async fn make_amends(cluster: &Shared, member: &Member) -> Result<(), HsmError> {
    let amends = cluster.amends().concerning(member.number);
    for operation in amends {
        bounded(CALL_MAX, member.client.undo(operation)).await?;
        cluster.amends().done(member.number, operation);
    }
    Ok(())
}

/// Gives the one on the right what the one on the left has.
async fn pull(left: &HsmClient, right: &HsmClient) -> Result<(), HsmError> {
    let difference = differ(left, right).await?;
    transfer(left, right, &difference.to_right).await
}

async fn differ(left: &HsmClient, right: &HsmClient) -> Result<Difference, HsmError> {
    let (ours, theirs) = tokio::join!(bounded(CALL_MAX, left.status()), bounded(CALL_MAX, right.status()));
    if ours?.state_sum == theirs?.state_sum {
        return Ok(Difference::default());
    }
    let (ours, theirs) = tokio::join!(bounded(CALL_MAX, left.digest()), bounded(CALL_MAX, right.digest()));
    Ok(compare(&ours?, &theirs?))
}

async fn transfer(from: &HsmClient, to: &HsmClient, keys: &[RecordKey]) -> Result<(), HsmError> {
    for keys in keys.chunks(RECORDS_MAX) {
        let records = bounded(CALL_MAX, from.fetch(keys)).await?;
        bounded(CALL_MAX, to.absorb(&records)).await?;
    }
    Ok(())
}

async fn bounded<T>(
    longest: Duration,
    call: impl Future<Output = Result<T, HsmError>>,
) -> Result<T, HsmError> {
    timeout(longest, call).await.unwrap_or(Err(HsmError::Lost))
}

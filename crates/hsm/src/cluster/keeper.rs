//! A task for each member: brings it in when it is not, and listens to its heart when it is.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::cluster::catch_up::bring_in;
use crate::cluster::limits::{CALL_MAX, HEARTBEAT, RETRY_MAX, RETRY_MIN};
use crate::cluster::member::Member;
use crate::cluster::shared::Shared;

/// Starts the keeper. It ends with the member or the cluster.
pub(crate) fn keep(cluster: &Arc<Shared>, member: &Arc<Member>) {
    let (cluster, kept) = (Arc::downgrade(cluster), Arc::downgrade(member));
    let keeper = tokio::spawn(async move { while step(&cluster, &kept).await {} });
    member.kept_by(keeper.abort_handle());
}

/// One heartbeat, or one attempt to bring the member in and the pause after it. False when the cluster is gone.
async fn step(cluster: &Weak<Shared>, member: &Weak<Member>) -> bool {
    let mut pause = RETRY_MIN;
    loop {
        let (Some(cluster), Some(member)) = (cluster.upgrade(), member.upgrade()) else { return false };
        if let Some(term) = member.active_term() {
            listen(&cluster, &member, term).await;
            return true;
        }
        match bring_in(&cluster, &member).await {
            Ok(()) => {
                tracing::info!(cluster = %cluster.id, hsm = %member.hsm, "an HSM serves");
                return true;
            }
            Err(error) => {
                tracing::debug!(cluster = %cluster.id, hsm = %member.hsm, %error, "not in step yet")
            }
        }
        // Nothing is held while waiting: whoever drops the cluster ends this.
        let link = Arc::clone(member.client.link());
        let changes = cluster.changes();
        drop((cluster, member));
        rest(pause, link, changes).await;
        pause = (pause * 2).min(RETRY_MAX);
    }
}

/// Pauses; shorter when the HSM's link comes up, or when another member changed, which may be what was waited for.
async fn rest(
    pause: Duration,
    link: Arc<dyn crate::client::Link>,
    mut changes: tokio::sync::watch::Receiver<()>,
) {
    sleep(RETRY_MIN).await;
    let up = async {
        if link.is_up() {
            std::future::pending::<()>().await;
        }
        link.up().await;
    };
    tokio::select! {
        () = sleep(pause) => {}
        () = up => {}
        _ = changes.changed() => {}
    }
}

/// Waits until the member's term is over, and ends it when the HSM does not answer.
async fn listen(cluster: &Arc<Shared>, member: &Arc<Member>, term: u64) {
    if cluster.wait_until(Instant::now() + HEARTBEAT, |_| member.active_term() != Some(term)).await {
        return;
    }
    match timeout(CALL_MAX, member.client.status()).await {
        Ok(Ok(status)) if status.membership.is_some() && !status.is_bereft => {}
        Ok(Ok(_)) => cluster.lose(member, term, "its token was lost"),
        _ => cluster.lose(member, term, "it does not answer"),
    }
}

//! A cluster, for its users.

use std::sync::Arc;

use keyward_base::Random;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::api::backup::Backup;
use crate::api::error::HsmError;
use crate::api::ids::{ClusterId, HsmId, UserName};
use crate::api::password::Password;
use crate::api::quorum::{ApprovalToken, QuorumService};
use crate::api::secret::Plaintext;
use crate::api::status::HsmStatus;
use crate::api::user::UserInfo;
use crate::cluster::keeper::keep;
use crate::cluster::limits::{BACKUP_MAX, CALL_MAX, PATIENCE, TURN_MAX};
use crate::cluster::login::Login;
use crate::cluster::member::{MemberState, MemberStatus, NewMember};
use crate::cluster::session::ClusterSession;
use crate::cluster::shared::Shared;

/// A cluster of HSMs that hold the same users and keys. Clones are cheap and are the same cluster.
///
/// - A write is acknowledged when every HSM has it that serves; one that can't take it serves no more until it has caught up.
/// - A read is answered by any of them; an HSM that is lost meanwhile is replaced by another silently. Only when none
///   serves, and none came back within five seconds, is the answer [`HsmError::NoActiveHsm`].
/// - An HSM that is slow or cut off delays a call by two seconds at most, and is left out from then on.
///
/// Needs a tokio runtime: each HSM has a task that watches it, which ends when the last clone is dropped.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
}

impl Cluster {
    /// A cluster of these HSMs. Give all that there are at once: so they are compared with each other before one serves, and
    /// what was acknowledged in an earlier life is known wherever it is. Members become Active in the background.
    pub fn start(id: ClusterId, members: Vec<NewMember>, random: Arc<dyn Random>) -> Self {
        let cluster = Self { shared: Arc::new(Shared::new(id, random)) };
        cluster.admit(members);
        cluster
    }

    /// Its id.
    pub fn id(&self) -> &ClusterId {
        &self.shared.id
    }

    /// Adds HSMs: blank ones, which get a fresh backup of a member, or such as have been members before. The first HSM of
    /// a new cluster must have been founded or restored. Ids that are members already change nothing.
    pub fn admit(&self, new: Vec<NewMember>) {
        for member in self.shared.admit(new) {
            keep(&self.shared, &member);
        }
    }

    /// Takes an HSM out. What only it had of acknowledged writes is lost when it was the last.
    pub fn dismiss(&self, hsm: &HsmId) {
        self.shared.dismiss(hsm);
    }

    /// The members, in the order in which they came.
    pub fn members(&self) -> Vec<MemberStatus> {
        self.shared.members().iter().map(|member| member.status()).collect()
    }

    /// How many members serve.
    pub fn active_count(&self) -> usize {
        self.shared.active_count()
    }

    /// Whether there is a link to one of the HSMs, whether or not it answers.
    pub fn is_linked(&self) -> bool {
        self.shared.members().iter().any(|member| member.client.link().is_up())
    }

    /// Waits until this HSM is Active; false when it is not within `longest`, or is no member.
    pub async fn until_active(&self, hsm: &HsmId, longest: std::time::Duration) -> bool {
        let is_active = |shared: &Shared| {
            let members = shared.members();
            members.iter().any(|member| member.hsm == *hsm && member.state() == MemberState::Active)
        };
        self.shared.wait_until(Instant::now() + longest, is_active).await
    }

    /// What each HSM tells about itself; nothing while it does not answer.
    pub async fn statuses(&self) -> Vec<(MemberStatus, Option<HsmStatus>)> {
        let mut asking = JoinSet::new();
        for (place, member) in self.shared.members().iter().cloned().enumerate() {
            asking.spawn(async move {
                let status = timeout(CALL_MAX, member.client.status()).await;
                (place, member.status(), status)
            });
        }
        let mut told = Vec::new();
        while let Some(answer) = asking.join_next().await {
            if let Ok((place, member, status)) = answer {
                told.push((place, member, status.ok().and_then(Result::ok)));
            }
        }
        told.sort_by_key(|(place, ..)| *place);
        told.into_iter().map(|(_, member, status)| (member, status)).collect()
    }

    /// Sets the first admin's password, which makes an admin of it. [`HsmError::NotPermitted`] when that was done before.
    pub async fn activate(&self, password: &Password) -> Result<(), HsmError> {
        let (shared, password) = (Arc::clone(&self.shared), password.clone());
        let activating = tokio::spawn(async move { activate(&shared, &password).await });
        activating.await.unwrap_or_else(|error| Err(HsmError::Internal(error.to_string())))
    }

    /// Logs in on every member that serves, as CloudHSM's client does: so a wrong password counts on each of them.
    ///
    /// # Errors
    /// [`HsmError::UserLocked`] when one of them has locked the user; [`HsmError::WrongPassword`], [`HsmError::NoSuchUser`];
    /// [`HsmError::NoActiveHsm`].
    pub async fn login(&self, user: &UserName, password: &Password) -> Result<ClusterSession, HsmError> {
        let (shared, user, password) = (Arc::clone(&self.shared), user.clone(), password.clone());
        let entering = tokio::spawn(async move { enter_all(&shared, &user, &password).await });
        entering.await.unwrap_or_else(|error| Err(HsmError::Internal(error.to_string())))
    }

    /// The users; one that is locked on any member that serves shows as locked.
    pub async fn users(&self) -> Result<Vec<UserInfo>, HsmError> {
        let mut users = self.shared.read(CALL_MAX, |hsm| async move { hsm.users().await }).await?;
        for seen in self.users_of_each().await {
            for user in &mut users {
                if let Some(other) = seen.iter().find(|other| other.name == user.name) {
                    user.locked |= other.locked;
                    user.sessions = user.sessions.max(other.sessions);
                }
            }
        }
        Ok(users)
    }

    async fn users_of_each(&self) -> Vec<Vec<UserInfo>> {
        let mut asking = JoinSet::new();
        for member in self.shared.members().iter().filter(|member| member.active_term().is_some()) {
            let client = member.client.clone();
            asking.spawn(async move { timeout(CALL_MAX, client.users()).await });
        }
        let mut told = Vec::new();
        while let Some(answer) = asking.join_next().await {
            if let Ok(Ok(Ok(users))) = answer {
                told.push(users);
            }
        }
        told
    }

    /// Whether the user is logged in anywhere, by this node or another.
    pub async fn is_logged_in(&self, user: &UserName) -> Result<bool, HsmError> {
        let users = self.users().await?;
        let user = users.iter().find(|one| one.name == *user).ok_or(HsmError::NoSuchUser)?;
        Ok(user.sessions > 0)
    }

    /// How many approvals each service needs; one that is not named needs none.
    pub async fn quorum_values(&self) -> Result<Vec<(QuorumService, u8)>, HsmError> {
        self.shared.read(CALL_MAX, |hsm| async move { hsm.quorum_values().await }).await
    }

    /// The quorum tokens that were not used yet.
    pub async fn quorum_tokens(&self) -> Result<Vec<ApprovalToken>, HsmError> {
        self.shared.read(CALL_MAX, |hsm| async move { hsm.quorum_tokens().await }).await
    }

    /// Random bytes of an HSM, 1 to 65,536.
    pub async fn random(&self, bytes: u32) -> Result<Plaintext, HsmError> {
        self.shared.read(CALL_MAX, |hsm| async move { hsm.random(bytes).await }).await
    }

    /// A backup of everything.
    pub async fn backup(&self) -> Result<Backup, HsmError> {
        self.shared.read(BACKUP_MAX, |hsm| async move { hsm.backup().await }).await
    }
}

async fn activate(shared: &Arc<Shared>, password: &Password) -> Result<(), HsmError> {
    let (operation, deadline) = (shared.operation(), Instant::now() + PATIENCE);
    let mut was_lost = false;
    loop {
        if !shared.wait_until(deadline, |shared| shared.active_count() > 0).await {
            return Err(HsmError::NoActiveHsm);
        }
        let Ok(_turn) = timeout(TURN_MAX, shared.turn.write()).await else { return Err(HsmError::Busy) };
        let Some((member, term)) = shared.least_busy() else { continue };
        let done = timeout(CALL_MAX, member.client.activate(operation, password)).await;
        match done.unwrap_or(Err(HsmError::Lost)) {
            Ok(done) => {
                shared.carry(&member, &done.records).await;
                return Ok(());
            }
            Err(HsmError::Lost) => {
                was_lost = true;
                shared.lose(&member, term, "it did not answer a write");
            }
            Err(HsmError::Blank) => shared.lose(&member, term, "its token was lost"),
            // It may be ours that was done.
            Err(HsmError::NotPermitted) if was_lost => return Err(HsmError::Lost),
            Err(error) => return Err(error),
        }
    }
}

async fn enter_all(
    shared: &Arc<Shared>,
    user: &UserName,
    password: &Password,
) -> Result<ClusterSession, HsmError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if !shared.wait_until(deadline, |shared| shared.active_count() > 0).await {
            return Err(HsmError::NoActiveHsm);
        }
        // Nobody changes a password while we ask several HSMs about it.
        let Ok(turn) = timeout(TURN_MAX, shared.turn.read()).await else { return Err(HsmError::Busy) };
        let mut entering = JoinSet::new();
        for member in self::active(shared) {
            let (user, password) = (user.clone(), password.clone());
            entering.spawn(async move {
                let entered = timeout(CALL_MAX, member.0.client.login(&user, &password)).await;
                (member, entered.unwrap_or(Err(HsmError::Lost)))
            });
        }
        let mut login: Option<Arc<Login>> = None;
        let mut refusal: Option<HsmError> = None;
        while let Some(entered) = entering.join_next().await {
            match entered {
                Ok(((member, term), Ok((session, role)))) => {
                    let make = || Login::new(Arc::clone(shared), user.clone(), role, password.clone());
                    login.get_or_insert_with(|| Arc::new(make())).sit(&member, term, session);
                }
                Ok(((member, term), Err(error))) if error.is_of_no_member() => {
                    shared.lose(&member, term, &error.to_string());
                }
                Ok((_, Err(error))) => refusal = Some(worse(refusal, error)),
                Err(_) => {}
            }
        }
        drop(turn);
        match (login, refusal) {
            (Some(login), Some(HsmError::UserLocked)) => {
                login.close().await;
                return Err(HsmError::UserLocked);
            }
            (Some(login), _) => return Ok(ClusterSession::new(login)),
            (None, Some(error)) => return Err(error),
            (None, None) => {}
        }
    }
}

fn active(shared: &Shared) -> Vec<(Arc<crate::cluster::member::Member>, u64)> {
    let members = shared.members();
    members.iter().filter_map(|member| Some((Arc::clone(member), member.active_term()?))).collect()
}

/// Of what two HSMs said, what the caller has to know.
fn worse(before: Option<HsmError>, error: HsmError) -> HsmError {
    let rank = |error: &HsmError| match error {
        HsmError::UserLocked => 3,
        HsmError::WrongPassword { .. } => 2,
        HsmError::NoSuchUser => 1,
        _ => 0,
    };
    match (before, error) {
        (None, error) => error,
        (Some(HsmError::WrongPassword { left }), HsmError::WrongPassword { left: other }) => {
            HsmError::WrongPassword { left: left.min(other) }
        }
        (Some(before), error) => {
            if rank(&before) >= rank(&error) {
                before
            } else {
                error
            }
        }
    }
}

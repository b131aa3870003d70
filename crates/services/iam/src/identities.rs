//! What the gate and other services ask about identities.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::{AccountId, Arn, Fault, Timestamp};
use keyward_gate::{
    Attributes, Credential, IdentitySource, Principal, PrincipalDirectory, SecretKey, Session,
};
use keyward_policy::{Flavour, Policy, PolicySet};
use keyward_store::{Compare, Key, KeyRange, Txn};
use zeroize::Zeroizing;

use crate::iam::Iam;
use crate::rows::{
    AccessKeyRecord, InlinePolicy, KeptSecret, KeyOwner, RoleRecord, SessionRecord, Stored, UserRecord,
};
use crate::{ids, place};

/// More entities of one account than there can be.
const ENTITIES_MAX: usize = 10_000;

/// How many sessions one look for ended ones takes in.
const SESSIONS_SEEN_MAX: usize = 50;
/// So long an ended session still gets the answer that it has expired.
const GRACE: Duration = Duration::from_secs(24 * 3600);

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

fn take(mut secret: Zeroizing<String>) -> String {
    std::mem::take(&mut *secret)
}

impl IdentitySource for Iam {
    fn credential<'a>(&'a self, access_key_id: &'a str) -> Boxed<'a, Option<Arc<Credential>>> {
        Box::pin(self.find_credential(access_key_id))
    }
}

impl PrincipalDirectory for Iam {
    fn unique_id<'a>(&'a self, principal: &'a str) -> Boxed<'a, Option<String>> {
        Box::pin(self.unique_id_of(principal))
    }
}

impl Iam {
    /// Loads a credential; `rows` collects the rows that it is made of.
    pub(crate) async fn load_credential(
        &self,
        access_key_id: &str,
        rows: &mut Vec<Compare>,
    ) -> Result<Option<Credential>, Fault> {
        let Some(account) = ids::account_of(access_key_id) else { return Ok(None) };
        if access_key_id.starts_with("ASIA") {
            return self.load_session(account, access_key_id, rows).await;
        }
        let key: Option<AccessKeyRecord> = self.read(place::access_key(account, access_key_id), rows).await?;
        let Some(key) = key.filter(|key| key.active) else { return Ok(None) };
        let (principal, attributes) = match &key.owner {
            KeyOwner::Root => (Principal::Root { account }, Attributes::default()),
            KeyOwner::User { id, name } => {
                let user: Option<UserRecord> = self.read(place::user(account, name), rows).await?;
                let Some(user) = user.filter(|user| user.id == *id) else { return Ok(None) };
                let policies = compile(&user.policies)?;
                let UserRecord { id, path, name, tags, .. } = user;
                (Principal::User { account, id, path, name }, Attributes { policies, tags, session: None })
            }
        };
        let secret = match &key.secret {
            KeptSecret::Clear(secret) => secret.expose().to_owned(),
            KeptSecret::Sealed(sealed) => take(self.secrets.open(access_key_id, sealed).await?),
        };
        let secret = SecretKey::new(secret);
        let id = access_key_id.to_owned();
        Ok(Some(Credential::long_term(id, secret, principal, self.partition.clone(), attributes)))
    }

    async fn load_session(
        &self,
        account: AccountId,
        access_key_id: &str,
        rows: &mut Vec<Compare>,
    ) -> Result<Option<Credential>, Fault> {
        let session: Option<SessionRecord> = self.read(place::session(account, access_key_id), rows).await?;
        let Some(session) = session else { return Ok(None) };
        let role: Option<RoleRecord> = self.read(place::role(account, &session.role_name), rows).await?;
        let Some(role) = role.filter(|role| role.id == session.role_id) else { return Ok(None) };
        let parse = |text: &String| Policy::parse(text, Flavour::Identity).map(Arc::new);
        let policy = session.policy.as_ref().map(parse).transpose().map_err(Fault::ours)?;
        // A session's own tags win over its role's.
        let mut tags = role.tags;
        tags.retain(|(key, _)| !session.tags.iter().any(|(own, _)| own.eq_ignore_ascii_case(key)));
        tags.extend(session.tags.iter().cloned());
        let attributes = Attributes {
            policies: compile(&role.policies)?,
            tags,
            session: Some(Session {
                issued: session.issued,
                expires: session.expires,
                policy,
                source_identity: session.source_identity.clone(),
            }),
        };
        let principal = Principal::AssumedRole {
            account,
            role_id: role.id,
            role_path: role.path,
            role_name: role.name,
            session: session.name.clone(),
        };
        let (secret, token) = session.secrets.open(access_key_id, &self.secrets).await?;
        let secret = SecretKey::new(secret.expose().to_owned());
        let token = Zeroizing::new(token.expose().to_owned());
        let (id, partition) = (access_key_id.to_owned(), self.partition.clone());
        Ok(Some(Credential::temporary(id, secret, token, principal, partition, attributes)))
    }

    /// Deletes ended sessions of `account` among those whose ids follow `id`, which is random, so that in
    /// time each one's turn comes. Housekeeping: what fails is tried again another time.
    pub(crate) async fn drop_ended_sessions(&self, account: AccountId, id: &str, now: Timestamp) {
        let range = KeyRange::prefix_after(&place::sessions(account), &place::session(account, id));
        let Ok((rows, _)) = self.store.range(&range, SESSIONS_SEEN_MAX).await else { return };
        let ended = rows.iter().filter(|row| {
            SessionRecord::decode(&row.value).is_ok_and(|session| session.expires.plus(GRACE) < now)
        });
        let keys: Vec<Key> = ended.map(|row| row.key.clone()).collect();
        if !keys.is_empty() {
            let txn = Txn { deletes: keys, ..Txn::default() };
            if let Err(error) = self.commit(txn).await {
                tracing::warn!(?error, "ended sessions were not deleted");
            }
        }
    }

    /// The unique id of an existing user or role that a policy names: by the ARN of a user, a role or a
    /// role's session (which stays as it is), or by its unique id.
    pub(crate) async fn unique_id_of(&self, principal: &str) -> Result<Option<String>, Fault> {
        let Ok(arn) = principal.parse::<Arn>() else { return self.by_unique_id(principal).await };
        let (Some(account), Some((kind, rest))) = (arn.account, arn.resource.split_once('/')) else {
            return Ok(None);
        };
        let (path, name) =
            rest.rsplit_once('/').map_or(("/".to_owned(), rest), |(path, name)| (format!("/{path}/"), name));
        let mut rows = Vec::new();
        Ok(match (arn.service.as_str(), kind) {
            ("iam", "user") => {
                let user: Option<UserRecord> = self.read(place::user(account, name), &mut rows).await?;
                user.filter(|user| user.path == path && user.name == name).map(|user| user.id)
            }
            ("iam", "role") => {
                let role: Option<RoleRecord> = self.read(place::role(account, name), &mut rows).await?;
                role.filter(|role| role.path == path && role.name == name).map(|role| role.id)
            }
            ("sts", "assumed-role") => {
                let role_name = rest.split('/').next().unwrap_or(rest);
                let role: Option<RoleRecord> = self.read(place::role(account, role_name), &mut rows).await?;
                role.map(|_| principal.to_owned())
            }
            _ => None,
        })
    }

    async fn by_unique_id(&self, id: &str) -> Result<Option<String>, Fault> {
        let Some(account) = ids::account_of(id) else { return Ok(None) };
        let found = match id.get(..4) {
            Some("AIDA") => {
                let has_id = |user: UserRecord| user.id == id;
                self.any(place::users(account), has_id).await?
            }
            Some("AROA") => {
                let has_id = |role: RoleRecord| role.id == id;
                self.any(place::roles(account), has_id).await?
            }
            _ => false,
        };
        Ok(found.then(|| id.to_owned()))
    }

    async fn any<T: Stored>(&self, prefix: Key, test: impl Fn(T) -> bool) -> Result<bool, Fault> {
        let range = KeyRange::prefix(&prefix);
        let (rows, _) = self.store.range(&range, ENTITIES_MAX).await.map_err(Fault::ours)?;
        for row in rows {
            if test(T::decode(&row.value)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn compile(policies: &[InlinePolicy]) -> Result<PolicySet, Fault> {
    let compile = |policy: &InlinePolicy| {
        let compiled = Policy::parse(&policy.document, Flavour::Identity).map_err(Fault::ours)?;
        Ok((policy.name.clone(), Arc::new(compiled)))
    };
    policies.iter().map(compile).collect::<Result<Vec<_>, Fault>>().map(PolicySet::new)
}

#[cfg(test)]
mod tests;

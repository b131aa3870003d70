//! Users: what admins do with them, and everyone with the own PIN.

use crate::api::error::HsmError;
use crate::api::ids::{OperationId, UserName};
use crate::api::password::Password;
use crate::api::quorum::{Approval, QuorumService};
use crate::api::record::RecordKey;
use crate::api::user::{Role, UserInfo};
use crate::instance::Instance;
use crate::instance::body::{Body, UserRow};
use crate::instance::commit::{Asked, Change};
use crate::instance::login::is_locked;
use crate::instance::mind::Mind;
use crate::instance::pin::PinHash;
use crate::instance::quorum::spent;
use crate::protocol::answer::{Answer, Value};

/// CloudHSM's limit for a cluster.
const USERS_MAX: usize = 1024;

impl Instance {
    /// All users.
    pub(crate) fn users(&self) -> Result<Answer, HsmError> {
        let mut users: Vec<_> = {
            let mind = self.member()?;
            let info = |(name, row): (&UserName, &UserRow)| UserInfo {
                name: name.clone(),
                role: row.role,
                locked: is_locked(&mind, name),
                token_sign: row.token_sign.is_some(),
                sessions: 0,
            };
            mind.users.iter().map(info).collect()
        };
        for user in &mut users {
            user.sessions = self.sessions_of(&user.name);
        }
        Ok(Answer::Users(users))
    }

    /// Sets the first admin's PIN, once the cluster's owner has claimed it.
    pub(crate) fn activate(&self, operation: OperationId, pin: &Password) -> Result<Answer, HsmError> {
        let asked = Asked { operation, user: None };
        if let Some(answer) = self.done_before(&asked)? {
            return Ok(answer);
        }
        let claimed = self.member()?.membership.as_ref().is_some_and(|of| of.certificate_sha256.is_some());
        if !claimed {
            return Err(HsmError::Invalid("the cluster has to be initialized first".to_owned()));
        }
        let pin = PinHash::make(&*self.token, pin)?;
        let turn = self.turn()?;
        let name = UserName::admin();
        let row = self.mind().users.get(&name).filter(|row| row.role == Role::UnactivatedAdmin).cloned();
        let row = UserRow { role: Role::Admin, pin: Some(pin), ..row.ok_or(HsmError::NotPermitted)? };
        self.make(turn, asked, user_change(name, row))
    }

    pub(crate) fn create_user(
        &self,
        asked: Asked,
        name: &UserName,
        role: Role,
        pin: &Password,
        approvals: &[Approval],
    ) -> Result<Answer, HsmError> {
        if !matches!(role, Role::Admin | Role::CryptoUser) {
            return Err(HsmError::NotPermitted);
        }
        let pin = PinHash::make(&*self.token, pin)?;
        let turn = self.turn()?;
        let mut change = {
            let mind = self.mind();
            let who = admin(&mind, &asked)?;
            if mind.users.contains_key(name) {
                return Err(HsmError::UserExists);
            }
            if mind.users.len() >= USERS_MAX {
                return Err(HsmError::UserLimit);
            }
            let born = mind.next_version(self.identity.serial);
            let row = UserRow { role, pin: Some(pin), token_sign: None, born };
            let mut change = user_change(name.clone(), row);
            change.drafts.extend(spent(&mind, QuorumService::User, who, approvals, self.now_millis())?);
            change
        };
        change.value = Value::Nothing;
        self.make(turn, asked, change)
    }

    pub(crate) fn delete_user(
        &self,
        asked: Asked,
        name: &UserName,
        approvals: &[Approval],
    ) -> Result<Answer, HsmError> {
        let turn = self.turn()?;
        let sessions = self.sessions_of(name);
        let change = {
            let mind = self.mind();
            let who = admin(&mind, &asked)?;
            let row = mind.users.get(name).ok_or(HsmError::NoSuchUser)?;
            if row.role == Role::ApplianceUser {
                return Err(HsmError::NotPermitted);
            }
            let admins = mind.users.values().filter(|row| row.role == Role::Admin).count();
            let last = row.role == Role::Admin && admins == 1;
            if last || sessions > 0 || mind.keys.values().any(|key| key.owner == *name) {
                return Err(HsmError::UserInUse);
            }
            let mut drafts = vec![(RecordKey::User(name.clone()), Body::Tombstone)];
            drafts.extend(spent(&mind, QuorumService::User, who, approvals, self.now_millis())?);
            Change { drafts, value: Value::Nothing }
        };
        self.make(turn, asked, change)
    }

    pub(crate) fn change_password(
        &self,
        asked: Asked,
        name: &UserName,
        pin: &Password,
        approvals: &[Approval],
    ) -> Result<Answer, HsmError> {
        let pin = PinHash::make(&*self.token, pin)?;
        let turn = self.turn()?;
        let change = {
            let mind = self.mind();
            let own = asked.user.as_ref() == Some(name);
            let spent = if own {
                None
            } else {
                let who = admin(&mind, &asked)?;
                spent(&mind, QuorumService::User, who, approvals, self.now_millis())?
            };
            let row = mind.users.get(name).ok_or(HsmError::NoSuchUser)?;
            if row.pin.is_none() {
                return Err(HsmError::NotPermitted);
            }
            let mut change = user_change(name.clone(), UserRow { pin: Some(pin), ..row.clone() });
            change.drafts.extend(spent);
            change
        };
        self.make(turn, asked, change)
    }
}

/// The user who asks, if it is an admin now.
pub(crate) fn admin<'a>(mind: &Mind, asked: &'a Asked) -> Result<&'a UserName, HsmError> {
    with_role(mind, asked, Role::Admin)
}

/// The user who asks, if it has this role now.
pub(crate) fn with_role<'a>(mind: &Mind, asked: &'a Asked, role: Role) -> Result<&'a UserName, HsmError> {
    let user = asked.user.as_ref().ok_or(HsmError::NotLoggedIn)?;
    match mind.users.get(user) {
        Some(row) if row.role == role => Ok(user),
        Some(_) => Err(HsmError::NotPermitted),
        None => Err(HsmError::NotLoggedIn),
    }
}

pub(crate) fn user_change(name: UserName, row: UserRow) -> Change {
    Change { drafts: vec![(RecordKey::User(name), Body::UserV1(row))], value: Value::Nothing }
}

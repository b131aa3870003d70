//! Whose access keys an operation works on: those of the named user, or the caller's own.

use keyward_base::{AccountId, Fault};
use keyward_gate::{Check, Principal, RequestContext, View};
use keyward_schema::iam::StatusType;
use keyward_store::Key;

use crate::rows::{AccountRecord, KeyOwner, Stored, UserRecord};
use crate::{entity, fault, place, user};

/// A user or an account's root, with its row.
pub(crate) enum Owner {
    Root(AccountRecord),
    User(UserRecord),
}

/// An owner that a request names: its name, and itself if it is there.
pub(crate) struct Named {
    name: String,
    owner: Option<Owner>,
}

impl Named {
    /// Its access keys; none when it is not there.
    pub(crate) fn access_keys(&self) -> &[String] {
        self.owner.as_ref().map_or(&[], Owner::access_keys)
    }

    /// The owner, or AWS's error that there is no such user.
    pub(crate) fn existing(self) -> Result<Owner, Fault> {
        self.owner.ok_or_else(|| fault::no_such_user(&self.name))
    }
}

/// Access keys of one user or root.
const KEYS_MAX: usize = 2;

/// Finds the owner, and the check for doing `action` to its keys.
pub(crate) async fn find(
    request: &RequestContext,
    view: &mut View<'_>,
    action: &'static str,
    name: Option<&str>,
) -> Result<(Named, Vec<Check>), Fault> {
    let name = match (name, request.caller.principal()) {
        (Some(name), _) => name,
        (None, Principal::User { name, .. }) => name,
        (None, Principal::Root { account }) => return root(request, view, action, *account).await,
        (None, _) => {
            return Err(fault::validation("Must specify userName when calling with non-User credentials"));
        }
    };
    let (named, checks) = user::find(request, view, action, name).await?;
    let owner = named.existing().ok().map(Owner::User);
    Ok((Named { name: name.to_owned(), owner }, checks))
}

async fn root(
    request: &RequestContext,
    view: &mut View<'_>,
    action: &'static str,
    account: AccountId,
) -> Result<(Named, Vec<Check>), Fault> {
    let record = entity::load(view, &place::account(account)).await?;
    let record = record.ok_or_else(|| Fault::ours("a root user without an account"))?;
    let check = Check::identity(action, request.caller.arn(), account);
    Ok((Named { name: String::new(), owner: Some(Owner::Root(record)) }, vec![check]))
}

impl Owner {
    /// Its access keys.
    pub(crate) fn access_keys(&self) -> &[String] {
        match self {
            Self::Root(account) => &account.access_keys,
            Self::User(user) => &user.access_keys,
        }
    }

    /// Whether `id` is one of its keys; AWS's error if not.
    pub(crate) fn must_own(&self, id: &str) -> Result<(), Fault> {
        let owns = self.access_keys().iter().any(|key| key == id);
        if owns { Ok(()) } else { Err(fault::no_such_access_key(id)) }
    }

    /// How answers name it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Root(account) => &account.name,
            Self::User(user) => &user.name,
        }
    }

    /// How its keys name it.
    pub(crate) fn as_key_owner(&self) -> KeyOwner {
        match self {
            Self::User(user) => KeyOwner::User { id: user.id.clone(), name: user.name.clone() },
            Self::Root(_) => KeyOwner::Root,
        }
    }

    /// Adds a key.
    pub(crate) fn add(&mut self, id: &str) -> Result<(), Fault> {
        if self.access_keys().len() >= KEYS_MAX {
            return Err(fault::quota("AccessKeysPerUser", KEYS_MAX));
        }
        self.keys_mut().push(id.to_owned());
        Ok(())
    }

    /// Takes a key away.
    pub(crate) fn remove(&mut self, id: &str) {
        self.keys_mut().retain(|key| key != id);
    }

    fn keys_mut(&mut self) -> &mut Vec<String> {
        match self {
            Self::Root(account) => &mut account.access_keys,
            Self::User(user) => &mut user.access_keys,
        }
    }

    /// Its row, to be written back.
    pub(crate) fn into_row(self, account: AccountId) -> Result<(Key, Vec<u8>), Fault> {
        match self {
            Self::Root(record) => Ok((place::account(account), record.encode()?)),
            Self::User(record) => Ok((place::user(account, &record.name), record.encode()?)),
        }
    }
}

/// A key's status.
pub(crate) fn status(active: bool) -> StatusType {
    if active { StatusType::Active } else { StatusType::Inactive }
}

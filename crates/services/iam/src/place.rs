//! Where each row is. Names are unique without regard to case, so keys hold them in lower case.

use keyward_base::AccountId;
use keyward_store::Key;

/// Below it are all rows of this service.
pub(crate) fn all() -> Key {
    Key::new("iam/")
}

pub(crate) fn accounts() -> Key {
    Key::new("iam/account/")
}

pub(crate) fn account(account: AccountId) -> Key {
    Key::of(&["iam/account", &account.to_string()])
}

pub(crate) fn users(account: AccountId) -> Key {
    Key::new(format!("iam/user/{account}/"))
}

pub(crate) fn user(account: AccountId, name: &str) -> Key {
    Key::of(&["iam/user", &account.to_string(), &name.to_lowercase()])
}

pub(crate) fn roles(account: AccountId) -> Key {
    Key::new(format!("iam/role/{account}/"))
}

pub(crate) fn role(account: AccountId, name: &str) -> Key {
    Key::of(&["iam/role", &account.to_string(), &name.to_lowercase()])
}

pub(crate) fn access_key(account: AccountId, id: &str) -> Key {
    Key::of(&["iam/key", &account.to_string(), id])
}

/// Below it are the access keys of all accounts.
pub(crate) fn all_access_keys() -> Key {
    Key::new("iam/key/")
}

/// Below it are the sessions of all accounts.
pub(crate) fn all_sessions() -> Key {
    Key::new("iam/session/")
}

/// The key that seals secrets.
pub(crate) fn sealing_key() -> Key {
    Key::new("iam/sealing-key")
}

pub(crate) fn sessions(account: AccountId) -> Key {
    Key::new(format!("iam/session/{account}/"))
}

pub(crate) fn session(account: AccountId, id: &str) -> Key {
    Key::of(&["iam/session", &account.to_string(), id])
}

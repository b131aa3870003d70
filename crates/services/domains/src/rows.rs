//! Where the registrar's rows are, and how they are read and written.
//!
//! ```text
//! domains/name/<domain>                             AccountId: whose domain it is
//! domains/domain/<account>/<domain>                 Domain
//! domains/operation/<account>/<moment>-<id>         Operation
//! domains/operation-id/<id>                         Place: where the operation's row is
//! domains/open/<account>/<id>                       Place, while the operation is under way
//! ```

use keyward_base::{AccountId, Fault};
use keyward_store::Key;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fault::internal;
use crate::name::DomainName;
use crate::operation::{Operation, OperationId};

/// A row as stored: the version of its form, and the thing.
#[derive(Serialize, Deserialize)]
enum Versioned<T> {
    V1(T),
}

/// Where an operation's row is: the last part of its key, and the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The account.
    pub(crate) account: AccountId,
    /// The last part of the key.
    pub(crate) last: String,
}

impl Place {
    /// Where `operation` is.
    pub(crate) fn of(operation: &Operation) -> Self {
        let last = format!("{:020}-{}", operation.submitted.unix_millis(), operation.id);
        Self { account: operation.account, last }
    }

    /// The key of the operation's row.
    pub(crate) fn key(&self) -> Key {
        Key::of(&["domains", "operation", &self.account.to_string(), &self.last])
    }
}

/// The place of whose domain it is.
pub(crate) fn name(domain: &DomainName) -> Key {
    Key::of(&["domains", "name", domain.as_str()])
}

/// The place of a domain.
pub(crate) fn domain(account: AccountId, domain: &DomainName) -> Key {
    Key::of(&["domains", "domain", &account.to_string(), domain.as_str()])
}

/// Before every domain of an account.
pub(crate) fn domains(account: AccountId) -> Key {
    Key::of(&["domains", "domain", &account.to_string(), ""])
}

/// Before every operation of an account, the oldest first.
pub(crate) fn operations(account: AccountId) -> Key {
    Key::of(&["domains", "operation", &account.to_string(), ""])
}

/// The place of where an operation is.
pub(crate) fn operation_id(id: &OperationId) -> Key {
    Key::of(&["domains", "operation-id", id.as_str()])
}

/// Before every operation that is under way.
pub(crate) fn all_open() -> Key {
    Key::of(&["domains", "open", ""])
}

/// Before every operation of an account that is under way.
pub(crate) fn open_of(account: AccountId) -> Key {
    Key::of(&["domains", "open", &account.to_string(), ""])
}

/// The place of an operation that is under way.
pub(crate) fn open(operation: &Operation) -> Key {
    Key::of(&["domains", "open", &operation.account.to_string(), operation.id.as_str()])
}

/// A row's value.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, Fault> {
    postcard::to_stdvec(&Versioned::V1(row)).map_err(internal)
}

/// Reads a row's value. A newer version's row is a fault of ours: that binary has to read it.
pub(crate) fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T, Fault> {
    let Versioned::V1(row) = postcard::from_bytes(value).map_err(internal)?;
    Ok(row)
}

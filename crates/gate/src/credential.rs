//! Access keys: what the gate must know of one, and who tells it.

use std::sync::Arc;

use keyward_base::{Fault, Partition};
use keyward_store::BoxFuture;
use zeroize::Zeroizing;

use crate::sigv4::SigningKeys;
use crate::{Attributes, Caller, Principal};

/// A secret access key. Wiped when dropped; it has no `Debug`, `Clone` or `Serialize`.
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    /// Takes a secret.
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret's bytes, for deriving signing keys.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// An active access key with all that a request signed by it depends on.
pub struct Credential {
    pub(crate) secret: SecretKey,
    pub(crate) session_token: Option<Zeroizing<String>>,
    pub(crate) caller: Caller,
    pub(crate) signing_keys: SigningKeys,
}

impl Credential {
    /// The long-term key of a user or of the account's root.
    pub fn long_term(
        access_key_id: String,
        secret: SecretKey,
        principal: Principal,
        partition: Partition,
        attributes: Attributes,
    ) -> Self {
        let caller = Caller::new(principal, partition, Some(access_key_id), attributes);
        Self { secret, session_token: None, caller, signing_keys: SigningKeys::default() }
    }

    /// The key of a session; requests must carry its token.
    pub fn temporary(
        access_key_id: String,
        secret: SecretKey,
        session_token: Zeroizing<String>,
        principal: Principal,
        partition: Partition,
        attributes: Attributes,
    ) -> Self {
        let caller = Caller::new(principal, partition, Some(access_key_id), attributes);
        Self { secret, session_token: Some(session_token), caller, signing_keys: SigningKeys::default() }
    }
}

/// Finds credentials; implemented by the IAM service, which keeps a cache fed by the store's watch.
pub trait IdentitySource: Send + Sync + 'static {
    /// The credential of an access key; `None` when it is unknown, deleted or inactive.
    fn credential<'a>(
        &'a self,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<Credential>>, Fault>>;
}

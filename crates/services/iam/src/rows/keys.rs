//! The rows that hold secrets: access keys and sessions. Version 1 held them in clear; version 2 holds what the
//! vault sealed. Version 1 is written only by tests, and sealed at the next write or start.

use keyward_base::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

use super::{KeyOwner, Stored, StoredSecret};
use crate::place;
use crate::secrets::{Sealable, Secrets};

/// A long-term access key.
#[derive(PartialEq, Eq)]
pub(crate) struct AccessKeyRecord {
    pub(crate) owner: KeyOwner,
    pub(crate) secret: KeptSecret,
    pub(crate) active: bool,
    pub(crate) created: Timestamp,
}

/// A secret as a row keeps it.
#[derive(PartialEq, Eq)]
pub(crate) enum KeptSecret {
    /// As version 1 wrote it.
    Clear(StoredSecret),
    /// Sealed for its access key.
    Sealed(Vec<u8>),
}

/// An access key in all its versions.
#[derive(Serialize, Deserialize)]
pub(crate) enum AccessKeyRow {
    V1 { owner: KeyOwner, secret: StoredSecret, active: bool, created: Timestamp },
    V2 { owner: KeyOwner, sealed: Vec<u8>, active: bool, created: Timestamp },
}

impl Stored for AccessKeyRecord {
    type Row = AccessKeyRow;

    fn into_row(self) -> AccessKeyRow {
        let Self { owner, secret, active, created } = self;
        match secret {
            KeptSecret::Clear(secret) => AccessKeyRow::V1 { owner, secret, active, created },
            KeptSecret::Sealed(sealed) => AccessKeyRow::V2 { owner, sealed, active, created },
        }
    }

    fn from_row(row: AccessKeyRow) -> Self {
        match row {
            AccessKeyRow::V1 { owner, secret, active, created } => {
                Self { owner, secret: KeptSecret::Clear(secret), active, created }
            }
            AccessKeyRow::V2 { owner, sealed, active, created } => {
                Self { owner, secret: KeptSecret::Sealed(sealed), active, created }
            }
        }
    }
}

impl Sealable for AccessKeyRecord {
    fn prefix() -> keyward_store::Key {
        place::all_access_keys()
    }

    async fn sealed(self, access_key_id: &str, secrets: &Secrets) -> Result<Option<Self>, Fault> {
        let KeptSecret::Clear(secret) = &self.secret else { return Ok(None) };
        let secret = KeptSecret::Sealed(secrets.seal(access_key_id, secret.expose()).await?);
        Ok(Some(Self { secret, ..self }))
    }
}

/// A session of a role.
#[derive(PartialEq, Eq)]
pub(crate) struct SessionRecord {
    /// The role's unique id and name.
    pub(crate) role_id: String,
    pub(crate) role_name: String,
    pub(crate) name: String,
    pub(crate) secrets: SessionSecrets,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    /// The session policy's document.
    pub(crate) policy: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) source_identity: Option<String>,
}

/// A session's secret key and its token.
#[derive(PartialEq, Eq)]
pub(crate) enum SessionSecrets {
    /// As version 1 wrote them.
    Clear { secret: StoredSecret, token: StoredSecret },
    /// Both sealed together for their access key: the secret, a line's end, the token.
    Sealed(Vec<u8>),
}

/// What stands between a session's secret and its token, neither of which has one.
const BETWEEN: char = '\n';

impl SessionSecrets {
    /// Seals both.
    pub(crate) async fn seal(
        access_key_id: &str,
        secret: &str,
        token: &str,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        let both = zeroize::Zeroizing::new(format!("{secret}{BETWEEN}{token}"));
        secrets.seal(access_key_id, &both).await.map(Self::Sealed)
    }

    /// Opens both.
    pub(crate) async fn open(
        &self,
        access_key_id: &str,
        secrets: &Secrets,
    ) -> Result<(StoredSecret, StoredSecret), Fault> {
        match self {
            Self::Clear { secret, token } => {
                Ok((StoredSecret::new(secret.expose()), StoredSecret::new(token.expose())))
            }
            Self::Sealed(sealed) => {
                let both = secrets.open(access_key_id, sealed).await?;
                let (secret, token) =
                    both.split_once(BETWEEN).ok_or_else(|| Fault::ours("a session without a token"))?;
                Ok((StoredSecret::new(secret), StoredSecret::new(token)))
            }
        }
    }
}

/// A session in all its versions.
#[derive(Serialize, Deserialize)]
pub(crate) enum SessionRow {
    V1(ClearSession),
    V2(SealedSession),
}

/// Version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct ClearSession {
    role_id: String,
    role_name: String,
    name: String,
    secret: StoredSecret,
    token: StoredSecret,
    about: AboutSession,
}

/// Version 2.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedSession {
    role_id: String,
    role_name: String,
    name: String,
    sealed: Vec<u8>,
    about: AboutSession,
}

/// What follows the secrets in both versions.
#[derive(Serialize, Deserialize)]
struct AboutSession {
    issued: Timestamp,
    expires: Timestamp,
    policy: Option<String>,
    tags: Vec<(String, String)>,
    source_identity: Option<String>,
}

impl Stored for SessionRecord {
    type Row = SessionRow;

    fn into_row(self) -> SessionRow {
        let Self { role_id, role_name, name, secrets, issued, expires, policy, tags, source_identity } = self;
        let about = AboutSession { issued, expires, policy, tags, source_identity };
        match secrets {
            SessionSecrets::Clear { secret, token } => {
                SessionRow::V1(ClearSession { role_id, role_name, name, secret, token, about })
            }
            SessionSecrets::Sealed(sealed) => {
                SessionRow::V2(SealedSession { role_id, role_name, name, sealed, about })
            }
        }
    }

    fn from_row(row: SessionRow) -> Self {
        let (role_id, role_name, name, secrets, about) = match row {
            SessionRow::V1(ClearSession { role_id, role_name, name, secret, token, about }) => {
                (role_id, role_name, name, SessionSecrets::Clear { secret, token }, about)
            }
            SessionRow::V2(SealedSession { role_id, role_name, name, sealed, about }) => {
                (role_id, role_name, name, SessionSecrets::Sealed(sealed), about)
            }
        };
        let AboutSession { issued, expires, policy, tags, source_identity } = about;
        Self { role_id, role_name, name, secrets, issued, expires, policy, tags, source_identity }
    }
}

impl Sealable for SessionRecord {
    fn prefix() -> keyward_store::Key {
        place::all_sessions()
    }

    async fn sealed(self, access_key_id: &str, secrets: &Secrets) -> Result<Option<Self>, Fault> {
        let SessionSecrets::Clear { secret, token } = &self.secrets else { return Ok(None) };
        let sealed = SessionSecrets::seal(access_key_id, secret.expose(), token.expose(), secrets).await?;
        Ok(Some(Self { secrets: sealed, ..self }))
    }
}

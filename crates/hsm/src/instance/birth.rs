//! From blank to member: the first HSM of a cluster, and every later one; and back to life.
//!
//! A token can lose what it held: the records have every key in masked form, so that the masking key is all that is missing then. Any HSM of
//! the cluster gives it again, in a backup, and the HSM goes on with its own records: nothing is lost that only it has, and it need not
//! matter which of them is in step.

use std::sync::PoisonError;

use crate::api::attributes::{Attributes, Flag, Flags, KeyClass};
use crate::api::error::HsmError;
use crate::api::ids::{ClusterId, UserName};
use crate::api::record::RecordKey;
use crate::api::status::{HsmType, Membership};
use crate::api::user::Role;
use crate::instance::backup::OpenedBackup;
use crate::instance::body::{self, Body, ClusterKeyRow, UserRow};
use crate::instance::commit::Turn;
use crate::instance::keys::CLUSTER_KEY;
use crate::instance::mind::Mind;
use crate::instance::{Instance, commit};
use crate::records::{Batch, Kept};
use crate::token::Token;

impl Instance {
    /// Becomes the first HSM of a new cluster.
    pub(crate) fn found(&self, membership: &Membership) -> Result<(), HsmError> {
        let turn = self.turn()?;
        if self.mind().bereft.is_some() {
            return Err(HsmError::NotBlank);
        }
        if self.is_same(membership)? {
            return Ok(());
        }
        // What an attempt that was cut off has left.
        self.token.erase()?;
        self.token.make_masking_key()?;
        let made = self.token.generate(CLUSTER_KEY)?;
        let public_spki = made.public_spki.unwrap_or_default();
        let row = ClusterKeyRow { masked: made.masked, public_spki, founder: self.identity.serial };
        let born = self.mind().next_version(self.identity.serial);
        let user = |role| UserRow { role, pin: None, token_sign: None, born };
        let drafts = vec![
            (RecordKey::ClusterKey, Body::ClusterKeyV1(row)),
            (RecordKey::User(UserName::admin()), Body::UserV1(user(Role::UnactivatedAdmin))),
            (RecordKey::User(UserName::app_user()), Body::UserV1(user(Role::ApplianceUser))),
        ];
        let records = self.seal(drafts, born)?;
        let batch = Batch { membership: Some(membership.clone()), ..Batch::default() };
        self.commit(turn, batch, records)
    }

    /// Becomes a member with all that a backup holds. A member whose token lost the masking key takes that alone.
    pub(crate) fn restore(
        &self,
        backup: &[u8],
        cluster: &ClusterId,
        hsm_type: HsmType,
    ) -> Result<(), HsmError> {
        let turn = self.turn()?;
        let opened = self.open_backup(backup)?;
        let bereft = self.mind().bereft.clone();
        if let Some(own) = bereft {
            return self.regain(turn, &own, &opened);
        }
        let membership = Membership {
            cluster: cluster.clone(),
            mode: opened.header.mode,
            hsm_type,
            certificate_sha256: opened.header.certificate_sha256,
        };
        if self.is_same(&membership)? {
            return Ok(());
        }
        self.token.erase()?;
        let under = self.backup_key(&opened.salt, &opened.header)?;
        self.token.import_masking_key(&under, &opened.masking_key).map_err(|_| HsmError::BackupRefused)?;
        let records = opened
            .records
            .into_iter()
            .map(|record| body::open(&*self.token, &record).map(|body| (record, body)));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        self.commit(turn, Batch { membership: Some(membership), ..Batch::default() }, records)
    }

    /// Takes the masking key from a backup of the own cluster, and goes on with what was kept.
    fn regain(&self, mut turn: Turn<'_>, own: &Membership, opened: &OpenedBackup) -> Result<(), HsmError> {
        if opened.header.cluster != own.cluster {
            return Err(HsmError::NotBlank);
        }
        let under = self.backup_key(&opened.salt, &opened.header)?;
        self.token.import_masking_key(&under, &opened.masking_key).map_err(|_| HsmError::BackupRefused)?;
        let mind = wake(turn.reopen()?, &*self.token)?;
        tracing::warn!(
            keys = mind.keys.len(),
            "the token has the masking key again, and its keys from the records"
        );
        *self.mind.write().unwrap_or_else(PoisonError::into_inner) = mind;
        Ok(())
    }

    /// Learns that the cluster was claimed.
    pub(crate) fn claim(&self, certificate_sha256: [u8; 32]) -> Result<(), HsmError> {
        let turn = self.turn()?;
        let mut membership = self.member()?.membership.clone().ok_or(HsmError::Blank)?;
        match membership.certificate_sha256 {
            Some(present) if present == certificate_sha256 => Ok(()),
            Some(_) => Err(HsmError::NotPermitted),
            None => {
                membership.certificate_sha256 = Some(certificate_sha256);
                self.keep_membership(turn, membership)
            }
        }
    }

    /// Empties the token, and gives it back where it is somebody else's. The HSM is of no use from then on.
    pub(crate) fn retire(&self) -> Result<(), HsmError> {
        let _turn = self.turn()?;
        Ok(self.token.retire()?)
    }

    /// Whether the HSM is such a member already; an error when it is of another cluster.
    fn is_same(&self, wanted: &Membership) -> Result<bool, HsmError> {
        match &self.mind().membership {
            None => Ok(false),
            Some(present) if present.cluster == wanted.cluster && present.mode == wanted.mode => Ok(true),
            Some(_) => Err(HsmError::NotBlank),
        }
    }
}

/// What was kept, with the token's objects brought in line. Without the masking key there is nothing to be read.
pub(crate) fn wake(kept: Kept, token: &dyn Token) -> Result<Mind, HsmError> {
    if let Some(membership) = &kept.membership
        && !token.has_masking_key()?
    {
        tracing::error!(
            cluster = %membership.cluster,
            records = kept.records.len(),
            "the token has lost the masking key; another HSM of the cluster has to give it again. If none can, make a cluster from a backup"
        );
        return Ok(Mind::bereft(membership.clone()));
    }
    let mind = Mind::of(kept, token)?;
    commit::reconcile(&mind, token)?;
    Ok(mind)
}

/// What the cluster's own private key is as an object.
pub(crate) fn cluster_key_attributes() -> Attributes {
    Attributes {
        class: KeyClass::Private,
        spec: CLUSTER_KEY,
        label: "cluster".to_owned(),
        id: vec![],
        flags: Flags::of(&[Flag::Sign, Flag::Token, Flag::Private, Flag::Sensitive]),
        check_value: [0; 3],
    }
}

//! From blank to member: the first HSM of a cluster, and every later one.

use crate::api::attributes::{Attributes, Flag, Flags, KeyClass};
use crate::api::error::HsmError;
use crate::api::ids::{ClusterId, UserName};
use crate::api::record::RecordKey;
use crate::api::status::{HsmType, Membership};
use crate::api::user::Role;
use crate::instance::Instance;
use crate::instance::body::{self, Body, ClusterKeyRow, UserRow};
use crate::instance::keys::CLUSTER_KEY;
use crate::records::Batch;

impl Instance {
    /// Becomes the first HSM of a new cluster.
    pub(crate) fn found(&self, membership: &Membership) -> Result<(), HsmError> {
        let turn = self.turn()?;
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

    /// Becomes a member with all that a backup holds.
    pub(crate) fn restore(
        &self,
        backup: &[u8],
        cluster: &ClusterId,
        hsm_type: HsmType,
    ) -> Result<(), HsmError> {
        let turn = self.turn()?;
        let opened = self.open_backup(backup)?;
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

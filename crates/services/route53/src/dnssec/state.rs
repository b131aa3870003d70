//! The states of a zone's DNSSEC and every move between them; a refusal is a value.

use keyward_base::Timestamp;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Key-signing keys a zone may have.
const KEYS_MAX: usize = 2;

/// A zone's DNSSEC. A zone that never had any is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dnssec {
    /// Whether the zone is signed.
    pub(crate) signing: Signing,
    /// Its key-signing keys, oldest first.
    pub(crate) keys: Vec<KeySigningKey>,
}

/// Whether a zone is signed (`ServeSignature`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::enum_variant_names, reason = "they are AWS's words")]
pub(crate) enum Signing {
    /// It isn't.
    #[default]
    NotSigning,
    /// It is, or is about to be.
    Signing,
    /// It shall no longer be; name servers may still serve signatures.
    Deleting,
    /// Signing failed for a reason of ours; the text says what to do.
    InternalFailure(String),
}

/// A key-signing key: a name for a KMS key within one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeySigningKey {
    /// Its name, unique in the zone.
    pub(crate) name: String,
    /// The KMS key's ARN, unique in the zone.
    pub(crate) kms_arn: String,
    /// The public key as DNSKEY has it: X and Y of the P-256 point, 64 octets (RFC 6605 section 4).
    pub(crate) public_key: Vec<u8>,
    /// What the caller named the request.
    pub(crate) caller_reference: String,
    /// Its status.
    pub(crate) status: KeyStatus,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When its status last changed.
    pub(crate) modified: Timestamp,
}

/// The status of a key-signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyStatus {
    /// It signs.
    Active,
    /// It doesn't sign and isn't published.
    Inactive,
    /// Its KMS key can't be used; the text says why and what to do. Signatures made before are served on.
    ActionNeeded(String),
    /// Something of ours failed; the text says what to do.
    InternalFailure(String),
}

impl KeyStatus {
    /// The status that CreateKeySigningKey may ask for.
    pub(crate) fn initial(text: &str) -> Result<Self, Refusal> {
        match text {
            "ACTIVE" => Ok(Self::Active),
            "INACTIVE" => Ok(Self::Inactive),
            _ => Err(Refusal::StatusInvalid),
        }
    }

    /// AWS's word for it.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::ActionNeeded(_) => "ACTION_NEEDED",
            Self::InternalFailure(_) => "INTERNAL_FAILURE",
        }
    }

    /// The text that goes with ACTION_NEEDED and INTERNAL_FAILURE.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::ActionNeeded(message) | Self::InternalFailure(message) => Some(message),
            Self::Active | Self::Inactive => None,
        }
    }
}

impl KeySigningKey {
    /// Whether it is in the DNSKEY set of the signed zone. A key in trouble stays: resolvers may know it alone.
    pub(crate) fn is_published(&self) -> bool {
        !matches!(self.status, KeyStatus::Inactive)
    }

    fn becomes(&mut self, status: KeyStatus, now: Timestamp) {
        if self.status != status {
            self.status = status;
            self.modified = now;
        }
    }
}

/// Whether `name` can name a key-signing key: letters, digits and underscores.
pub(crate) fn check_key_name(name: &str) -> Result<(), Refusal> {
    let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits && !name.is_empty() { Ok(()) } else { Err(Refusal::NameInvalid) }
}

impl Dnssec {
    /// The key `name`.
    pub(crate) fn key(&self, name: &str) -> Result<&KeySigningKey, Refusal> {
        self.keys.iter().find(|key| key.name == name).ok_or(Refusal::NoSuchKey)
    }

    /// AWS's word for whether the zone is signed (`ServeSignature`).
    pub(crate) fn serve_signature(&self) -> &'static str {
        let trouble = |key: &KeySigningKey| matches!(key.status, KeyStatus::ActionNeeded(_));
        match self.signing {
            Signing::NotSigning => "NOT_SIGNING",
            Signing::Signing if self.keys.iter().any(trouble) => "ACTION_NEEDED",
            Signing::Signing => "SIGNING",
            Signing::Deleting => "DELETING",
            Signing::InternalFailure(_) => "INTERNAL_FAILURE",
        }
    }

    /// Whether nothing of DNSSEC is there, so that the zone may be deleted.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.signing == Signing::NotSigning
    }

    /// Whether a key of this name, KMS key and reference may be added. Asked before KMS is.
    pub(crate) fn check_add(&self, name: &str, kms_arn: &str, caller_reference: &str) -> Result<(), Refusal> {
        if !matches!(self.signing, Signing::NotSigning | Signing::Signing) {
            return Err(Refusal::SigningStatus);
        }
        self.check_no_failure_but(name)?;
        let same = |key: &KeySigningKey| {
            key.name == name || key.kms_arn == kms_arn || key.caller_reference == caller_reference
        };
        if self.keys.iter().any(same) {
            return Err(Refusal::KeyExists);
        }
        if self.keys.len() >= KEYS_MAX {
            return Err(Refusal::TooManyKeys);
        }
        Ok(())
    }

    /// Adds a key.
    pub(crate) fn add(&mut self, key: KeySigningKey) -> Result<(), Refusal> {
        self.check_add(&key.name, &key.kms_arn, &key.caller_reference)?;
        self.keys.push(key);
        Ok(())
    }

    /// Whether key `name` may be activated, if KMS agrees.
    pub(crate) fn check_activate(&self, name: &str) -> Result<&KeySigningKey, Refusal> {
        let key = self.key(name)?;
        if !matches!(self.signing, Signing::NotSigning | Signing::Signing) {
            return Err(Refusal::SigningStatus);
        }
        self.check_no_failure_but(name)?;
        Ok(key)
    }

    /// Makes key `name` sign. The caller has checked its KMS key.
    pub(crate) fn activate(&mut self, name: &str, now: Timestamp) -> Result<(), Refusal> {
        self.check_activate(name)?;
        self.key_mut(name)?.becomes(KeyStatus::Active, now);
        Ok(())
    }

    /// Whether key `name` may be deactivated as far as the zone itself knows. `Ok(true)` when it signs for
    /// the zone now, so that the parent's DS records matter.
    pub(crate) fn check_deactivate(&self, name: &str) -> Result<bool, Refusal> {
        let key = self.key(name)?;
        if matches!(self.signing, Signing::InternalFailure(_)) {
            return Err(Refusal::SigningStatus);
        }
        self.check_no_failure_but(name)?;
        let needed = self.signing == Signing::Signing && key.is_published();
        let mut others = self.keys.iter().filter(|other| other.name != name);
        if needed && !others.any(|other| other.status == KeyStatus::Active) {
            return Err(Refusal::KeyInUse);
        }
        Ok(needed)
    }

    /// Makes key `name` sign no more. `in_parent_ds`: the parent has a DS record for it.
    pub(crate) fn deactivate(
        &mut self,
        name: &str,
        in_parent_ds: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.check_deactivate(name)? && in_parent_ds {
            return Err(Refusal::KeyInParentDs);
        }
        self.key_mut(name)?.becomes(KeyStatus::Inactive, now);
        Ok(())
    }

    /// Removes key `name`, which must be INACTIVE.
    pub(crate) fn delete(&mut self, name: &str) -> Result<(), Refusal> {
        let key = self.key(name)?;
        if matches!(self.signing, Signing::InternalFailure(_)) {
            return Err(Refusal::SigningStatus);
        }
        self.check_no_failure_but(name)?;
        if key.status != KeyStatus::Inactive {
            return Err(Refusal::DeleteNotInactive { name: name.to_owned() });
        }
        self.keys.retain(|key| key.name != name);
        Ok(())
    }

    /// Whether signing may be switched on; the ACTIVE keys, whose KMS keys the caller checks.
    pub(crate) fn check_enable(&self, zone_id: &str) -> Result<Vec<&KeySigningKey>, Refusal> {
        self.check_no_failure_but("")?;
        let active: Vec<_> = self.keys.iter().filter(|key| key.status == KeyStatus::Active).collect();
        if active.is_empty() {
            return Err(Refusal::NoActiveKey { zone_id: zone_id.to_owned() });
        }
        Ok(active)
    }

    /// Switches signing on.
    pub(crate) fn enable(&mut self, zone_id: &str) -> Result<(), Refusal> {
        self.check_enable(zone_id)?;
        self.signing = Signing::Signing;
        Ok(())
    }

    /// Whether signing may be switched off as far as the zone itself knows. `Ok(true)` when it is on, so that
    /// the parent's DS records matter.
    pub(crate) fn check_disable(&self) -> Result<bool, Refusal> {
        if self.is_empty() {
            return Err(Refusal::NothingThere);
        }
        self.check_no_failure_but("")?;
        Ok(matches!(self.signing, Signing::Signing | Signing::InternalFailure(_)))
    }

    /// Switches signing off. `in_parent_ds`: the parent has a DS record for one of the keys.
    pub(crate) fn disable(&mut self, in_parent_ds: bool) -> Result<(), Refusal> {
        if self.check_disable()? {
            if in_parent_ds {
                return Err(Refusal::KeyInParentDs);
            }
            self.signing = Signing::Deleting;
        }
        Ok(())
    }

    /// Every name server serves the zone without signatures. Whether that changes anything.
    pub(crate) fn served_unsigned(&mut self) -> bool {
        let deleting = self.signing == Signing::Deleting;
        if deleting {
            self.signing = Signing::NotSigning;
        }
        deleting
    }

    /// The KMS key behind `name` can't be used. Whether that changes anything.
    pub(crate) fn needs_action(&mut self, name: &str, message: String, now: Timestamp) -> bool {
        let found = self.keys.iter_mut().find(|key| key.name == name);
        let Some(key) = found.filter(|key| key.status != KeyStatus::Inactive) else {
            return false;
        };
        let status = KeyStatus::ActionNeeded(message);
        if key.status == status {
            return false;
        }
        // The age of the trouble counts from its beginning, whatever else is found meanwhile.
        let since = if matches!(key.status, KeyStatus::ActionNeeded(_)) { key.modified } else { now };
        key.becomes(status, since);
        true
    }

    fn key_mut(&mut self, name: &str) -> Result<&mut KeySigningKey, Refusal> {
        self.keys.iter_mut().find(|key| key.name == name).ok_or(Refusal::NoSuchKey)
    }

    /// While a key is in INTERNAL_FAILURE, only its own repair is accepted.
    fn check_no_failure_but(&self, name: &str) -> Result<(), Refusal> {
        let failed =
            |key: &KeySigningKey| key.name != name && matches!(key.status, KeyStatus::InternalFailure(_));
        if self.keys.iter().any(failed) { Err(Refusal::StatusInvalid) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;

//! What uses keys and changes nothing: the hot path. Two read locks, no disk.

use keyward_boundary::bytes::Octets;
use zeroize::Zeroizing;

use crate::api::attributes::Flag;
use crate::api::error::HsmError;
use crate::api::ids::{KeyHandle, OperationId, SessionId, UserName};
use crate::api::mechanism::CipherMechanism;
use crate::api::user::Role;
use crate::instance::Instance;
use crate::instance::commit::Asked;
use crate::instance::keys::is_user;
use crate::instance::mind::Mind;
use crate::protocol::answer::Answer;
use crate::protocol::request::{Mutation, Use};
use crate::token::TokenError;

/// KMS's and CloudHSM's data keys have at most so many bytes.
const DATA_KEY_BYTES_MAX: u32 = 1024;

impl Instance {
    /// Does something with a key.
    pub(crate) fn use_key(
        &self,
        session: &SessionId,
        key: KeyHandle,
        use_: &Use<'_>,
    ) -> Result<Answer, HsmError> {
        self.as_user(session, |user, role, mind| check(mind, user, role, key, use_))?;
        if matches!(use_, Use::GenerateDataKey { bytes, .. } if !(1..=DATA_KEY_BYTES_MAX).contains(bytes)) {
            return Err(HsmError::Invalid("a data key has 1 to 1024 bytes".to_owned()));
        }
        match self.work(key, use_) {
            // Another program destroyed the object in a token that is not ours alone; the record has it.
            Err(TokenError::NoSuchKey) if self.restore_object(key)? => self.work(key, use_),
            outcome => outcome,
        }
        .map_err(HsmError::from)
    }

    fn work(&self, key: KeyHandle, use_: &Use<'_>) -> Result<Answer, TokenError> {
        let token = &self.token;
        match use_ {
            Use::Encrypt { mechanism, associated, plaintext } => {
                token.encrypt(key, *mechanism, associated.0, plaintext.0).map(one)
            }
            Use::Decrypt { mechanism, associated, ciphertext } => {
                let plain = token.decrypt(key, *mechanism, associated.0, ciphertext.0);
                plain.map(|plain| Answer::One(Octets(plain)))
            }
            Use::GenerateDataKey { bytes, associated } => self.generate_data_key(key, *bytes, associated.0),
            Use::Sign { mechanism, message } => token.sign(key, *mechanism, message.0).map(one),
            Use::Verify { mechanism, message, signature } => {
                token.verify(key, *mechanism, message.0, signature.0).map(|()| Answer::Done)
            }
            Use::Wrap { mechanism, target } => token.wrap(key, *mechanism, *target).map(one),
        }
    }

    fn generate_data_key(&self, key: KeyHandle, bytes: u32, associated: &[u8]) -> Result<Answer, TokenError> {
        let mut plain = Zeroizing::new(vec![0; bytes as usize]);
        self.token.random(&mut plain)?;
        let ciphertext = self.token.encrypt(key, CipherMechanism::AesGcm, associated, &plain)?;
        Ok(Answer::DataKey { plaintext: Octets(plain), ciphertext: ciphertext.into() })
    }

    /// Whether a user may use a key for this.
    pub(crate) fn check_use(&self, user: &UserName, key: KeyHandle, flag: Flag) -> Result<(), HsmError> {
        has_flag(&*self.member()?, user, key, flag)
    }

    /// Does what changes the state, once for each operation.
    pub(crate) fn mutate(
        &self,
        session: &SessionId,
        operation: OperationId,
        mutation: &Mutation<'_>,
    ) -> Result<Answer, HsmError> {
        let user = self.as_user(session, |user, _, _| Ok(user.clone()))?;
        let asked = Asked { operation, user: Some(user) };
        if let Some(answer) = self.done_before(&asked)? {
            return Ok(answer);
        }
        match mutation {
            Mutation::CreateUser { name, role, password, approvals } => {
                self.create_user(asked, name, *role, password, approvals)
            }
            Mutation::DeleteUser { name, approvals } => self.delete_user(asked, name, approvals),
            Mutation::ChangePassword { name, password, approvals } => {
                self.change_password(asked, name, password, approvals)
            }
            Mutation::RegisterTokenSign { public_spki, signature } => {
                self.register_token_sign(asked, public_spki, signature)
            }
            Mutation::SetQuorumValue { service, value, approvals } => {
                self.set_quorum_value(asked, *service, *value, approvals)
            }
            Mutation::MakeQuorumToken(service) => self.make_quorum_token(asked, *service),
            Mutation::DeleteQuorumToken(service) => self.delete_quorum_token(asked, *service),
            Mutation::GenerateKey(template) => self.generate_key(asked, template),
            Mutation::GeneratePair(template) => self.generate_pair(asked, template),
            Mutation::Unwrap { with, mechanism, wrapped, template } => {
                self.unwrap_key(asked, *with, *mechanism, wrapped.0, template)
            }
            Mutation::SetAttributes { key, changes } => self.set_attributes(asked, *key, changes),
            Mutation::Share { key, with } => self.share(asked, *key, with),
            Mutation::Unshare { key, with } => self.unshare(asked, *key, with),
            Mutation::DeleteKey(key) => self.delete_key(asked, *key),
        }
    }
}

fn check(mind: &Mind, user: &UserName, role: Role, key: KeyHandle, use_: &Use<'_>) -> Result<(), HsmError> {
    if role != Role::CryptoUser {
        return Err(HsmError::NotPermitted);
    }
    let flag = match use_ {
        Use::Encrypt { .. } | Use::GenerateDataKey { .. } => Flag::Encrypt,
        Use::Decrypt { .. } => Flag::Decrypt,
        Use::Sign { .. } => Flag::Sign,
        Use::Verify { .. } => Flag::Verify,
        Use::Wrap { target, .. } => {
            check_target(mind, user, key, *target)?;
            Flag::Wrap
        }
    };
    has_flag(mind, user, key, flag)
}

fn has_flag(mind: &Mind, user: &UserName, key: KeyHandle, flag: Flag) -> Result<(), HsmError> {
    let row = mind.keys.get(&key).filter(|row| is_user(row, user)).ok_or(HsmError::NoSuchKey)?;
    if row.attributes.has(flag) { Ok(()) } else { Err(forbids(flag.name())) }
}

/// Only a key's owner lets it out of the HSM, and only as the key allows.
fn check_target(
    mind: &Mind,
    user: &UserName,
    wrapping: KeyHandle,
    target: KeyHandle,
) -> Result<(), HsmError> {
    let row = mind.keys.get(&target).filter(|row| is_user(row, user)).ok_or(HsmError::NoSuchKey)?;
    if row.owner != *user {
        return Err(HsmError::NotPermitted);
    }
    if !row.attributes.has(Flag::Extractable) {
        return Err(forbids(Flag::Extractable.name()));
    }
    let trusted = mind.keys.get(&wrapping).is_some_and(|key| key.attributes.has(Flag::Trusted));
    if row.attributes.has(Flag::WrapWithTrusted) && !trusted {
        return Err(forbids(Flag::WrapWithTrusted.name()));
    }
    Ok(())
}

fn forbids(flag: &str) -> HsmError {
    HsmError::KeyForbids(flag.to_owned())
}

fn one(bytes: Vec<u8>) -> Answer {
    Answer::One(bytes.into())
}

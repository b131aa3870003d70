//! A token behind a PKCS#11 module: SoftHSM 2, or real hardware. The module is loaded into the HSM's process.
//!
//! ```text
//! slots     which slot is ours, and making a free token ours
//! sessions  as many as there are workers, logged in, opened again when they are lost
//! objects   from handles to objects; what a crash left half made is destroyed
//! make      keys that pass through: generated or unwrapped, masked, described
//! masking   the cluster's masking key, and sealing with it
//! cipher, signature   what keys are for
//! softhsm   a file of SoftHSM's that a kill can cut short, and its copy
//! trouble   what return codes mean, and who is at fault
//! ```
//!
//! Plain key material never enters our memory, with one exception that the standard leaves no way around: the backup key
//! is made from the fleet key by the HSM and put into the token for the moment of a backup or a restore.

mod cipher;
mod claim;
mod make;
mod masking;
mod mechanisms;
mod module;
mod objects;
mod passing;
mod sessions;
pub(crate) mod settings;
mod signature;
mod slots;
mod softhsm;
mod spki;
mod templates;
mod trouble;

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::types::AuthPin;
use keyward_boundary::seal::Folder;
use zeroize::Zeroizing;

use crate::api::attributes::{Attributes, Flag, KeyClass};
use crate::api::ids::{HsmSerial, KeyHandle};
use crate::api::mechanism::{CipherMechanism, SignMechanism, WrapMechanism};
use crate::api::spec::{KeySpec, KeyType};
use crate::token::pkcs11::claim::Claim;
use crate::token::pkcs11::objects::{MASKING_ID, Object, Objects};
use crate::token::pkcs11::sessions::{Lent, Sessions};
use crate::token::pkcs11::settings::Pkcs11Settings;
use crate::token::pkcs11::slots::TokenName;
use crate::token::pkcs11::softhsm::TokenFile;
use crate::token::pkcs11::trouble::{Failure, Trouble};
use crate::token::{BackupKey, Generated, Material, Token, TokenError};

/// Claims a token for a new HSM. Needs to be done before the process is confined; may be done again.
pub(crate) fn enrol(settings: &Pkcs11Settings, folder: &Folder, serial: HsmSerial) -> Result<(), TokenError> {
    let module = module::load(&settings.module).map_err(told)?;
    claim::make(&module, settings, folder, serial).map_err(told)
}

/// Loads the module and opens the HSM's token. Needs to be done before the process is confined: the module is code of somebody
/// else's, which reads its own settings now and not later.
pub(crate) fn start(
    settings: &Pkcs11Settings,
    folder: &Folder,
    serial: HsmSerial,
) -> Result<Pkcs11Token, TokenError> {
    let (module, claim) = find(settings, folder).map_err(told)?;
    let (name, is_own) = (claim.token.clone(), claim.is_own);
    let token = Pkcs11Token::open(module, claim.token, claim.pin)?;
    if !is_own {
        token.sessions.with(|lent| claim::require_mark(lent.session, &name, serial)).map_err(told)?;
    }
    // Libraries load parts of themselves when they are first needed.
    token.sessions.with(|lent| cipher::prove(lent.session)).map_err(told)?;
    Ok(Pkcs11Token { writable: settings.writable.clone(), ..token })
}

/// The module, loaded, and the HSM's token; one of SoftHSM's is mended before. Another takes its place only where it was ours and its
/// file is there and cut short: anything else may be a mistake in the configuration.
fn find(settings: &Pkcs11Settings, folder: &Folder) -> Result<(Pkcs11, Claim), Failure> {
    let claim = claim::find(settings, folder)?;
    let file = mend(settings, folder, &claim)?;
    let module = module::load(&settings.module)?;
    let TokenFile::Lost(place) = file else { return Ok((module, claim)) };
    let place = place.display();
    if !claim.is_own {
        return Err(Failure::new(
            Trouble::DeviceGone,
            format!("the token in {place} is damaged: bring it back, or delete the HSM and create another"),
        ));
    }
    tracing::error!(%place, "the token is damaged and there is no copy: another takes its place; the folder may be removed");
    claim::replace(&module, folder)?;
    let claim = claim::find(settings, folder)?;
    mend(settings, folder, &claim)?;
    Ok((module, claim))
}

fn mend(settings: &Pkcs11Settings, folder: &Folder, claim: &Claim) -> Result<TokenFile, Failure> {
    match &claim.token.serial {
        Some(serial) => softhsm::mend(&settings.writable, folder, serial),
        None => Ok(TokenFile::NotHere),
    }
}

/// Whether the folder is an HSM's whose keys are in a token.
pub(crate) fn is_claimed(folder: &Folder) -> bool {
    claim::is_one(folder)
}

/// A PKCS#11 token that is ours alone.
pub(crate) struct Pkcs11Token {
    sessions: Sessions,
    objects: Objects,
    /// Objects are made and destroyed one at a time: looking and making are two steps in PKCS#11.
    changing: Mutex<()>,
    /// Where the module writes.
    writable: Vec<PathBuf>,
}

impl Pkcs11Token {
    /// Finds the token, logs in, and destroys what a crash left half made.
    pub(crate) fn open(module: Pkcs11, token: TokenName, pin: AuthPin) -> Result<Self, TokenError> {
        let sessions = Sessions::open(module, token, pin).map_err(told)?;
        sessions.with(|lent| objects::sweep(lent.session)).map_err(told)?;
        Ok(Self { sessions, objects: Objects::default(), changing: Mutex::default(), writable: Vec::new() })
    }

    fn with<T>(&self, work: impl Fn(&Lent<'_>) -> Result<T, Failure>) -> Result<T, TokenError> {
        self.sessions.with(&work).map_err(|failure| self.judged(failure))
    }

    /// Does something with a key's object. What was remembered of it may be out of date: then it is looked for once more.
    fn with_key<T>(
        &self,
        key: KeyHandle,
        work: impl Fn(&Lent<'_>, Object) -> Result<T, Failure>,
    ) -> Result<T, TokenError> {
        let find_and_work = |lent: &Lent<'_>| work(lent, self.objects.of(lent, key)?);
        match self.sessions.with(find_and_work) {
            Err(failure) if failure.trouble == Trouble::ObjectGone => {
                self.objects.forget(&templates::id(key));
                self.with(find_and_work)
            }
            outcome => outcome.map_err(|failure| self.judged(failure)),
        }
    }

    fn with_masking_key<T>(
        &self,
        work: impl Fn(&Lent<'_>, ObjectHandle) -> Result<T, Failure>,
    ) -> Result<T, TokenError> {
        let outcome = self.sessions.with(|lent| match masking::find(&self.objects, lent)? {
            Some(masking) => work(lent, masking).map(Some),
            None => Ok(None),
        });
        outcome.map_err(|failure| self.judged(failure))?.ok_or(TokenError::MaskingKey)
    }

    /// Who is at fault where the module did not say: the data, if the token can do what it must be able to.
    fn judged(&self, failure: Failure) -> TokenError {
        if failure.trouble != Trouble::PerhapsNotAuthentic {
            return told(failure);
        }
        match self.sessions.with(|lent| cipher::prove(lent.session)) {
            Ok(()) => TokenError::InvalidCiphertext,
            Err(_) => told(failure),
        }
    }

    /// SoftHSM does not wait for the disk. Keys can be installed again, the masking key can not.
    fn wait_for_disk(&self) -> Result<(), TokenError> {
        for folder in &self.writable {
            let synced = File::open(folder).and_then(|file| Ok(rustix::fs::syncfs(file)?));
            synced.map_err(|error| TokenError::Failed(format!("{}: {error}", folder.display())))?;
        }
        Ok(())
    }

    fn install_once(
        &self,
        lent: &Lent<'_>,
        handle: KeyHandle,
        attributes: &Attributes,
        material: Material<'_>,
    ) -> Result<(), Failure> {
        let id = templates::id(handle);
        if self.objects.with_id(lent, &id)?.is_some() {
            return Ok(());
        }
        let object = match material {
            Material::Masked(masked) => {
                let masking = masking::find(&self.objects, lent)?
                    .ok_or_else(|| Failure::new(Trouble::Other, "no masking key"))?;
                make::unmask(lent.session, masking, masked, &templates::staying(attributes))?
            }
            Material::Public(public) => {
                let mut template = templates::staying_public(attributes);
                template.extend(spki::to_parts(attributes.spec, public)?);
                lent.session.create_object(&template)?
            }
        };
        objects::commit(lent.session, object, &id)
    }
}

impl Token for Pkcs11Token {
    fn kind(&self) -> &'static str {
        "pkcs11"
    }

    fn random(&self, out: &mut [u8]) -> Result<(), TokenError> {
        let length = u32::try_from(out.len()).map_err(|_| TokenError::TooLong)?;
        let bytes = Zeroizing::new(self.with(|lent| Ok(lent.session.generate_random_vec(length)?))?);
        out.copy_from_slice(&bytes);
        Ok(())
    }

    fn has_masking_key(&self) -> Result<bool, TokenError> {
        self.with(|lent| Ok(masking::find(&self.objects, lent)?.is_some()))
    }

    fn make_masking_key(&self) -> Result<(), TokenError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has_masking_key()? {
            return Err(TokenError::MaskingKey);
        }
        self.with(|lent| masking::make(lent.session))?;
        self.wait_for_disk()
    }

    fn export_masking_key(&self, under: &BackupKey) -> Result<Vec<u8>, TokenError> {
        self.with_masking_key(|lent, masking| masking::export(lent.session, masking, under))
    }

    fn import_masking_key(&self, under: &BackupKey, wrapped: &[u8]) -> Result<(), TokenError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.has_masking_key()? {
            self.with(|lent| masking::import(lent.session, under, wrapped))?;
            return self.wait_for_disk();
        }
        let same =
            self.with_masking_key(|lent, masking| masking::is_same(lent.session, masking, under, wrapped))?;
        if same { Ok(()) } else { Err(TokenError::MaskingKey) }
    }

    fn erase(&self) -> Result<(), TokenError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.with(|lent| {
            for (object, id) in objects::all(lent.session)? {
                self.objects.forget(&id);
                lent.session.destroy_object(object)?;
            }
            Ok(())
        })
    }

    fn retire(&self) -> Result<(), TokenError> {
        self.erase()?;
        self.with(|lent| claim::unmark(lent.session))
    }

    fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.with_masking_key(|lent, masking| masking::seal(lent.session, masking, associated, plain))
    }

    fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.with_masking_key(|lent, masking| masking::open(lent.session, masking, associated, sealed))
    }

    fn generate(&self, spec: KeySpec) -> Result<Generated, TokenError> {
        self.with_masking_key(|lent, masking| make::generate(lent.session, masking, spec))
    }

    fn install(
        &self,
        handle: KeyHandle,
        attributes: &Attributes,
        material: Material<'_>,
    ) -> Result<(), TokenError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.with(|lent| self.install_once(lent, handle, attributes, material))
    }

    fn set_attributes(&self, handle: KeyHandle, attributes: &Attributes) -> Result<(), TokenError> {
        self.with_key(handle, |lent, key| {
            let mut template = templates::changeable(attributes);
            // One way only: what was not extractable once never is, and may not even be told so again.
            let extractable = lent.session.get_attributes(key.object, &[AttributeType::Extractable])?;
            if !attributes.has(Flag::Extractable) && extractable == [Attribute::Extractable(true)] {
                template.push(Attribute::Extractable(false));
            }
            Ok(lent.session.update_attributes(key.object, &template)?)
        })
    }

    fn remove(&self, handle: KeyHandle) -> Result<(), TokenError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let removed = self.with_key(handle, |lent, key| Ok(lent.session.destroy_object(key.object)?));
        self.objects.forget(&templates::id(handle));
        if removed == Err(TokenError::NoSuchKey) { Ok(()) } else { removed }
    }

    fn handles(&self) -> Result<Vec<KeyHandle>, TokenError> {
        self.with(|lent| {
            let keys = objects::all(lent.session)?;
            Ok(keys
                .iter()
                .filter(|(_, id)| id != MASKING_ID)
                .filter_map(|(_, id)| templates::handle(id))
                .collect())
        })
    }

    fn encrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        self.with_key(key, |lent, key| cipher::encrypt(lent.session, key, mechanism, associated, plaintext))
    }

    fn decrypt(
        &self,
        key: KeyHandle,
        mechanism: CipherMechanism,
        associated: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.with_key(key, |lent, key| cipher::decrypt(lent.session, key, mechanism, associated, ciphertext))
    }

    fn sign(&self, key: KeyHandle, mechanism: SignMechanism, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.with_key(key, |lent, key| signature::sign(lent.session, key, mechanism, message))
    }

    fn verify(
        &self,
        key: KeyHandle,
        mechanism: SignMechanism,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let verified = self
            .with_key(key, |lent, key| signature::verify(lent.session, key, mechanism, message, signature));
        match verified {
            Err(TokenError::InvalidCiphertext) => Err(TokenError::InvalidSignature),
            other => other,
        }
    }

    fn wrap(
        &self,
        wrapping: KeyHandle,
        mechanism: WrapMechanism,
        target: KeyHandle,
    ) -> Result<Vec<u8>, TokenError> {
        let (wrap_mechanism, key_type) = mechanisms::wrapping(mechanism);
        let class = wrapping_class(mechanism, KeyClass::Public);
        self.with_key(target, |lent, target| {
            let wrapping = self.objects.of(lent, wrapping)?;
            wrapping.must_be(class, key_type)?;
            Ok(lent.session.wrap_key(&wrap_mechanism, wrapping.object, target.object)?)
        })
    }

    fn unwrap(
        &self,
        unwrapping: KeyHandle,
        mechanism: WrapMechanism,
        wrapped: &[u8],
        key_type: KeyType,
    ) -> Result<Generated, TokenError> {
        let (unwrap_mechanism, unwrapping_type) = mechanisms::wrapping(mechanism);
        let class = wrapping_class(mechanism, KeyClass::Private);
        self.with_key(unwrapping, |lent, unwrapping| {
            unwrapping.must_be(class, unwrapping_type)?;
            let masking = masking::find(&self.objects, lent)?
                .ok_or_else(|| Failure::new(Trouble::Other, "no masking key"))?;
            make::unwrap(lent.session, masking, unwrapping.object, &unwrap_mechanism, wrapped, key_type)
        })
    }
}

fn wrapping_class(mechanism: WrapMechanism, of_pair: KeyClass) -> ObjectClass {
    templates::class(match mechanism {
        WrapMechanism::AesKeyWrap | WrapMechanism::AesKeyWrapPad => KeyClass::Secret,
        WrapMechanism::RsaOaep(_) => of_pair,
    })
}

/// A failure in the words of the trait.
fn told(failure: Failure) -> TokenError {
    match failure.trouble {
        Trouble::ObjectGone => TokenError::NoSuchKey,
        Trouble::NotPermitted => TokenError::KeyType,
        Trouble::NotAuthentic | Trouble::BadData => TokenError::InvalidCiphertext,
        Trouble::TooLong => TokenError::TooLong,
        Trouble::Unsupported => TokenError::Unsupported(failure.cause),
        Trouble::Full => TokenError::Full,
        Trouble::Busy => TokenError::Busy,
        Trouble::SessionsLost
        | Trouble::DeviceGone
        | Trouble::Pin
        | Trouble::PerhapsNotAuthentic
        | Trouble::Other => TokenError::Failed(failure.cause),
    }
}

#[cfg(test)]
pub(crate) mod tests;

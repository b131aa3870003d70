//! Which token is an HSM's: claimed once, when the HSM is made, and remembered in its sealed folder.
//!
//! A free token is initialised with random PINs, which are in the folder before they are on the token, so that an enrolment
//! that was cut off can be finished. A token that an operator set up is marked with a data object that names the HSM; the
//! lock on its PIN file keeps two HSMs from taking one token at once.

use std::fs::File;
use std::path::Path;

use aws_lc_rs::rand;
use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use keyward_boundary::seal::Folder;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::api::ids::HsmSerial;
use crate::token::pkcs11::settings::{LabelledToken, Pkcs11Settings};
use crate::token::pkcs11::slots::{self, TokenName};
use crate::token::pkcs11::trouble::{Failure, Trouble};

const FILE: &str = "token.sealed";
/// The label of the object that says whose token it is; its value is the HSM's serial number.
const MARK: &str = "keyward hsm";
/// 160 bits in base32.
const PIN_LETTERS: usize = 32;

/// A PIN, wiped when dropped.
pub(crate) struct Pin(Zeroizing<String>);

/// What the folder remembers.
#[derive(Serialize, Deserialize)]
enum ClaimRow {
    V1(ClaimV1),
}

#[derive(Serialize, Deserialize)]
struct ClaimV1 {
    token: TokenName,
    /// The PINs of a token that we initialised: the user's and the security officer's.
    pins: Option<(Pin, Pin)>,
}

/// A token that is this HSM's, and how to log in.
pub(crate) struct Claim {
    pub(crate) token: TokenName,
    pub(crate) pin: AuthPin,
    /// Whether we initialised it. One that an operator set up bears our mark.
    pub(crate) is_own: bool,
}

/// Claims a token for the HSM; an HSM that has one keeps it.
pub(crate) fn make(
    module: &Pkcs11,
    settings: &Pkcs11Settings,
    folder: &Folder,
    serial: HsmSerial,
) -> Result<(), Failure> {
    let known = if folder.holds(FILE) { Some(read(folder)?) } else { None };
    match (known, settings.tokens.is_empty()) {
        (None, true) => {
            let claim = write(folder, fresh(serial)?)?;
            initialize(module, folder, claim)
        }
        (Some(claim), _) if claim.pins.is_some() => initialize(module, folder, claim),
        (Some(_), _) => Ok(()),
        (None, false) => {
            let token = mark_one(module, &settings.tokens, serial)?;
            write(folder, ClaimV1 { token, pins: None }).map(drop)
        }
    }
}

/// Initialises another token in the place of one that is lost, under the same label and with the same PINs: blank.
pub(crate) fn replace(module: &Pkcs11, folder: &Folder) -> Result<(), Failure> {
    initialize(module, folder, read(folder)?)
}

/// The HSM's token and its PIN.
pub(crate) fn find(settings: &Pkcs11Settings, folder: &Folder) -> Result<Claim, Failure> {
    let claim = read(folder)?;
    let pin = match &claim.pins {
        Some((user, _)) => user.to_auth(),
        None => {
            let listed = settings.tokens.iter().find(|token| token.label == claim.token.label);
            let missing = || format!("the configuration does not list the token '{}'", claim.token.label);
            read_pin(&listed.ok_or_else(|| other(missing()))?.pin_file)?.to_auth()
        }
    };
    Ok(Claim { token: claim.token, pin, is_own: claim.pins.is_some() })
}

/// Refuses a token that an operator set up and that does not bear this HSM's mark (any more).
pub(crate) fn require_mark(session: &Session, token: &TokenName, serial: HsmSerial) -> Result<(), Failure> {
    let mark = session.find_objects(&mark_template())?.first().copied();
    let value = mark.map(|mark| session.get_attributes(mark, &[AttributeType::Value])).transpose()?;
    match value.as_deref() {
        Some([Attribute::Value(value)]) if *value == serial.to_string().into_bytes() => Ok(()),
        _ => Err(other(format!(
            "the token '{}' does not bear this HSM's mark: it was initialised anew, or given to another. Bring the token back, or \
             delete the HSM and create another",
            token.label
        ))),
    }
}

/// Whether the folder is an HSM's whose keys are in a token.
pub(crate) fn is_one(folder: &Folder) -> bool {
    folder.holds(FILE)
}

/// Takes the mark off a token, so that another HSM can have it.
pub(crate) fn unmark(session: &Session) -> Result<(), Failure> {
    for mark in session.find_objects(&mark_template())? {
        session.destroy_object(mark)?;
    }
    Ok(())
}

fn fresh(serial: HsmSerial) -> Result<ClaimV1, Failure> {
    let token = TokenName { label: format!("keyward-{serial}"), serial: None };
    Ok(ClaimV1 { token, pins: Some((Pin::random()?, Pin::random()?)) })
}

fn initialize(module: &Pkcs11, folder: &Folder, claim: ClaimV1) -> Result<(), Failure> {
    let Some((user, officer)) = &claim.pins else { return Ok(()) };
    let token = slots::initialize(module, &claim.token.label, &officer.to_auth(), &user.to_auth())?;
    write(folder, ClaimV1 { token, ..claim }).map(drop)
}

fn mark_one(module: &Pkcs11, tokens: &[LabelledToken], serial: HsmSerial) -> Result<TokenName, Failure> {
    let mut reasons = Vec::new();
    for token in tokens {
        match mark(module, token, serial) {
            Ok(name) => return Ok(name),
            Err(failure) => reasons.push(format!("'{}': {failure}", token.label)),
        }
    }
    Err(Failure::new(Trouble::Full, format!("no token is left for another HSM: {}", reasons.join("; "))))
}

fn mark(module: &Pkcs11, token: &LabelledToken, serial: HsmSerial) -> Result<TokenName, Failure> {
    let file = File::open(&token.pin_file).map_err(|error| on_file(&token.pin_file, &error))?;
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|error| on_file(&token.pin_file, &error))?;
    let name = TokenName { label: token.label.clone(), serial: None };
    let slot = slots::find(module, &name)?;
    let session = module.open_rw_session(slot)?;
    match session.login(UserType::User, Some(&read_pin(&token.pin_file)?.to_auth())) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
        Err(error) => return Err(error.into()),
    }
    let serial_number = module.get_token_info(slot)?.serial_number().to_owned();
    take(&session, serial)?;
    Ok(TokenName { serial: Some(serial_number), ..name })
}

/// Puts our mark on a token that has none and holds no keys.
fn take(session: &Session, serial: HsmSerial) -> Result<(), Failure> {
    let ours = serial.to_string().into_bytes();
    if let Some(mark) = session.find_objects(&mark_template())?.first() {
        return match session.get_attributes(*mark, &[AttributeType::Value])?.pop() {
            Some(Attribute::Value(value)) if value == ours => Ok(()),
            Some(Attribute::Value(value)) => {
                Err(other(format!("it is HSM {}'s", String::from_utf8_lossy(&value))))
            }
            _ => Err(other("it is another HSM's")),
        };
    }
    for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY] {
        if !session.find_objects(&[Attribute::Token(true), Attribute::Class(class)])?.is_empty() {
            return Err(other("it holds keys that are not Keyward's"));
        }
    }
    let mut template = mark_template();
    template.push(Attribute::Value(ours));
    session.create_object(&template)?;
    Ok(())
}

fn mark_template() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::DATA),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Label(MARK.as_bytes().to_vec()),
    ]
}

fn read_pin(path: &Path) -> Result<Pin, Failure> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| on_file(path, &error))?;
    let pin = text.trim();
    if pin.is_empty() { Err(other(format!("{} holds no PIN", path.display()))) } else { Ok(Pin::of(pin)) }
}

fn read(folder: &Folder) -> Result<ClaimV1, Failure> {
    let bytes = folder.read(FILE).map_err(|error| other(error.to_string()))?;
    match postcard::from_bytes(&bytes) {
        Ok(ClaimRow::V1(claim)) => Ok(claim),
        Err(_) => Err(other(format!("{FILE} was written by a newer version"))),
    }
}

fn write(folder: &Folder, claim: ClaimV1) -> Result<ClaimV1, Failure> {
    let row = ClaimRow::V1(claim);
    let bytes = postcard::to_stdvec(&row).map(Zeroizing::new).map_err(|error| other(error.to_string()))?;
    folder.write(FILE, &bytes).map_err(|error| other(error.to_string()))?;
    let ClaimRow::V1(claim) = row;
    Ok(claim)
}

fn other(cause: impl Into<String>) -> Failure {
    Failure::new(Trouble::Other, cause)
}

fn on_file(path: &Path, error: &impl std::fmt::Display) -> Failure {
    other(format!("{}: {error}", path.display()))
}

impl Pin {
    fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    fn random() -> Result<Self, Failure> {
        let mut bytes = Zeroizing::new([0; PIN_LETTERS * 5 / 8]);
        rand::fill(&mut *bytes).map_err(|_| other("no random numbers"))?;
        Ok(Self(Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&*bytes))))
    }

    pub(crate) fn to_auth(&self) -> AuthPin {
        AuthPin::new(self.0.as_str().into())
    }
}

impl Serialize for Pin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Borrowed: an owned copy on the way would be wiped by nobody.
        <&str>::deserialize(deserializer).map(Self::of)
    }
}

#[cfg(test)]
mod tests;

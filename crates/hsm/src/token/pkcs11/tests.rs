//! SoftHSM 2 against the suite that every token passes, and what is special about tokens of somebody else's: they
//! are seen and changed by other programs, lose their sessions, and are left half-way by a crash.

use std::path::Path;
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags};
use cryptoki::mechanism::Mechanism;
use cryptoki::session::UserType;
use keyward_boundary::{Kind, confine};

use super::*;
use crate::api::attributes::Flags;
use crate::token::USER_HANDLE_MIN;

mod instance;
mod mixed;
pub(crate) mod softhsm;

crate::token::conformance::conformance!(softhsm::run);

/// Runs the body in a process of its own.
macro_rules! alone {
    ($name:ident) => {
        softhsm::in_own_process(concat!(module_path!(), "::", stringify!($name)), |_| bodies::$name())
    };
}

#[test]
fn lost_sessions_are_opened_again() {
    alone!(lost_sessions_are_opened_again);
}

#[test]
fn what_a_crash_left_half_made_is_destroyed_at_the_next_start() {
    alone!(what_a_crash_left_half_made_is_destroyed_at_the_next_start);
}

#[test]
fn another_program_sees_a_sensitive_key_and_never_its_value() {
    alone!(another_program_sees_a_sensitive_key_and_never_its_value);
}

#[test]
fn an_object_that_another_program_destroyed_is_missed_and_can_be_installed_again() {
    alone!(an_object_that_another_program_destroyed_is_missed_and_can_be_installed_again);
}

#[test]
fn a_wrong_pin_is_told_and_tried_once() {
    alone!(a_wrong_pin_is_told_and_tried_once);
}

#[test]
fn a_token_that_is_not_there_is_told() {
    alone!(a_token_that_is_not_there_is_told);
}

#[test]
fn a_confined_process_does_all_that_an_hsm_does() {
    softhsm::in_own_process(
        concat!(module_path!(), "::a_confined_process_does_all_that_an_hsm_does"),
        bodies::a_confined_process_does_all_that_an_hsm_does,
    );
}

const LABEL: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const KEY: KeyHandle = KeyHandle(USER_HANDLE_MIN);
const AES: KeySpec = KeySpec::Aes { bytes: 32 };
const GCM: CipherMechanism = CipherMechanism::AesGcm;

fn attributes() -> Attributes {
    let flags = Flags::of(&[Flag::Encrypt, Flag::Decrypt, Flag::Token, Flag::Private, Flag::Sensitive]);
    let label = LABEL.to_owned();
    Attributes { class: KeyClass::Secret, spec: AES, label, id: vec![], flags, check_value: [0; 3] }
}

/// A token with one key, and the key's masked form.
fn token_with_key(label: &str) -> (Pkcs11Token, Vec<u8>) {
    let token = softhsm::token(label);
    token.make_masking_key().unwrap();
    let masked = token.generate(AES).unwrap().masked;
    token.install(KEY, &attributes(), Material::Masked(&masked)).unwrap();
    (token, masked)
}

fn pkcs11_tool(label: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("pkcs11-tool")
        .arg("--module")
        .arg(softhsm::module_path())
        .args(["--token-label", label, "--login", "--pin", softhsm::USER_PIN])
        .args(arguments)
        .output()
        .expect("pkcs11-tool is not installed: apt-get install opensc, or cargo xtask test");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

mod bodies {
    use super::*;

    pub(super) fn lost_sessions_are_opened_again() {
        let (token, _) = token_with_key("lost");
        let ciphertext = token.encrypt(KEY, GCM, b"", b"before").unwrap();
        // As if the device had been restarted: all sessions and handles are void, and slots have other numbers.
        let module = module::load(&softhsm::module_path()).unwrap();
        module.clone().finalize().unwrap();
        module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        assert_eq!(*token.decrypt(KEY, GCM, b"", &ciphertext).unwrap(), b"before");
        token.seal(b"", b"x").unwrap();
        assert_eq!(token.handles().unwrap(), [KEY]);
    }

    pub(super) fn what_a_crash_left_half_made_is_destroyed_at_the_next_start() {
        let (token, _) = token_with_key("half");
        let half = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Label(LABEL.as_bytes().to_vec()),
            Attribute::ValueLen(32.into()),
        ];
        token.with(|lent| Ok(lent.session.generate_key(&Mechanism::AesKeyGen, &half)?)).unwrap();
        assert_eq!(token.with(|lent| Ok(objects::all(lent.session)?.len())), Ok(3));
        let again = softhsm::open(TokenName { label: "half".to_owned(), serial: None });
        assert_eq!(again.with(|lent| Ok(objects::all(lent.session)?.len())), Ok(2));
        assert!(again.has_masking_key().unwrap());
        assert_eq!(again.handles().unwrap(), [KEY]);
    }

    pub(super) fn another_program_sees_a_sensitive_key_and_never_its_value() {
        let (token, _) = token_with_key("seen");
        let (found, listing) = pkcs11_tool("seen", &["--list-objects", "--type", "secrkey"]);
        assert!(found, "{listing}");
        let key = listing.split("Secret Key Object").find(|object| object.contains(LABEL)).expect(&listing);
        let id = data_encoding::HEXLOWER.encode(&templates::id(KEY));
        assert!(key.contains(&format!("ID:         {id}")), "{key}");
        assert!(key.contains("encrypt, decrypt"), "{key}");
        assert!(key.contains("Access:     sensitive") && !key.contains("extractable"), "{key}");
        let (read, said) = pkcs11_tool("seen", &["--read-object", "--type", "secrkey", "--id", &id]);
        assert!(!read, "{said}");
        // Neither is a session of our own given it.
        let value = token.with_key(KEY, |lent, key| {
            Ok(lent.session.get_attributes(key.object, &[cryptoki::object::AttributeType::Value])?)
        });
        assert_eq!(value.unwrap(), []);
        // The other program came and went; we are still logged in.
        token.encrypt(KEY, GCM, b"", b"x").unwrap();
    }

    pub(super) fn an_object_that_another_program_destroyed_is_missed_and_can_be_installed_again() {
        let (token, masked) = token_with_key("destroyed");
        let ciphertext = token.encrypt(KEY, GCM, b"", b"x").unwrap();
        let id = data_encoding::HEXLOWER.encode(&templates::id(KEY));
        let (done, said) = pkcs11_tool("destroyed", &["--delete-object", "--type", "secrkey", "--id", &id]);
        assert!(done, "{said}");
        assert_eq!(token.handles().unwrap(), []);
        assert_eq!(token.encrypt(KEY, GCM, b"", b"x").unwrap_err(), TokenError::NoSuchKey);
        token.install(KEY, &attributes(), Material::Masked(&masked)).unwrap();
        assert_eq!(*token.decrypt(KEY, GCM, b"", &ciphertext).unwrap(), b"x");
    }

    pub(super) fn a_wrong_pin_is_told_and_tried_once() {
        let (_token, _) = token_with_key("pin");
        let module = module::load(&softhsm::module_path()).unwrap();
        // A log-in is the process's: without this the right one would count.
        module.clone().finalize().unwrap();
        let module = { module::load(&softhsm::module_path()).unwrap() };
        let name = TokenName { label: "pin".to_owned(), serial: None };
        let error = Pkcs11Token::open(module.clone(), name.clone(), AuthPin::new("wrong".into())).err();
        assert_eq!(error, Some(TokenError::Failed("C_Login: PinIncorrect".to_owned())));
        let session = module.open_rw_session(slots::find(&module, &name).unwrap()).unwrap();
        session.login(UserType::User, Some(&AuthPin::new(softhsm::USER_PIN.into()))).unwrap();
    }

    pub(super) fn a_token_that_is_not_there_is_told() {
        let module = module::load(&softhsm::module_path()).unwrap();
        let name = TokenName { label: "nowhere".to_owned(), serial: None };
        let error = Pkcs11Token::open(module, name, AuthPin::new("1234".into())).err().unwrap().to_string();
        assert!(error.starts_with("no token with the label 'nowhere': is the module configured"), "{error}");
    }

    pub(super) fn a_confined_process_does_all_that_an_hsm_does(place: &Path) {
        const KIND: Kind = Kind { name: "hsm", command: "keyward hsm", without_folder: "", prologue: b"" };
        let settings = softhsm::settings(place);
        let folder = Folder::create(&place.join("hsm")).unwrap();
        enrol(&settings, &folder, HsmSerial(1)).unwrap();
        let token = start(&settings, &folder, HsmSerial(1)).unwrap();
        let outside = place.join("outside");
        std::fs::write(&outside, "x").unwrap();
        let confined = std::thread::spawn(move || {
            rustix::thread::set_no_new_privs(true).unwrap();
            let protections = confine::confine(&KIND, &settings.needs());
            if protections.active.iter().any(|name| name == "landlock") {
                assert!(std::fs::read(&outside).is_err());
            }
            token.make_masking_key().unwrap();
            let masked = token.generate(AES).unwrap().masked;
            token.generate(KeySpec::Rsa { bits: 2048 }).unwrap();
            token.install(KEY, &attributes(), Material::Masked(&masked)).unwrap();
            token.set_attributes(KEY, &attributes()).unwrap();
            // From several threads, with sessions that are opened now.
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let ciphertext = token.encrypt(KEY, GCM, b"", b"x").unwrap();
                        assert_eq!(*token.decrypt(KEY, GCM, b"", &ciphertext).unwrap(), b"x");
                    });
                }
            });
            // SoftHSM complains of this to the system's log, which takes a socket.
            let refused =
                token.install(KeyHandle(USER_HANDLE_MIN + 1), &attributes(), Material::Masked(&[0; 40]));
            assert_eq!(refused, Err(TokenError::InvalidCiphertext));
            token.remove(KEY).unwrap();
            assert_eq!(token.handles().unwrap(), []);
            token.erase().unwrap();
        });
        confined.join().unwrap();
    }
}

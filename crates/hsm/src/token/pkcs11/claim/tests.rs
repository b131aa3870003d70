//! Whose token is it: claimed once, by one HSM, and found again; a claim that was cut off is finished.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;
use crate::token::pkcs11::tests::softhsm;
use crate::token::pkcs11::{self, module};
use crate::token::{Token, TokenError};

/// The golden bytes of a claim's first version: the label `a`, the serial number `7`, the PINs `user` and `so`.
const VERSION_1: &str = "00016101013701047573657202736f";

macro_rules! alone {
    ($name:ident) => {
        softhsm::in_own_process(concat!(module_path!(), "::", stringify!($name)), bodies::$name)
    };
}

#[test]
fn a_free_token_is_initialised_once_and_found_again() {
    alone!(a_free_token_is_initialised_once_and_found_again);
}

#[test]
fn a_claim_that_was_cut_off_before_the_users_pin_is_finished() {
    alone!(a_claim_that_was_cut_off_before_the_users_pin_is_finished);
}

#[test]
fn each_hsm_gets_one_of_the_operators_tokens_and_keeps_it() {
    alone!(each_hsm_gets_one_of_the_operators_tokens_and_keeps_it);
}

#[test]
fn a_token_is_anothers_to_claim_once_its_hsm_is_retired() {
    alone!(a_token_is_anothers_to_claim_once_its_hsm_is_retired);
}

#[test]
fn a_token_that_lost_its_mark_is_no_longer_the_hsms() {
    alone!(a_token_that_lost_its_mark_is_no_longer_the_hsms);
}

#[test]
fn a_token_with_keys_of_somebody_elses_is_left_alone() {
    alone!(a_token_with_keys_of_somebody_elses_is_left_alone);
}

#[test]
fn a_claim_of_version_1_is_read_and_written_as_it_was() {
    let bytes = data_encoding::HEXLOWER.decode(VERSION_1.as_bytes()).unwrap();
    let row: ClaimRow = postcard::from_bytes(&bytes).unwrap();
    let ClaimRow::V1(claim) = &row;
    assert_eq!(claim.token, TokenName { label: "a".to_owned(), serial: Some("7".to_owned()) });
    let (user, officer) = claim.pins.as_ref().unwrap();
    assert_eq!((user.0.as_str(), officer.0.as_str()), ("user", "so"));
    assert_eq!(postcard::to_stdvec(&row).unwrap(), bytes);
}

mod bodies {
    use super::*;

    fn folder(place: &Path, name: &str) -> Folder {
        Folder::create(&place.join(name)).unwrap()
    }

    pub(super) fn a_free_token_is_initialised_once_and_found_again(place: &Path) {
        let (settings, folder) = (softhsm::settings(place), folder(place, "a"));
        let serial = HsmSerial(0xabc);
        pkcs11::enrol(&settings, &folder, serial).unwrap();
        pkcs11::enrol(&settings, &folder, serial).unwrap();
        let token = pkcs11::start(&settings, &folder, serial).unwrap();
        token.make_masking_key().unwrap();
        let again = pkcs11::start(&settings, &folder, serial).unwrap();
        assert!(again.has_masking_key().unwrap());
        let module = module::load(&settings.module).unwrap();
        assert_eq!(module.get_slots_with_initialized_token().unwrap().len(), 1);
        let claim = read(&folder).unwrap();
        assert_eq!(claim.token.label, "keyward-0000000000000ABC");
        let (user, officer) = claim.pins.unwrap();
        assert!(user.0.len() == PIN_LETTERS && officer.0.len() == PIN_LETTERS && user.0 != officer.0);
        let mode = std::fs::metadata(folder.path_of(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    pub(super) fn a_claim_that_was_cut_off_before_the_users_pin_is_finished(place: &Path) {
        let (settings, folder) = (softhsm::settings(place), folder(place, "a"));
        let claim = write(&folder, fresh(HsmSerial(1)).unwrap()).unwrap();
        let module = module::load(&settings.module).unwrap();
        let free = slots::find_free(&module).unwrap();
        let (_user, officer) = claim.pins.as_ref().unwrap();
        module.init_token(free, &officer.to_auth(), &claim.token.label).unwrap();
        forget_the_officers_pin(place);
        pkcs11::enrol(&settings, &folder, HsmSerial(1)).unwrap();
        pkcs11::start(&settings, &folder, HsmSerial(1)).unwrap().make_masking_key().unwrap();
        assert_eq!(module.get_slots_with_initialized_token().unwrap().len(), 1);
    }

    /// What SoftHSM leaves that is killed right after it set the label.
    fn forget_the_officers_pin(place: &Path) {
        let token = std::fs::read_dir(place.join("tokens")).unwrap().next().unwrap().unwrap().path();
        let file = token.join("token.object");
        let bytes = std::fs::read(&file).unwrap();
        let pin = 0x8000_534c_u64.to_be_bytes();
        let at = bytes.windows(8).position(|window| window == pin).unwrap();
        std::fs::write(&file, &bytes[..at]).unwrap();
    }

    /// What an operator does: two tokens with PIN files.
    fn operators_tokens(place: &Path) -> Pkcs11Settings {
        let mut settings = softhsm::settings(place);
        let pin_file: PathBuf = place.join("pin");
        std::fs::write(&pin_file, format!("{}\n", softhsm::USER_PIN)).unwrap();
        for label in ["rack 1", "rack 2"] {
            drop(softhsm::token(label));
            settings.tokens.push(LabelledToken { label: label.to_owned(), pin_file: pin_file.clone() });
        }
        settings
    }

    pub(super) fn each_hsm_gets_one_of_the_operators_tokens_and_keeps_it(place: &Path) {
        let settings = operators_tokens(place);
        let folders = ["a", "b", "c"].map(|name| folder(place, name));
        let [first, second, third] = &folders;
        pkcs11::enrol(&settings, first, HsmSerial(1)).unwrap();
        pkcs11::enrol(&settings, second, HsmSerial(2)).unwrap();
        pkcs11::enrol(&settings, first, HsmSerial(1)).unwrap();
        assert_eq!(read(first).unwrap().token.label, "rack 1");
        assert_eq!(read(second).unwrap().token.label, "rack 2");
        let refused = claim_refused(&settings, third, HsmSerial(3));
        assert!(refused.contains("'rack 1': it is HSM 0000000000000001's"), "{refused}");
        // A claim that was cut off after the mark is finished with the same token.
        std::fs::remove_file(second.path_of(FILE)).unwrap();
        pkcs11::enrol(&settings, second, HsmSerial(2)).unwrap();
        assert_eq!(read(second).unwrap().token.label, "rack 2");
        pkcs11::start(&settings, second, HsmSerial(2)).unwrap().make_masking_key().unwrap();
    }

    fn claim_refused(settings: &Pkcs11Settings, folder: &Folder, serial: HsmSerial) -> String {
        let module = module::load(&settings.module).unwrap();
        make(&module, settings, folder, serial).unwrap_err().to_string()
    }

    pub(super) fn a_token_is_anothers_to_claim_once_its_hsm_is_retired(place: &Path) {
        let mut settings = operators_tokens(place);
        settings.tokens.truncate(1);
        let (first, second) = (folder(place, "a"), folder(place, "b"));
        pkcs11::enrol(&settings, &first, HsmSerial(1)).unwrap();
        let token = pkcs11::start(&settings, &first, HsmSerial(1)).unwrap();
        token.make_masking_key().unwrap();
        assert_eq!(pkcs11::enrol(&settings, &second, HsmSerial(2)), Err(TokenError::Full));
        token.erase().unwrap();
        assert_eq!(pkcs11::enrol(&settings, &second, HsmSerial(2)), Err(TokenError::Full));
        token.retire().unwrap();
        pkcs11::enrol(&settings, &second, HsmSerial(2)).unwrap();
        assert!(!pkcs11::start(&settings, &second, HsmSerial(2)).unwrap().has_masking_key().unwrap());
    }

    pub(super) fn a_token_that_lost_its_mark_is_no_longer_the_hsms(place: &Path) {
        let (settings, folder) = (operators_tokens(place), folder(place, "a"));
        pkcs11::enrol(&settings, &folder, HsmSerial(1)).unwrap();
        let token = pkcs11::start(&settings, &folder, HsmSerial(1)).unwrap();
        let refused = |serial| pkcs11::start(&settings, &folder, serial).err().unwrap().to_string();
        assert!(refused(HsmSerial(2)).contains("'rack 1' does not bear this HSM's mark"));
        token.with(|lent| unmark(lent.session)).unwrap();
        assert!(refused(HsmSerial(1)).contains("'rack 1' does not bear this HSM's mark"));
    }

    pub(super) fn a_token_with_keys_of_somebody_elses_is_left_alone(place: &Path) {
        let mut settings = operators_tokens(place);
        settings.tokens.truncate(1);
        let theirs = softhsm::open(TokenName { label: "rack 1".to_owned(), serial: None });
        theirs.make_masking_key().unwrap();
        let refused = claim_refused(&settings, &folder(place, "a"), HsmSerial(1));
        assert!(refused.contains("it holds keys that are not Keyward's"), "{refused}");
        assert!(theirs.has_masking_key().unwrap());
    }
}

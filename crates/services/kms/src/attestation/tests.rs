//! Documents that the tests sign themselves, under a root of their own, and all that must not pass.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use minicbor::Encoder;
use proptest::prelude::*;

use super::*;

/// Certificates of a test PKI, valid around `NOW`: root → zone → module, and the module's key.
const ROOT: &[u8] = include_bytes!("tests/root.pem");
const ZONE: &[u8] = include_bytes!("tests/zone.der");
const MODULE: &[u8] = include_bytes!("tests/module.der");
const MODULE_KEY: &[u8] = include_bytes!("tests/module.pkcs8");
const NOT_SIGNED_BY_ZONE: &[u8] = include_bytes!("tests/not_signed_by_zone.der");

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// One member of a document: its name, and its value in CBOR.
type Member = (&'static str, Vec<u8>);

fn cbor(write: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder);
    encoder.into_writer()
}

fn bytes(value: &[u8]) -> Vec<u8> {
    cbor(|to| drop(to.bytes(value)))
}

fn text(value: &str) -> Vec<u8> {
    cbor(|to| drop(to.str(value)))
}

fn pcrs(values: &[(u8, &[u8])]) -> Vec<u8> {
    cbor(|to| {
        to.map(values.len() as u64).unwrap();
        for (number, value) in values {
            to.u8(*number).unwrap().bytes(value).unwrap();
        }
    })
}

fn bundle(certificates: &[&[u8]]) -> Vec<u8> {
    cbor(|to| {
        to.array(certificates.len() as u64).unwrap();
        for certificate in certificates {
            to.bytes(certificate).unwrap();
        }
    })
}

fn timestamp(at: Timestamp) -> Vec<u8> {
    cbor(|to| drop(to.u64(at.unix_millis() as u64)))
}

fn rsa_key() -> Vec<u8> {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let spki: PublicKeyX509Der<'_> = private.public_key().as_der().unwrap();
    spki.as_ref().to_vec()
}

/// A good document of an enclave.
fn members() -> Vec<Member> {
    vec![
        ("module_id", text("i-0123456789abcdef0-enc0123456789abcdef")),
        ("digest", text("SHA384")),
        ("timestamp", timestamp(NOW)),
        ("pcrs", pcrs(&[(0, &[7; 48]), (3, &[9; 48])])),
        ("certificate", bytes(MODULE)),
        ("cabundle", bundle(&[ZONE])),
        ("public_key", bytes(&rsa_key())),
        ("user_data", cbor(|to| drop(to.null()))),
        ("nonce", bytes(b"")),
    ]
}

/// The same with `name` as given, or without it.
fn with(name: &'static str, value: Option<Vec<u8>>) -> Vec<Member> {
    let mut members = members();
    members.retain(|(member, _)| *member != name);
    members.extend(value.map(|value| (name, value)));
    members
}

fn payload(members: &[Member]) -> Vec<u8> {
    let mut payload = cbor(|to| drop(to.map(members.len() as u64)));
    for (name, value) in members {
        payload.extend(text(name));
        payload.extend(value);
    }
    payload
}

fn sign(payload: &[u8]) -> Vec<u8> {
    let protected = cbor(|to| drop(to.map(1).unwrap().i64(1).unwrap().i64(-35)));
    let signed = cbor(|to| {
        let to = to.array(4).unwrap().str("Signature1").unwrap().bytes(&protected).unwrap();
        to.bytes(b"").unwrap().bytes(payload).unwrap();
    });
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, MODULE_KEY).unwrap();
    let signature = key.sign(&SystemRandom::new(), &signed).unwrap();
    cbor(|to| {
        let to = to.array(4).unwrap().bytes(&protected).unwrap().map(0).unwrap();
        to.bytes(payload).unwrap().bytes(signature.as_ref()).unwrap();
    })
}

fn verified_at(members: &[Member], now: Timestamp) -> Result<Attestation, Unfit> {
    verify(&sign(&payload(members)), &AttestationRoots::from_pem(ROOT).unwrap(), now)
}

fn verified(members: &[Member]) -> Result<Attestation, Unfit> {
    verified_at(members, NOW)
}

#[test]
fn a_good_document_tells_its_registers_and_its_key() {
    let attestation = verified(&members()).unwrap();
    assert_eq!(attestation.registers.platform, Platform::Enclave);
    let registers: Vec<_> = attestation.registers.values.into_iter().collect();
    assert_eq!(registers, [(0, vec![7; 48]), (3, vec![9; 48])]);
    // The root may stand in front of the bundle, as Nitro puts it.
    let root = rustls_pki_types::pem::PemObject::from_pem_slice(ROOT).unwrap();
    let root: rustls_pki_types::CertificateDer<'_> = root;
    assert!(verified(&with("cabundle", Some(bundle(&[&root, ZONE])))).is_ok());
}

#[test]
fn a_tagged_document_is_one_and_unknown_members_are_passed_over() {
    let mut tagged = vec![0xd2];
    tagged.extend(sign(&payload(&with("instance", Some(pcrs(&[(0, b"x")]))))));
    assert!(verify(&tagged, &AttestationRoots::from_pem(ROOT).unwrap(), NOW).is_ok());
    tagged[0] = 0xd1;
    assert!(verify(&tagged, &AttestationRoots::from_pem(ROOT).unwrap(), NOW).is_err());
}

#[test]
fn a_document_of_nitro_tpm_has_other_registers() {
    let tpm = |values: &[(u8, &[u8])]| {
        let mut members = with("pcrs", None);
        members.push(("nitrotpm_pcrs", pcrs(values)));
        verified(&members)
    };
    let registers = tpm(&[(23, &[1; 48])]).unwrap().registers;
    assert_eq!((registers.platform, registers.values[&23].len()), (Platform::NitroTpm, 48));
    assert_eq!(tpm(&[(24, &[1; 48])]), Err(Unfit::Malformed("its PCRs")));
    let both = [members(), vec![("nitrotpm_pcrs", pcrs(&[(0, &[1; 48])]))]].concat();
    assert_eq!(verified(&both), Err(Unfit::Malformed("it has PCRs of two platforms")));
}

#[test]
fn every_required_member_must_be_there_and_sound() {
    let null = cbor(|to| drop(to.null()));
    for name in ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"] {
        assert_eq!(verified(&with(name, None)), Err(Unfit::Malformed(name)));
        assert!(matches!(verified(&with(name, Some(null.clone()))), Err(Unfit::Malformed(_))), "{name}");
    }
    let wrong: [Member; 11] = [
        ("module_id", text("")),
        ("digest", text("SHA256")),
        ("timestamp", timestamp(Timestamp::EPOCH)),
        ("pcrs", pcrs(&[])),
        ("pcrs", pcrs(&[(32, &[1; 48])])),
        ("pcrs", pcrs(&[(0, &[1; 47])])),
        ("pcrs", pcrs(&[(0, &[1; 48]), (0, &[2; 48])])),
        ("cabundle", bundle(&[])),
        ("cabundle", bundle(&[&[0; 1025]])),
        ("certificate", bytes(&[0; 1025])),
        ("nonce", bytes(&[0; 1025])),
    ];
    for (name, value) in wrong {
        assert!(matches!(verified(&with(name, Some(value))), Err(Unfit::Malformed(_))), "{name}");
    }
    let twice = [members(), vec![("digest", text("SHA384"))]].concat();
    assert_eq!(verified(&twice), Err(Unfit::Malformed("a member comes twice")));
}

#[test]
fn a_document_without_an_rsa_key_has_no_recipient() {
    for key in [None, Some(cbor(|to| drop(to.null()))), Some(bytes(b"no key")), Some(bytes(b""))] {
        assert_eq!(verified(&with("public_key", key)), Err(Unfit::NoPublicKey));
    }
}

#[test]
fn the_certificate_must_lead_to_a_trusted_root() {
    for (name, value) in [
        ("certificate", bytes(NOT_SIGNED_BY_ZONE)),
        ("certificate", bytes(ZONE)),
        ("certificate", bytes(b"no certificate")),
        ("cabundle", bundle(&[MODULE])),
    ] {
        assert_eq!(verified(&with(name, Some(value))), Err(Unfit::Untrusted), "{name}");
    }
    let document = sign(&payload(&members()));
    assert_eq!(verify(&document, &AttestationRoots::default(), NOW), Err(Unfit::Untrusted));
}

#[test]
fn certificates_and_documents_have_their_time() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let good = members();
    for now in [NOW.plus(minutes(5)), NOW.minus(minutes(5))] {
        assert!(verified_at(&good, now).is_ok());
    }
    for now in [NOW.plus(minutes(6)), NOW.minus(minutes(6))] {
        assert_eq!(verified_at(&good, now), Err(Unfit::Stale));
    }
    // A fresh document under a certificate whose three hours are over.
    let late = NOW.plus(minutes(4 * 60));
    assert_eq!(verified_at(&with("timestamp", Some(timestamp(late))), late), Err(Unfit::Untrusted));
    assert_eq!(verified_at(&good, Timestamp::from_unix_seconds(-1)), Err(Unfit::Untrusted));
}

#[test]
fn a_changed_document_is_not_signed() {
    let document = sign(&payload(&members()));
    let roots = AttestationRoots::from_pem(ROOT).unwrap();
    let mut changed = document.clone();
    let at = changed.windows(48).position(|window| window == [7; 48]).unwrap();
    changed[at] ^= 1;
    assert_eq!(verify(&changed, &roots, NOW), Err(Unfit::Unsigned));
    let mut changed = document.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(verify(&changed, &roots, NOW), Err(Unfit::Unsigned));
    let longer = [&document[..], &[0]].concat();
    assert!(matches!(verify(&longer, &roots, NOW), Err(Unfit::Malformed(_))));
    // Another algorithm in the protected header.
    let mut other = document;
    other[4] = 0x25;
    assert!(matches!(verify(&other, &roots, NOW), Err(Unfit::Malformed(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verify(&bytes, &AttestationRoots::default(), NOW).is_err());
        prop_assert!(Document::read(&bytes).is_err());
    }
}

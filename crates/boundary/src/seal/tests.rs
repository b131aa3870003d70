//! Sealed files: private, tied to their name and key, whole after a crash.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn plain() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(b"domain keys".to_vec())
}

fn written() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::create(&place.path().join("vault")).unwrap_or_else(|error| panic!("{error}"));
    folder.write("a", &plain()).unwrap();
    (place, folder)
}

#[test]
fn a_file_is_read_back_by_a_later_start() {
    let (place, _) = written();
    let folder = Folder::open(&place.path().join("vault")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(folder.read("a").unwrap_or_else(|error| panic!("{error}")), plain());
}

#[test]
fn only_the_owner_may_read() {
    let (_place, folder) = written();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path), 0o700);
    assert_eq!(mode(&folder.path_of("a")), 0o600);
    assert_eq!(mode(&folder.path_of(FILE_KEY)), 0o600);
}

#[test]
fn a_sealed_file_shows_nothing_and_no_byte_can_be_changed() {
    let (_place, folder) = written();
    let path = folder.path_of("a");
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"domain"));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&path, changed).unwrap();
        assert!(folder.read("a").is_err(), "byte {at}");
    }
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(folder.read("a"), Err(SealError::Damaged(_))));
}

#[test]
fn a_file_can_not_take_another_ones_place() {
    let (_place, folder) = written();
    fs::rename(folder.path_of("a"), folder.path_of("b")).unwrap();
    assert!(matches!(folder.read("b"), Err(SealError::Damaged(_))));
}

#[test]
fn a_newer_version_is_refused_with_its_name() {
    let (_place, folder) = written();
    let path = folder.path_of("a");
    let mut bytes = fs::read(&path).unwrap();
    bytes[6] = 2;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(folder.read("a"), Err(SealError::Newer(_))));
}

#[test]
fn a_crash_while_writing_leaves_the_old_file_and_the_next_write_works() {
    let (_place, folder) = written();
    fs::write(folder.path_of("a.new"), b"half of").unwrap();
    assert_eq!(folder.read("a").unwrap_or_else(|error| panic!("{error}")), plain());
    folder.write("a", &Zeroizing::new(b"next".to_vec())).unwrap();
    assert_eq!(*folder.read("a").unwrap_or_else(|error| panic!("{error}")), b"next");
}

/// Made with another implementation from this module's head; files like it are in people's folders.
#[test]
fn a_sealed_file_of_version_1_opens() {
    let (_place, folder) = written();
    fs::write(folder.path_of(FILE_KEY), [5; KEY_BYTES]).unwrap();
    let sealed = "4b575345414c0101090909090909090909090909b7e648d116895db7da39e515f68f4dd0\
                  a20dbfc4702a07768bbf14";
    fs::write(folder.path_of("a"), data_encoding::HEXLOWER.decode(sealed.as_bytes()).unwrap()).unwrap();
    let folder = Folder::open(&folder.path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(folder.read("a").unwrap_or_else(|error| panic!("{error}")), plain());
}

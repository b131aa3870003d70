//! A token's file: recognised by its form, copied while it is whole, put back when it was cut short, and left alone otherwise.

use super::*;

const SERIAL_NUMBER: &str = "243b18bfda63fb6b";
const FOLDER: &str = "fce43c96-9ffa-f025-243b-18bfda63fb6b";

fn attribute(attribute: u64, kind: u64, value: &[u8]) -> Vec<u8> {
    [&attribute.to_be_bytes()[..], &kind.to_be_bytes(), value].concat()
}

fn bytes_of(value: &[u8]) -> Vec<u8> {
    [&(value.len() as u64).to_be_bytes()[..], value].concat()
}

/// As SoftHSM 2.6.1 writes it.
fn whole(generation: u64, flags: u64, pin: &[u8]) -> Vec<u8> {
    [
        generation.to_be_bytes().to_vec(),
        attribute(0x8000_5349, 3, &bytes_of(b"keyward-0000000000000ABC        ")),
        attribute(SERIAL, 3, &bytes_of(SERIAL_NUMBER.as_bytes())),
        attribute(0x8000_534b, 2, &flags.to_be_bytes()),
        attribute(0x8000_534c, 3, &bytes_of(&[1; 72])),
        attribute(USER_PIN, 3, &bytes_of(pin)),
    ]
    .concat()
}

struct Place {
    _folder: tempfile::TempDir,
    tokens: PathBuf,
    sealed: Folder,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tokens = folder.path().join("tokens");
        std::fs::create_dir_all(tokens.join(FOLDER)).unwrap();
        std::fs::create_dir_all(tokens.join("fce43c96-9ffa-f025-ffff-ffffffffffff")).unwrap();
        std::fs::write(tokens.join(FOLDER).join(GENERATION_FILE), [0; 8]).unwrap();
        let sealed = Folder::create(&folder.path().join("hsm")).unwrap();
        Self { _folder: folder, tokens, sealed }
    }

    fn file(&self) -> PathBuf {
        self.tokens.join(FOLDER).join(TOKEN_FILE)
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(self.file(), bytes).unwrap();
    }

    fn read(&self) -> Vec<u8> {
        std::fs::read(self.file()).unwrap()
    }

    fn mend(&self) -> TokenFile {
        mend(std::slice::from_ref(&self.tokens), &self.sealed, SERIAL_NUMBER).unwrap()
    }

    fn copy(&self) -> Option<Vec<u8>> {
        read_copy(&self.sealed, SERIAL_NUMBER)
    }
}

#[test]
fn every_beginning_of_a_whole_file_is_cut_and_nothing_else_is() {
    let whole = whole(9, 0x42d, &[2; 72]);
    assert_eq!(form(&whole, SERIAL_NUMBER), Form::Whole);
    for length in 0..whole.len() {
        assert_eq!(form(&whole[..length], SERIAL_NUMBER), Form::Cut, "{length} bytes");
    }
    assert_eq!(form(&whole, "0000000000000000"), Form::Unknown);
    let another_kind = [&whole[..], &attribute(USER_PIN + 1, 9, b"?")].concat();
    assert_eq!(form(&another_kind, SERIAL_NUMBER), Form::Unknown);
}

#[test]
fn a_file_that_was_cut_short_is_put_back_as_it_was() {
    let place = Place::new();
    let good = whole(9, 0x42d, &[2; 72]);
    place.write(&good);
    assert_eq!(place.mend(), TokenFile::Whole);
    for cut in [&[][..], &good[..100], &good[..good.len() - 1]] {
        place.write(cut);
        assert_eq!(place.mend(), TokenFile::Whole);
        assert_eq!(place.read(), good);
    }
    std::fs::remove_file(place.file()).unwrap();
    assert_eq!(place.mend(), TokenFile::Whole);
    assert_eq!(place.read(), good);
}

#[test]
fn the_copy_follows_a_changed_pin_and_never_a_file_that_is_not_whole() {
    let place = Place::new();
    place.write(&whole(1, 0, &[2; 72]));
    place.mend();
    let first = std::fs::metadata(place.sealed.path_of(COPY)).unwrap();
    // A log-in counts, and changes nothing else.
    place.write(&whole(2, 0, &[2; 72]));
    place.mend();
    assert_eq!(place.copy().unwrap(), whole(1, 0, &[2; 72]));
    assert_eq!(
        std::fs::metadata(place.sealed.path_of(COPY)).unwrap().modified().unwrap(),
        first.modified().unwrap()
    );
    place.write(&whole(3, 0, &[3; 72]));
    place.mend();
    assert_eq!(place.copy().unwrap(), whole(3, 0, &[3; 72]));
    let unknown = [&whole(4, 0, &[4; 72])[..], &attribute(USER_PIN + 1, 9, b"?")].concat();
    place.write(&unknown);
    assert_eq!(place.mend(), TokenFile::Whole);
    assert_eq!((place.read(), place.copy().unwrap()), (unknown, whole(3, 0, &[3; 72])));
}

#[test]
fn without_a_copy_of_this_very_token_the_file_is_lost_and_left_as_it_is() {
    let place = Place::new();
    place.write(b"");
    let lost = TokenFile::Lost(place.tokens.join(FOLDER));
    assert_eq!(place.mend(), lost);
    let another = "0123456789abcdef";
    write_copy(&place.sealed, another, whole(1, 0, &[2; 72])).unwrap();
    assert_eq!(place.mend(), lost);
    assert_eq!(place.read(), b"");
    write_copy(&place.sealed, SERIAL_NUMBER, whole(1, 0, &[2; 72])).unwrap();
    let copy = place.sealed.path_of(COPY);
    let mut damaged = std::fs::read(&copy).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&copy, damaged).unwrap();
    assert_eq!(place.mend(), lost);
}

#[test]
fn a_token_that_is_elsewhere_or_in_a_database_is_no_lost_one() {
    let place = Place::new();
    place.write(&whole(1, 0, &[2; 72]));
    place.mend();
    let nowhere = [PathBuf::from("/nowhere"), place.tokens.join("empty")];
    assert_eq!(mend(&nowhere, &place.sealed, SERIAL_NUMBER).unwrap(), TokenFile::NotHere);
    for name in [TOKEN_FILE, GENERATION_FILE] {
        std::fs::remove_file(place.tokens.join(FOLDER).join(name)).unwrap();
    }
    std::fs::write(place.tokens.join(FOLDER).join("sqlite3.db"), b"a database").unwrap();
    assert_eq!(place.mend(), TokenFile::NotHere);
    assert!(!place.file().exists());
}

#[test]
fn the_form_of_version_1_is_fixed() {
    let row = CopyRow::V1 { serial: "ab".to_owned(), file: vec![7, 8].into() };
    assert_eq!(postcard::to_stdvec(&row).unwrap(), [0, 2, b'a', b'b', 2, 7, 8]);
}

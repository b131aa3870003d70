use super::*;

#[test]
fn a_folder_is_made_private_and_opened_again() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a/b");
    drop(DataFolder::open(&path).unwrap());
    let folder = DataFolder::open(&path).unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(folder.path()).unwrap());
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn refuses_a_folder_in_use() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    let _first = DataFolder::open(&path).unwrap();
    let refusal = DataFolder::open(&path).unwrap_err().to_string();
    assert!(refusal.contains("in use"), "{refusal}");
}

#[test]
fn refuses_a_newer_version_and_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("version"), "2\n").unwrap();
    let refusal = DataFolder::open(parent.path()).unwrap_err().to_string();
    assert!(refusal.contains("newer keyward"), "{refusal}");
    assert_eq!(fs::read_to_string(parent.path().join("version")).unwrap(), "2\n");
}

#[test]
fn refuses_a_folder_with_other_things_in_it() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("photo.png"), "x").unwrap();
    assert!(DataFolder::open(parent.path()).unwrap_err().to_string().contains("photo.png"));
}

#[test]
fn credentials_are_read_back_and_private() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("credentials");
    let written = Credentials { access_key_id: "AKIA1".to_owned(), secret_access_key: "s/+=e".to_owned() };
    written.write(&path).unwrap();
    let read = Credentials::read(parent.path()).unwrap();
    assert_eq!(read.access_key_id, "AKIA1");
    assert_eq!(read.secret_access_key, "s/+=e");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_ephemeral_folder_goes_with_its_owner() {
    let folder = DataFolder::ephemeral().unwrap();
    let path = folder.path().to_path_buf();
    assert!(path.is_dir());
    drop(folder);
    assert!(!path.exists());
}

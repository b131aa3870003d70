//! Every blob store keeps the same promises; the folder's hold across reopening and interrupted writes.

use std::fs;

use super::*;

fn name(text: &str) -> BlobName {
    text.parse().unwrap()
}

async fn keeps_the_promises(blobs: &dyn Blobs) {
    assert_eq!(blobs.get(&name("zones/Z1/1")).await.unwrap(), None);
    for (blob, text) in [("zones/Z1/1", "one"), ("zones/Z1/2", "two"), ("zones/Z10/1", "ten"), ("top", "")] {
        blobs.put(&name(blob), Bytes::from_static(text.as_bytes())).await.unwrap();
    }
    assert_eq!(blobs.get(&name("zones/Z1/2")).await.unwrap().unwrap(), "two");
    assert_eq!(blobs.get(&name("top")).await.unwrap().unwrap(), "");
    assert_eq!(blobs.list("zones/Z1/").await.unwrap(), [name("zones/Z1/1"), name("zones/Z1/2")]);
    assert_eq!(blobs.list("zones/Z1").await.unwrap().len(), 3);
    assert_eq!(blobs.list("").await.unwrap().len(), 4);
    assert!(blobs.list("nothing/here").await.unwrap().is_empty());
    assert!(blobs.list("../").await.unwrap().is_empty());
    blobs.put(&name("zones/Z1/2"), Bytes::from_static(b"2")).await.unwrap();
    assert_eq!(blobs.get(&name("zones/Z1/2")).await.unwrap().unwrap(), "2");
    blobs.delete(&name("zones/Z1/1")).await.unwrap();
    blobs.delete(&name("zones/Z1/1")).await.unwrap();
    assert_eq!(blobs.list("zones/Z1/").await.unwrap(), [name("zones/Z1/2")]);
}

#[tokio::test]
async fn memory_keeps_the_promises() {
    keeps_the_promises(&MemoryBlobs::default()).await;
}

#[tokio::test]
async fn a_folder_keeps_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_the_promises(&FolderBlobs::open(&folder.path().join("a/b")).unwrap()).await;
}

#[tokio::test]
async fn a_folder_forgets_drafts_and_keeps_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    blobs.put(&name("kept"), Bytes::from_static(b"whole")).await.unwrap();
    fs::write(folder.path().join(".drafts/7"), "half").unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    assert_eq!(blobs.list("").await.unwrap(), [name("kept")]);
    assert_eq!(fs::read_dir(folder.path().join(".drafts")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_failed_put_leaves_the_old_blob_whole() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = FolderBlobs::open(folder.path()).unwrap();
    blobs.put(&name("kept"), Bytes::from_static(b"whole")).await.unwrap();
    fs::remove_dir(folder.path().join(".drafts")).unwrap();
    blobs.put(&name("kept"), Bytes::from_static(b"newer")).await.unwrap_err();
    assert_eq!(blobs.get(&name("kept")).await.unwrap().unwrap(), "whole");
}

#[test]
fn names_stay_inside_their_folder() {
    for wrong in ["", "/", "a/", "/a", "a//b", "..", "a/../b", ".hidden", "a b", "ü", "a\0"] {
        assert!(wrong.parse::<BlobName>().is_err(), "{wrong:?}");
    }
    assert!("a".repeat(201).parse::<BlobName>().is_err());
    assert!(vec!["a"; 300].join("/").parse::<BlobName>().is_err());
}

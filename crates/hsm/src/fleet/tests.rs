use super::*;

fn fleet(folder: &Path) -> Arc<Fleet> {
    Fleet::new(FleetConfig {
        // Says nothing and ends: no HSM.
        program: "/bin/true".into(),
        arguments: Vec::new(),
        folder: folder.to_owned(),
        tokens: Tokens::software(),
    })
}

fn id(text: &str) -> HsmId {
    text.parse().unwrap()
}

#[tokio::test]
async fn folders_of_hsms_are_found_and_destroyed_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let fleet = fleet(place.path());
    assert_eq!(fleet.existing().unwrap(), []);
    let (one, two) = (id("hsm-234567abcde"), id("hsm-abcdefghijk"));
    for name in
        ["hsm-234567abcde", "hsm-234567abcde.session", "hsm-abcdefghijk.session", "fleet", "lost+found"]
    {
        std::fs::create_dir(place.path().join(name)).unwrap();
    }
    std::fs::write(place.path().join("hsm-234567abcde/records"), b"x").unwrap();
    assert_eq!(fleet.existing().unwrap(), [one.clone(), two.clone()]);
    for _ in 0..2 {
        fleet.destroy(&one).await.unwrap();
        assert_eq!(fleet.existing().unwrap(), std::slice::from_ref(&two));
    }
    assert!(place.path().join("fleet").is_dir());
}

#[tokio::test]
async fn what_a_crash_left_of_a_destroyed_hsm_goes_with_the_next_attempt() {
    let place = tempfile::tempdir().unwrap();
    let left = place.path().join("hsm-234567abcde.gone");
    std::fs::create_dir(&left).unwrap();
    assert_eq!(fleet(place.path()).existing().unwrap(), []);
    fleet(place.path()).destroy(&id("hsm-234567abcde")).await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn an_hsm_that_does_not_start_is_told_of() {
    let place = tempfile::tempdir().unwrap();
    let error = fleet(place.path()).start(&id("hsm-234567abcde")).await.err().unwrap();
    assert!(error.to_string().starts_with("the HSM did not start"), "{error}");
}

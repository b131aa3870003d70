use super::*;

#[test]
fn what_a_key_made_is_taken_and_what_was_changed_is_not() {
    let vault = TestVault::new().unwrap();
    for key in 0..11 {
        tampered(&vault, &[key, 0]);
        for part in 0..3 {
            tampered(&vault, &[key, part, 0, 20, 1]);
        }
        given(&vault, &[&[key][..], &vault.keys[usize::from(key)].made].concat());
        given(&vault, &[key]);
    }
}

#[test]
fn what_was_wrapped_is_imported_and_what_was_changed_is_not() {
    let vault = TestVault::new().unwrap();
    for way in 0..4 {
        import::wrapped(&vault, &[way, 0]);
        for part in 0..3 {
            import::wrapped(&vault, &[way, part, 0, 20, 1]);
        }
    }
    for kind in 0..13 {
        import::material(&[&[kind], &[5; 32][..]].concat());
    }
    import::parts(b"keyward import key");
}

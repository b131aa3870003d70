//! Tokens of SoftHSM 2 for tests. SoftHSM finds its tokens by an environment variable, and a module is loaded once a
//! process: so each test runs in a process of its own, this test binary started again for that one test.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::token::conformance::Maker;

/// Where Debian and others have the module.
const PLACES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];
const FOLDER: &str = "KEYWARD_TEST_SOFTHSM";
pub(crate) const USER_PIN: &str = "the users pin";
pub(crate) const OFFICER_PIN: &str = "the officers pin";

/// The module's path.
pub(crate) fn module_path() -> PathBuf {
    let found = PLACES.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("SoftHSM 2 is not installed: apt-get install softhsm2, or cargo xtask test")
}

/// Runs a test's body with a maker of blank tokens.
pub(crate) fn run(test: &str, body: fn(Maker<'_>)) {
    in_own_process(test, |_| {
        let made = Cell::new(0);
        body(&|| {
            made.set(made.get() + 1);
            Box::new(token(&format!("token {}", made.get())))
        });
    });
}

/// Runs a test's body where SoftHSM has a folder of its own.
pub(crate) fn in_own_process(test: &str, body: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return body(Path::new(&folder));
    }
    // SoftHSM writes each object several times; memory is quicker than a disk.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let tokens = place.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let settings = place.path().join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    std::fs::write(&settings, text).unwrap();
    let (_crate, name) = test.split_once("::").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(FOLDER, place.path())
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "the test was not found by its name {name}:\n{said}");
}

/// Settings for SoftHSM's tokens in this process' folder.
pub(crate) fn settings(folder: &Path) -> Pkcs11Settings {
    Pkcs11Settings {
        module: module_path(),
        tokens: vec![],
        environment: [].into(),
        readable: vec![],
        writable: vec![folder.join("tokens")],
        devices: vec![],
        network: false,
    }
}

/// A new token of that label.
pub(crate) fn token(label: &str) -> Pkcs11Token {
    let module = module::load(&module_path()).unwrap();
    let officer = AuthPin::new(OFFICER_PIN.into());
    let name = slots::initialize(&module, label, &officer, &AuthPin::new(USER_PIN.into())).unwrap();
    open(name)
}

/// Opens a token that is there.
pub(crate) fn open(name: TokenName) -> Pkcs11Token {
    let module = module::load(&module_path()).unwrap();
    Pkcs11Token::open(module, name, AuthPin::new(USER_PIN.into())).unwrap()
}

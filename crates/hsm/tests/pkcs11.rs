//! HSM processes on SoftHSM tokens: looked at with another program, killed, damaged, destroyed.
#![expect(clippy::unwrap_used, reason = "a failed helper fails its test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use keyward_hsm::{
    Change, CipherMechanism, Flag, Fleet, FleetConfig, HsmClient, HsmError, HsmId, HsmMode, HsmType,
    KeyFilter, KeyHandle, KeySpec, KeyTemplate, LabelledToken, Membership, OperationId, Password,
    Pkcs11Settings, Role, SessionId, Tokens, UserName,
};
use rustix::process::Signal;

const GCM: CipherMechanism = CipherMechanism::AesGcm;
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PIN: &str = "an operators pin";

/// SoftHSM with a folder of its own, and a fleet that uses it.
struct Place {
    folder: tempfile::TempDir,
    settings: Pkcs11Settings,
}

impl Place {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let tokens = folder.path().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
        std::fs::write(folder.path().join("softhsm2.conf"), text).unwrap();
        let file = folder.path().join("softhsm2.conf").to_str().unwrap().to_owned();
        let settings = Pkcs11Settings {
            module: MODULE.into(),
            tokens: vec![],
            environment: [("SOFTHSM2_CONF".to_owned(), file)].into(),
            readable: vec![],
            writable: vec![tokens],
            devices: vec![],
            network: false,
        };
        Self { folder, settings }
    }

    fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env("SOFTHSM2_CONF", self.folder.path().join("softhsm2.conf"))
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; run cargo xtask test, which installs it"));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{program}: {said}");
        said
    }

    /// What an operator does for an HSM of Keyward's.
    fn operator_sets_up(&mut self, label: &str) {
        let arguments =
            ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "the officers"];
        self.tool("softhsm2-util", &arguments);
        let pin_file: PathBuf = self.folder.path().join(format!("{label}.pin"));
        std::fs::write(&pin_file, PIN).unwrap();
        self.settings.tokens.push(LabelledToken { label: label.to_owned(), pin_file });
    }

    fn objects(&self, label: &str) -> String {
        let login = ["--module", MODULE, "--token-label", label, "--login", "--pin", PIN];
        self.tool("pkcs11-tool", &[&login[..], &["--list-objects"]].concat())
    }

    /// The files that hold SoftHSM's tokens.
    fn token_files(&self) -> Vec<PathBuf> {
        let tokens = std::fs::read_dir(self.folder.path().join("tokens")).unwrap();
        let mut files: Vec<_> = tokens.map(|token| token.unwrap().path().join("token.object")).collect();
        files.sort();
        files
    }

    /// Those of tokens whose label holds this.
    fn token_files_of(&self, label: &str) -> Vec<PathBuf> {
        let holds = |file: &PathBuf| {
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(label.len()).any(|window| window == label.as_bytes())
        };
        self.token_files().into_iter().filter(holds).collect()
    }

    fn fleet(&self, tokens: Tokens) -> Arc<Fleet> {
        Fleet::new(FleetConfig {
            program: env!("CARGO_BIN_EXE_keyward-hsm").into(),
            arguments: vec![],
            folder: self.folder.path().join("hsm"),
            tokens,
        })
    }
}

fn id(letter: &str) -> HsmId {
    format!("hsm-{}", letter.repeat(11)).parse().unwrap()
}

fn operation(number: u8) -> OperationId {
    OperationId([number; 16])
}

fn password() -> Password {
    Password::new("password").unwrap()
}

fn membership() -> Membership {
    Membership {
        cluster: "cluster-234567abcde".parse().unwrap(),
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm1Medium,
        certificate_sha256: None,
    }
}

async fn login(hsm: &HsmClient) -> SessionId {
    hsm.login(&"kmsuser".parse().unwrap(), &password()).await.unwrap().0
}

/// Makes the HSM the first of a cluster, with a key as KMS makes them.
async fn found(hsm: &HsmClient) -> KeyHandle {
    hsm.found(&membership()).await.unwrap();
    hsm.claim([7; 32]).await.unwrap();
    hsm.activate(operation(1), &password()).await.unwrap();
    let (admin, _) = hsm.login(&UserName::admin(), &password()).await.unwrap();
    let user = "kmsuser".parse().unwrap();
    hsm.create_user(admin, operation(2), &user, Role::CryptoUser, &password(), &[]).await.unwrap();
    let session = login(hsm).await;
    let flags = [(Flag::Encrypt, true), (Flag::Decrypt, true), (Flag::Extractable, false)];
    let template = KeyTemplate {
        spec: KeySpec::Aes { bytes: 32 },
        label: ARN.to_owned(),
        changes: flags.map(|(flag, value)| Change::Flag(flag, value)).to_vec(),
        share_with: vec![],
    };
    hsm.generate_key(session, operation(3), &template).await.unwrap().value.handle
}

async fn kill(hsm: &HsmClient) {
    let pid = i32::try_from(hsm.status().await.unwrap().pid).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    while hsm.link().is_up() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    hsm.link().up().await;
}

#[tokio::test]
async fn a_key_is_seen_on_each_token_and_decrypts_after_a_kill() {
    let mut place = Place::new();
    for label in ["rack1", "rack2"] {
        place.operator_sets_up(label);
    }
    let fleet = place.fleet(Tokens::pkcs11(&place.settings));
    let first = fleet.start(&id("a")).await.unwrap();
    let key = found(&first).await;
    let second = fleet.start(&id("b")).await.unwrap();
    let backup = first.backup().await.unwrap();
    second.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    for label in ["rack1", "rack2"] {
        let listing = place.objects(label);
        let object = listing.split("Secret Key Object").find(|object| object.contains(ARN)).expect(&listing);
        assert!(object.contains(&format!("ID:         {:016x}", key.0)), "{object}");
        assert!(object.contains("sensitive") && !object.contains("extractable"), "{object}");
    }
    let ciphertext = first.encrypt(login(&first).await, key, GCM, b"c", b"hello").await.unwrap();
    for hsm in [&first, &second] {
        kill(hsm).await;
        let session = login(hsm).await;
        assert_eq!(&*hsm.decrypt(session, key, GCM, b"c", &ciphertext).await.unwrap(), b"hello");
        let status = hsm.status().await.unwrap();
        assert_eq!(status.token, "pkcs11");
        for protection in ["landlock", "seccomp"] {
            let missing = status.missing.iter().any(|missing| missing.starts_with(protection));
            assert!(missing || status.active.iter().any(|active| active == protection), "{status:?}");
        }
        assert!(!status.missing.iter().any(|missing| missing.contains("threads")), "{status:?}");
    }
    fleet.stop_all().await;
}

/// How a token's file can be damaged.
const DAMAGES: [fn(&Path); 3] = [
    |file| std::fs::write(file, b"").unwrap(),
    |file| {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    },
    |file| std::fs::remove_file(file).unwrap(),
];

async fn decrypts(hsm: &HsmClient, key: KeyHandle, ciphertext: &[u8]) {
    let session = login(hsm).await;
    assert_eq!(&*hsm.decrypt(session, key, GCM, b"c", ciphertext).await.unwrap(), b"hello");
}

#[tokio::test]
async fn a_token_whose_file_a_kill_cut_short_is_whole_again_at_the_next_start() {
    let mut place = Place::new();
    place.operator_sets_up("rack1");
    let operators = place.fleet(Tokens::pkcs11(&place.settings));
    let theirs = operators.start(&id("a")).await.unwrap();
    let key = found(&theirs).await;
    let ciphertext = theirs.encrypt(login(&theirs).await, key, GCM, b"c", b"hello").await.unwrap();
    place.settings.tokens.clear();
    let fleet = place.fleet(Tokens::pkcs11(&place.settings));
    let own = fleet.start(&id("b")).await.unwrap();
    let backup = theirs.backup().await.unwrap();
    own.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    // All of the cluster's at once: there is no fellow to get anything from.
    for damage in DAMAGES {
        operators.stop(&id("a")).await;
        fleet.stop(&id("b")).await;
        place.token_files().iter().for_each(|file| damage(file));
        for hsm in [operators.start(&id("a")).await.unwrap(), fleet.start(&id("b")).await.unwrap()] {
            assert!(!hsm.status().await.unwrap().is_bereft);
            decrypts(&hsm, key, &ciphertext).await;
        }
    }
    assert_eq!(place.token_files().len(), 2, "no token was made besides");
    operators.stop_all().await;
    fleet.stop_all().await;
}

#[tokio::test]
async fn without_a_copy_another_token_takes_the_place_of_our_own_and_waits_for_the_masking_key() {
    let place = Place::new();
    let fleet = place.fleet(Tokens::pkcs11(&place.settings));
    let (first, second) = (fleet.start(&id("a")).await.unwrap(), fleet.start(&id("b")).await.unwrap());
    let key = found(&first).await;
    let backup = first.backup().await.unwrap();
    second.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    let ciphertext = first.encrypt(login(&first).await, key, GCM, b"c", b"hello").await.unwrap();
    let before = second.status().await.unwrap();
    fleet.stop_all().await;
    for damage in DAMAGES {
        let copy = place.folder.path().join("hsm").join(id("b").as_str()).join("softhsm-token.sealed");
        std::fs::remove_file(copy).unwrap();
        place.token_files_of(&before.serial.to_string()).iter().for_each(|file| damage(file));
        let second = fleet.start(&id("b")).await.unwrap();
        assert!(second.status().await.unwrap().is_bereft);
        assert_eq!(second.login(&"kmsuser".parse().unwrap(), &password()).await.err(), Some(HsmError::Blank));
        second.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
        assert_eq!(second.status().await.unwrap().state_sum, before.state_sum);
        decrypts(&second, key, &ciphertext).await;
        fleet.stop(&id("b")).await;
    }
}

#[tokio::test]
async fn a_mistake_in_the_configuration_replaces_nothing() {
    let mut place = Place::new();
    place.operator_sets_up("rack1");
    let operators = place.settings.clone();
    place.settings.tokens.clear();
    let (theirs, own) = (Tokens::pkcs11(&operators), Tokens::pkcs11(&place.settings));
    let first_fleet = place.fleet(theirs.clone());
    let first = first_fleet.start(&id("a")).await.unwrap();
    let key = found(&first).await;
    let fleet = place.fleet(own.clone());
    let second = fleet.start(&id("b")).await.unwrap();
    let backup = first.backup().await.unwrap();
    second.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    let ciphertext = first.encrypt(login(&first).await, key, GCM, b"c", b"hello").await.unwrap();
    fleet.stop_all().await;
    first_fleet.stop_all().await;
    let tokens = place.folder.path().join("tokens");
    let files = place.token_files();
    let refused = async |hsm: &str, tokens: &Tokens, why: &str| {
        let fleet = place.fleet(tokens.clone());
        let error = fleet.start(&id(hsm)).await.err().unwrap().to_string();
        assert!(error.contains(why), "{error}");
        fleet.stop_all().await;
    };
    // The folder is not mounted, or empty.
    let aside = place.folder.path().join("aside");
    std::fs::rename(&tokens, &aside).unwrap();
    refused("b", &own, "").await;
    std::fs::create_dir(&tokens).unwrap();
    refused("b", &own, "no token with the label").await;
    refused("a", &theirs, "no token with the label 'rack1'").await;
    assert_eq!(std::fs::read_dir(&tokens).unwrap().count(), 0, "no token was made");
    std::fs::remove_dir(&tokens).unwrap();
    std::fs::rename(&aside, &tokens).unwrap();
    // Another library, another configuration of it, another PIN.
    let with = |change: &dyn Fn(&mut Pkcs11Settings)| {
        let mut settings = operators.clone();
        change(&mut settings);
        Tokens::pkcs11(&settings)
    };
    refused("b", &with(&|settings| settings.module = "/nowhere.so".into()), "nowhere.so").await;
    let elsewhere = place.folder.path().join("elsewhere.conf");
    let empty = place.folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(&elsewhere, format!("directories.tokendir = {}\n", empty.display())).unwrap();
    let environment = [("SOFTHSM2_CONF".to_owned(), elsewhere.to_str().unwrap().to_owned())];
    let tokens = with(&|settings| settings.environment = environment.clone().into());
    refused("b", &tokens, "no token with the label").await;
    let pin_file = place.folder.path().join("rack1.pin");
    std::fs::write(&pin_file, "another PIN").unwrap();
    refused("a", &theirs, "PinIncorrect").await;
    std::fs::write(&pin_file, PIN).unwrap();
    // Damage to a token of the operator's of which there is no copy is the operator's to mend.
    std::fs::remove_file(place.folder.path().join("hsm").join(id("a").as_str()).join("softhsm-token.sealed"))
        .unwrap();
    let file = place.token_files_of("rack1").remove(0);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, b"").unwrap();
    refused("a", &theirs, "is damaged: bring it back, or delete the HSM").await;
    std::fs::write(&file, whole).unwrap();
    assert_eq!(place.token_files(), files);
    for (hsm, tokens) in [("a", theirs.clone()), ("b", own)] {
        let fleet = place.fleet(tokens);
        decrypts(&fleet.start(&id(hsm)).await.unwrap(), key, &ciphertext).await;
        fleet.stop_all().await;
    }
}

#[tokio::test]
async fn a_destroyed_hsm_leaves_an_empty_token_for_another() {
    let mut place = Place::new();
    place.operator_sets_up("rack1");
    let fleet = place.fleet(Tokens::pkcs11(&place.settings));
    let first = fleet.start(&id("a")).await.unwrap();
    found(&first).await;
    let refused = fleet.start(&id("b")).await.err().unwrap().to_string();
    assert!(refused.contains("there is no room"), "{refused}");
    fleet.destroy(&id("b")).await.unwrap();
    // Also when its process does not run at that moment.
    fleet.stop(&id("a")).await;
    assert!(place.objects("rack1").contains(ARN));
    fleet.destroy(&id("a")).await.unwrap();
    assert!(!place.objects("rack1").contains("Object"), "{}", place.objects("rack1"));
    let third = fleet.start(&id("c")).await.unwrap();
    found(&third).await;
    fleet.stop_all().await;
}

#[tokio::test]
async fn an_hsm_stays_what_it_was_made_as() {
    let place = Place::new();
    let software = place.fleet(Tokens::software());
    let old = software.start(&id("a")).await.unwrap();
    let key = found(&old).await;
    software.stop_all().await;
    let fleet = place.fleet(Tokens::pkcs11(&place.settings));
    let old = fleet.start(&id("a")).await.unwrap();
    let new = fleet.start(&id("b")).await.unwrap();
    let backup = old.backup().await.unwrap();
    new.restore(&backup, &membership().cluster, HsmType::Hsm1Medium).await.unwrap();
    assert_eq!(old.status().await.unwrap().token, "software");
    assert_eq!(new.status().await.unwrap().token, "pkcs11");
    let ciphertext = old.encrypt(login(&old).await, key, GCM, b"", b"hello").await.unwrap();
    let session = login(&new).await;
    assert_eq!(&*new.decrypt(session, key, GCM, b"", &ciphertext).await.unwrap(), b"hello");
    assert_eq!(new.find_keys(session, &KeyFilter::labelled(ARN)).await.unwrap().len(), 1);
    fleet.stop_all().await;
    let refused = software.start(&id("b")).await.err().unwrap().to_string();
    assert!(refused.contains("names no module"), "{refused}");
}

//! The vault as a process of its own: started, used, killed, started again.
#![expect(clippy::unwrap_used, reason = "a failed helper fails its test")]

use rustix::process::Signal;
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::path::Path;
use std::time::Duration;

use keyward_vault::{
    EncryptionAlgorithm, EncryptionContext, KeyBinding, KeyOrigin, KeyRef, KeySpec, KeyUsage, MaterialId,
    MessageType, SigningAlgorithm, Supervisor, VaultClient, VaultConfig, VaultError,
};

const AES: EncryptionAlgorithm = EncryptionAlgorithm::SymmetricDefault;

fn config(folder: &Path) -> VaultConfig {
    VaultConfig {
        program: env!("CARGO_BIN_EXE_keyward-vault").into(),
        arguments: vec![],
        vault_folder: folder.join("vault"),
        session_folder: folder.join("session"),
    }
}

async fn key(vault: &VaultClient, name: &str, spec: KeySpec, usage: KeyUsage) -> KeyRef {
    let binding = KeyBinding {
        owner: format!("arn:aws:kms:us-east-1:111122223333:key/{name}").into(),
        spec,
        usage,
        origin: KeyOrigin::AwsKms,
        material_id: MaterialId([1; 32]),
    };
    KeyRef::new(vault.generate_key(&binding).await.unwrap().ekt, binding)
}

async fn symmetric(vault: &VaultClient, name: &str) -> KeyRef {
    key(vault, name, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await
}

/// Kills a process as the kernel's out-of-memory killer would.
fn kill(pid: u32) {
    send(pid, Signal::KILL);
}

fn send(pid: u32, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn signals_for_the_house_do_not_end_the_vault() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let pid = supervisor.client().status().await.unwrap().pid;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        send(pid, signal);
    }
    assert_eq!(supervisor.client().status().await.unwrap().pid, pid);
    supervisor.stop().await;
}

/// The parent's death closes the other end of the socket; so does ours when the supervisor is dropped.
#[tokio::test]
async fn the_vault_ends_with_its_supervisor() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let pid = supervisor.client().status().await.unwrap().pid;
    drop(supervisor);
    while Path::new(&format!("/proc/{pid}")).exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_key_made_before_a_restart_decrypts_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let none = EncryptionContext::empty();
    let first = Supervisor::start(config(folder.path())).await.unwrap();
    let key = symmetric(&first.client(), "a").await;
    let blob = first.client().encrypt(&key, AES, b"hello", &none).await.unwrap();
    assert_ne!(first.client().status().await.unwrap().pid, std::process::id());
    first.stop().await;
    let second = Supervisor::start(config(folder.path())).await.unwrap();
    assert_eq!(&*second.client().decrypt(&key, AES, &blob, &none).await.unwrap(), b"hello");
    second.stop().await;
}

#[tokio::test]
async fn a_vault_with_another_session_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        Supervisor::start(config(folder.path())).await.unwrap().stop().await;
    }
    let mixed = VaultConfig { session_folder: two.path().join("session"), ..config(one.path()) };
    assert!(Supervisor::start(mixed).await.is_err());
}

#[tokio::test]
async fn a_lost_domain_key_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    Supervisor::start(config(folder.path())).await.unwrap().stop().await;
    std::fs::remove_file(folder.path().join("vault/domain.sealed")).unwrap();
    let error = Supervisor::start(config(folder.path())).await.err().unwrap().to_string();
    assert!(error.contains("restore domain.sealed"), "{error}");
}

#[tokio::test]
async fn a_lost_vault_is_not_silently_replaced() {
    let folder = tempfile::tempdir().unwrap();
    Supervisor::start(config(folder.path())).await.unwrap().stop().await;
    std::fs::remove_dir_all(folder.path().join("vault")).unwrap();
    let error = Supervisor::start(config(folder.path())).await.err().unwrap().to_string();
    assert!(error.contains("holds no vault"), "{error}");
    assert!(!folder.path().join("vault").exists());
}

#[tokio::test]
async fn another_process_of_the_same_user_can_not_read_the_vaults_memory() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let pid = supervisor.client().status().await.unwrap().pid;
    let opened = std::thread::spawn(move || memories_opened_without_privileges(pid)).join().unwrap();
    // The ordinary process shows that the question can be answered with yes.
    assert_eq!(opened, [false, true]);
    supervisor.stop().await;
}

/// Whether the memory of a process, and that of an ordinary one, can be opened by a thread that has given up
/// what lets root open anyone's.
fn memories_opened_without_privileges(pid: u32) -> [bool; 2] {
    // The one that the vault may keep stays, so that it is not what decides.
    let held = rustix::thread::capabilities(None).unwrap().permitted & CapabilitySet::IPC_LOCK;
    let sets = CapabilitySets { effective: held, permitted: held, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).unwrap();
    rustix::thread::set_no_new_privs(true).unwrap();
    let mut ordinary = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let opens = |pid: u32| std::fs::File::open(format!("/proc/{pid}/mem")).is_ok();
    let opened = [opens(pid), opens(ordinary.id())];
    ordinary.kill().unwrap();
    ordinary.wait().unwrap();
    opened
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = VaultConfig { program: folder.path().join("no-such-program"), ..config(folder.path()) };
    let error = Supervisor::start(missing).await.err().unwrap().to_string();
    assert!(error.contains("no-such-program"), "{error}");
}

#[tokio::test]
async fn one_folder_has_one_vault() {
    let folder = tempfile::tempdir().unwrap();
    let first = Supervisor::start(config(folder.path())).await.unwrap();
    let pid = first.client().status().await.unwrap().pid;
    kill(pid);
    // The vault that takes its place gets the lock that the dead one held.
    let again = first.client().status().await.unwrap().pid;
    assert_ne!(again, pid);
    first.stop().await;
    assert!(!Path::new(&format!("/proc/{again}")).exists());
}

#[tokio::test]
async fn a_large_batch_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let vault = supervisor.client();
    let key = key(&vault, "z", KeySpec::EccNistP256, KeyUsage::SignVerify).await;
    let messages: Vec<_> = (0..3000u32).map(|number| number.to_be_bytes().repeat(60)).collect();
    let algorithm = SigningAlgorithm::EcdsaSha256;
    let signatures = vault.sign_batch(&key, algorithm, MessageType::Raw, &messages).await.unwrap();
    assert_eq!(signatures.len(), messages.len());
    let public = vault.public_key(&key).await.unwrap();
    let public =
        aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED, public);
    for (message, signature) in messages.iter().zip(&signatures) {
        public.verify(message, signature).unwrap();
    }
    supervisor.stop().await;
}

/// Each of many callers checks each answer that it gets; the vault is killed again and again meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_killed_under_load_comes_back_and_gives_no_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let vault = supervisor.client();
    let key = symmetric(&vault, "a").await;
    let callers: Vec<_> = (0..16u32).map(|id| tokio::spawn(load(vault.clone(), key.clone(), id))).collect();
    let mut pids = Vec::new();
    for _ in 0..5 {
        let pid = vault.status().await.unwrap().pid;
        assert!(!pids.contains(&pid));
        pids.push(pid);
        kill(pid);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut answered = 0;
    for caller in callers {
        answered += caller.await.unwrap();
    }
    assert!(answered > 16 * 100, "{answered} answers");
    supervisor.stop().await;
}

/// Encrypts and decrypts its own messages; an answer is right or `Lost`.
async fn load(vault: VaultClient, key: KeyRef, id: u32) -> u32 {
    let context: EncryptionContext = [("caller", id.to_string())].into_iter().collect();
    let mut answered = 0;
    for round in 0..300u32 {
        let message = format!("caller {id} round {round}");
        let blob = match vault.encrypt(&key, AES, message.as_bytes(), &context).await {
            Ok(blob) => blob,
            Err(VaultError::Lost) => continue,
            Err(error) => panic!("{error}"),
        };
        match vault.decrypt(&key, AES, &blob, &context).await {
            Ok(plain) => assert_eq!(&*plain, message.as_bytes()),
            Err(VaultError::Lost) => continue,
            Err(error) => panic!("{error}"),
        }
        answered += 1;
    }
    answered
}

/// One line of `/proc/PID/status`.
fn proc_status(pid: u32, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn what_the_vault_says_protects_it_is_what_the_kernel_says() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let status = supervisor.client().status().await.unwrap();
    println!("active: {:?}; missing: {:?}", status.active, status.missing);
    let active = |name: &str| status.active.iter().any(|one| one == name);
    assert!(active("no core dumps") && active("not traceable") && active("no new privileges"));
    assert_eq!(proc_status(status.pid, "NoNewPrivs"), "1");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", status.pid)).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    assert_eq!(active("seccomp"), proc_status(status.pid, "Seccomp") == "2");
    // CAP_IPC_LOCK, bit 14, may stay where it alone lets memory be locked.
    let privileges = u64::from_str_radix(&proc_status(status.pid, "CapPrm"), 16).unwrap();
    assert_eq!(active("no privileges"), privileges & !(1 << 14) == 0);
    assert_eq!(active("locked memory"), proc_status(status.pid, "VmLck") != "0 kB");
    // Each protection is in one of the two lists.
    assert_eq!(status.active.len() + status.missing.len(), 7);
    supervisor.stop().await;
}

#[tokio::test]
async fn the_confined_vault_can_still_rotate_its_domain_key() {
    let folder = tempfile::tempdir().unwrap();
    let none = EncryptionContext::empty();
    let first = Supervisor::start(config(folder.path())).await.unwrap();
    let key = symmetric(&first.client(), "a").await;
    let blob = first.client().encrypt(&key, AES, b"hello", &none).await.unwrap();
    assert_eq!(first.client().rotate_domain_key().await, Ok(1));
    let ekt = first.client().rewrap(&key).await.unwrap();
    first.stop().await;
    let second = Supervisor::start(config(folder.path())).await.unwrap();
    let key = KeyRef::new(ekt, key.binding().clone());
    assert_eq!(second.client().status().await.unwrap().domain_key, 1);
    assert_eq!(&*second.client().decrypt(&key, AES, &blob, &none).await.unwrap(), b"hello");
    second.stop().await;
}

#[tokio::test]
async fn every_mechanism_works_inside_the_confinement() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::start(config(folder.path())).await.unwrap();
    let vault = supervisor.client();
    let curves = [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521, KeySpec::EccSecgP256k1];
    for spec in curves.into_iter().chain([KeySpec::Rsa2048]) {
        let key = key(&vault, "s", spec, KeyUsage::SignVerify).await;
        for algorithm in spec.signing_algorithms() {
            let signature = vault.sign(&key, algorithm, MessageType::Raw, b"message").await.unwrap();
            vault.verify(&key, algorithm, MessageType::Raw, b"message", &signature).await.unwrap();
        }
    }
    for spec in [KeySpec::Hmac224, KeySpec::Hmac256, KeySpec::Hmac384, KeySpec::Hmac512] {
        let key = key(&vault, "m", spec, KeyUsage::GenerateVerifyMac).await;
        let algorithm = spec.mac_algorithms().next().unwrap();
        let mac = vault.generate_mac(&key, algorithm, b"message").await.unwrap();
        vault.verify_mac(&key, algorithm, b"message", &mac).await.unwrap();
    }
    supervisor.stop().await;
}

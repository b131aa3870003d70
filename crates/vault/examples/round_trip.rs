//! What a call to the vault costs: CPU time of both sides and calls a second, for one caller and for sixteen.
//!
//! `cargo run --release -p keyward-vault --example round_trip -- path/to/keyward-vault`
#![expect(clippy::unwrap_used, reason = "a measurement that fails may just end")]

use std::time::{Duration, Instant};

use keyward_vault::{
    EncryptionAlgorithm, EncryptionContext, KeyBinding, KeyOrigin, KeyRef, KeySpec, KeyUsage, MaterialId,
    MessageType, SigningAlgorithm, Supervisor, VaultClient, VaultConfig,
};

const CALLS: u32 = 40_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let program = std::env::args_os().nth(1).unwrap().into();
    let folder = tempfile::tempdir().unwrap();
    let (vault_folder, session_folder) = (folder.path().join("vault"), folder.path().join("session"));
    let config = VaultConfig { program, arguments: vec![], vault_folder, session_folder };
    let supervisor = Supervisor::start(config).await.unwrap();
    let vault = supervisor.client();
    let pid = vault.status().await.unwrap().pid;
    let keys = Keys {
        symmetric: key(&vault, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt).await,
        p256: key(&vault, KeySpec::EccNistP256, KeyUsage::SignVerify).await,
    };
    for what in ["random 32", "encrypt 1 KiB", "sign P-256"] {
        for callers in [1, 16, 64] {
            measure(&vault, &keys, pid, what, callers).await;
        }
    }
    batch(&vault, &keys, pid).await;
    supervisor.stop().await;
}

struct Keys {
    symmetric: KeyRef,
    p256: KeyRef,
}

async fn key(vault: &VaultClient, spec: KeySpec, usage: KeyUsage) -> KeyRef {
    let owner = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".into();
    let material_id = MaterialId([1; 32]);
    let binding = KeyBinding { owner, spec, usage, origin: KeyOrigin::AwsKms, material_id };
    KeyRef::new(vault.generate_key(&binding).await.unwrap().ekt, binding)
}

async fn measure(vault: &VaultClient, keys: &Keys, pid: u32, what: &'static str, callers: u32) {
    let (ours, theirs, start) = (cpu(std::process::id()), cpu(pid), Instant::now());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (vault, symmetric, p256) = (vault.clone(), keys.symmetric.clone(), keys.p256.clone());
            tokio::spawn(async move {
                let context = EncryptionContext::empty();
                for _ in 0..CALLS / callers {
                    call(&vault, &symmetric, &p256, &context, what).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    report(&format!("{what}, {callers} in flight"), CALLS, start, [ours, theirs], pid);
}

async fn call(
    vault: &VaultClient,
    symmetric: &KeyRef,
    p256: &KeyRef,
    context: &EncryptionContext,
    what: &str,
) {
    match what {
        "random 32" => drop(vault.generate_random(32).await.unwrap()),
        "encrypt 1 KiB" => {
            let algorithm = EncryptionAlgorithm::SymmetricDefault;
            drop(vault.encrypt(symmetric, algorithm, &[7; 1024], context).await.unwrap());
        }
        _ => {
            let algorithm = SigningAlgorithm::EcdsaSha256;
            drop(vault.sign(p256, algorithm, MessageType::Raw, &[7; 200]).await.unwrap());
        }
    }
}

async fn batch(vault: &VaultClient, keys: &Keys, pid: u32) {
    let messages = vec![[7; 200]; CALLS as usize];
    let (ours, theirs, start) = (cpu(std::process::id()), cpu(pid), Instant::now());
    let algorithm = SigningAlgorithm::EcdsaSha256;
    vault.sign_batch(&keys.p256, algorithm, MessageType::Raw, &messages).await.unwrap();
    report("sign P-256 in batches", CALLS, start, [ours, theirs], pid);
}

fn report(what: &str, calls: u32, start: Instant, before: [Duration; 2], pid: u32) {
    let wall = start.elapsed();
    let each = |now: Duration, before: Duration| (now - before).as_secs_f64() * 1e6 / f64::from(calls);
    let client = each(cpu(std::process::id()), before[0]);
    let vault = each(cpu(pid), before[1]);
    let rate = f64::from(calls) / wall.as_secs_f64();
    println!("{what:30} client {client:6.2} µs, vault {vault:6.2} µs of CPU; {rate:8.0} a second");
}

/// The CPU time of all threads of a process.
fn cpu(pid: u32) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

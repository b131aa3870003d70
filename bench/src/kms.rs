//! KMS beside a bare hyper server that reads and answers as many bytes.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::load::{self, Outcome};
use crate::report::Spread;
use crate::server::Server;
use crate::sign::Signer;
use crate::{Failure, Settings, cpu};

/// One operation with its request.
struct Case {
    name: &'static str,
    request: Vec<u8>,
    peer_request: Vec<u8>,
}

/// One measured window.
struct Round {
    per_cpu_second: f64,
    outcome: Outcome,
}

/// Measures every case and prints a line for each.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let (keyward, signer) = Server::keyward(folder.path())?;
    let peer = Server::peer()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("good answers per CPU second: median (minimum to maximum) of {} rounds", settings.rounds);
        for case in cases(&keyward.address, &signer).await? {
            measure(&case, &keyward, &peer, settings).await?;
        }
        Ok(())
    })
}

async fn measure(case: &Case, keyward: &Server, peer: &Server, settings: &Settings) -> Result<(), Failure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    window(keyward, &case.request, settings).await?;
    window(peer, &case.peer_request, settings).await?;
    for _ in 0..settings.rounds {
        ours.push(window(keyward, &case.request, settings).await?);
        theirs.push(window(peer, &case.peer_request, settings).await?);
    }
    let rates = |rounds: &[Round]| Spread::of(rounds.iter().map(|round| round.per_cpu_second));
    let latency = |rounds: &[Round], share: f64| {
        Spread::of(rounds.iter().map(|round| round.outcome.percentile(share).as_secs_f64() * 1e6)).median()
    };
    let (subject, bare) = (rates(&ours), rates(&theirs));
    println!(
        "{:<22} keyward {:<28} bare hyper {:<30} share {:>3.0} %   p50/p99/p99.9 {:.0}/{:.0}/{:.0} µs, bare {:.0}/{:.0}/{:.0}",
        case.name,
        subject.text(),
        bare.text(),
        100.0 * subject.median() / bare.median(),
        latency(&ours, 0.5),
        latency(&ours, 0.99),
        latency(&ours, 0.999),
        latency(&theirs, 0.5),
        latency(&theirs, 0.99),
        latency(&theirs, 0.999),
    );
    Ok(())
}

async fn window(server: &Server, request: &[u8], settings: &Settings) -> Result<Round, Failure> {
    let before = cpu::used(server.id())?;
    let duration = Duration::from_secs(settings.seconds);
    let outcome = load::run(&server.address, request, settings.connections, duration).await?;
    let used = cpu::used(server.id())?.saturating_sub(before);
    Ok(Round { per_cpu_second: outcome.good as f64 / used.as_secs_f64().max(0.01), outcome })
}

async fn cases(address: &str, signer: &Signer) -> Result<Vec<Case>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    let symmetric = make_key(&mut stream, signer, json!({})).await?;
    let ecc = json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" });
    let ecc = make_key(&mut stream, signer, ecc).await?;
    let rsa = json!({ "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" });
    let rsa = make_key(&mut stream, signer, rsa).await?;
    let hmac = json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" });
    let hmac = make_key(&mut stream, signer, hmac).await?;
    let data = BASE64.encode(&[7; 1024]);
    let message = BASE64.encode(&[9; 256]);
    let encrypt = json!({ "KeyId": symmetric, "Plaintext": data });
    let blob = call(&mut stream, signer, "Encrypt", &encrypt).await?["CiphertextBlob"].clone();
    let sign = json!({ "KeyId": ecc, "Message": message, "SigningAlgorithm": "ECDSA_SHA_256" });
    let signature = call(&mut stream, signer, "Sign", &sign).await?["Signature"].clone();
    let mut verify = sign.clone();
    verify["Signature"] = signature;
    let plan = [
        ("Encrypt 1 KiB", "Encrypt", encrypt),
        ("Decrypt 1 KiB", "Decrypt", json!({ "CiphertextBlob": blob })),
        ("GenerateDataKey", "GenerateDataKey", json!({ "KeyId": symmetric, "KeySpec": "AES_256" })),
        ("Sign ECC_NIST_P256", "Sign", sign),
        ("Verify ECC_NIST_P256", "Verify", verify),
        (
            "Sign RSA_2048",
            "Sign",
            json!({ "KeyId": rsa, "Message": message, "SigningAlgorithm": "RSASSA_PSS_SHA_256" }),
        ),
        (
            "GenerateMac",
            "GenerateMac",
            json!({ "KeyId": hmac, "Message": message, "MacAlgorithm": "HMAC_SHA_256" }),
        ),
        ("DescribeKey", "DescribeKey", json!({ "KeyId": symmetric })),
    ];
    let mut cases = Vec::new();
    for (name, operation, body) in plan {
        let body = body.to_string();
        let request = signer.kms(operation, &body);
        let answer = load::once(&mut stream, &request).await?;
        let head = format!("content-length: {}\r\n", body.len());
        let wanted = format!("{head}x-answer-bytes: {}\r\n", answer.len());
        let peer_request = String::from_utf8(request.clone())?.replacen(&head, &wanted, 1).into_bytes();
        cases.push(Case { name, request, peer_request });
    }
    Ok(cases)
}

async fn make_key(stream: &mut TcpStream, signer: &Signer, input: Value) -> Result<Value, Failure> {
    Ok(call(stream, signer, "CreateKey", &input).await?["KeyMetadata"]["KeyId"].clone())
}

async fn call(
    stream: &mut TcpStream,
    signer: &Signer,
    operation: &str,
    input: &Value,
) -> Result<Value, Failure> {
    let answer = load::once(stream, &signer.kms(operation, &input.to_string())).await?;
    Ok(serde_json::from_slice(&answer)?)
}

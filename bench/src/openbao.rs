//! The peer: OpenBao's transit engine, asked for what comes nearest to each KMS operation.
//!
//! Its token is looked up in memory and its audit log is off, as Keyward's is.

use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Failure;
use crate::load::{self, Asked};

/// The token of the development server's root.
pub(crate) const TOKEN: &str = "root";

/// The requests of every case, by its name.
pub(crate) async fn calls(
    address: &str,
    data: &[u8],
    message: &[u8],
) -> Result<Vec<(&'static str, Asked)>, Failure> {
    let mut bao = Transit { stream: TcpStream::connect(address).await?, address };
    bao.call("sys/mounts/transit", &json!({ "type": "transit" })).await?;
    for (name, kind) in [("aes", "aes256-gcm96"), ("ecc", "ecdsa-p256"), ("rsa", "rsa-2048")] {
        bao.call(&format!("transit/keys/{name}"), &json!({ "type": kind })).await?;
    }
    let (data, message) = (BASE64.encode(data), BASE64.encode(message));
    let encrypt = json!({ "plaintext": data });
    let blob = bao.call("transit/encrypt/aes", &encrypt).await?["data"]["ciphertext"].clone();
    let ecdsa = json!({ "input": message, "hash_algorithm": "sha2-256" });
    let mut verify = ecdsa.clone();
    verify["signature"] = bao.call("transit/sign/ecc", &ecdsa).await?["data"]["signature"].clone();
    let mut pss = ecdsa.clone();
    pss["signature_algorithm"] = json!("pss");
    let mac = bao.call("transit/hmac/aes", &json!({ "input": message })).await?["data"]["hmac"].to_string();
    let asked =
        |path: &str, body: Value, expected: &str| bao.asked("POST", path, &body.to_string(), expected);
    Ok(vec![
        ("Encrypt 1 KiB", asked("transit/encrypt/aes", encrypt, "vault:v1:")),
        ("Decrypt 1 KiB", asked("transit/decrypt/aes", json!({ "ciphertext": blob }), &data)),
        ("GenerateDataKey", asked("transit/datakey/plaintext/aes", json!({}), "\"plaintext\":\"")),
        ("Sign ECC_NIST_P256", asked("transit/sign/ecc", ecdsa, "vault:v1:")),
        ("Sign RSA_2048", asked("transit/sign/rsa", pss, "vault:v1:")),
        ("Verify ECC_NIST_P256", asked("transit/verify/ecc", verify, "\"valid\":true")),
        ("GenerateMac", asked("transit/hmac/aes", json!({ "input": message }), &mac)),
        ("DescribeKey", bao.asked("GET", "transit/keys/aes", "", "\"type\":\"aes256-gcm96\"")),
    ])
}

struct Transit<'a> {
    stream: TcpStream,
    address: &'a str,
}

impl Transit<'_> {
    async fn call(&mut self, path: &str, body: &Value) -> Result<Value, Failure> {
        let asked = self.asked("POST", path, &body.to_string(), "");
        let answer = load::once(&mut self.stream, &asked.request).await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }

    fn asked(&self, method: &str, path: &str, body: &str, expected: &str) -> Asked {
        let request = format!(
            "{method} /v1/{path} HTTP/1.1\r\nhost: {}\r\nx-vault-token: {TOKEN}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        Asked { request: request.into_bytes(), expected: expected.as_bytes().to_vec() }
    }
}

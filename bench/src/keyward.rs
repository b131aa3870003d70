//! The subject: KMS operations as Keyward is asked for them, and the same bytes for the bare HTTP server.

use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::Failure;
use crate::load::{self, Asked};
use crate::sign::{Service, Signer};

/// An operation with its members, not yet signed: a signature is good for a quarter of an hour.
pub(crate) struct Call {
    operation: &'static str,
    members: Value,
    /// What a right answer holds.
    expected: String,
}

/// The calls of every case, by its name.
pub(crate) async fn calls(
    address: &str,
    signer: &Signer,
    data: &[u8],
    message: &[u8],
) -> Result<Vec<(&'static str, Call)>, Failure> {
    let mut kms = Api::connect(address, signer).await?;
    let symmetric = kms.make_key(json!({})).await?;
    let ecc = kms.make_key(json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" })).await?;
    let rsa = kms.make_key(json!({ "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" })).await?;
    let hmac = kms.make_key(json!({ "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC" })).await?;
    let (data, message) = (BASE64.encode(data), BASE64.encode(message));
    let encrypt = json!({ "KeyId": symmetric, "Plaintext": data });
    let blob = kms.call("Encrypt", &encrypt).await?["CiphertextBlob"].clone();
    let ecdsa = json!({ "KeyId": ecc, "Message": message, "SigningAlgorithm": "ECDSA_SHA_256" });
    let mut verify = ecdsa.clone();
    verify["Signature"] = kms.call("Sign", &ecdsa).await?["Signature"].clone();
    let pss = json!({ "KeyId": rsa, "Message": message, "SigningAlgorithm": "RSASSA_PSS_SHA_256" });
    let mac = json!({ "KeyId": hmac, "Message": message, "MacAlgorithm": "HMAC_SHA_256" });
    let tag = kms.call("GenerateMac", &mac).await?["Mac"].to_string();
    let data_key = json!({ "KeyId": symmetric, "KeySpec": "AES_256" });
    let call = Call::new;
    Ok(vec![
        ("Encrypt 1 KiB", call("Encrypt", encrypt, "\"CiphertextBlob\":\"")),
        ("Decrypt 1 KiB", call("Decrypt", json!({ "CiphertextBlob": blob }), &data)),
        ("GenerateDataKey", call("GenerateDataKey", data_key, "\"Plaintext\":\"")),
        ("Sign ECC_NIST_P256", call("Sign", ecdsa, "\"Signature\":\"")),
        ("Sign RSA_2048", call("Sign", pss, "\"Signature\":\"")),
        ("Verify ECC_NIST_P256", call("Verify", verify, "\"SignatureValid\":true")),
        ("GenerateMac", call("GenerateMac", mac, &tag)),
        ("DescribeKey", call("DescribeKey", json!({ "KeyId": symmetric }), "\"KeyState\":\"Enabled\"")),
    ])
}

impl Call {
    pub(crate) fn new(operation: &'static str, members: Value, expected: &str) -> Self {
        Self { operation, members, expected: expected.to_owned() }
    }

    /// The request, signed now.
    pub(crate) fn asked(&self, signer: &Signer) -> Asked {
        let request = signer.kms(self.operation, &self.members.to_string());
        Asked { request, expected: self.expected.clone().into_bytes() }
    }

    /// The same request for the bare server, which is told how many bytes to answer.
    pub(crate) async fn bare(&self, address: &str, signer: &Signer) -> Result<Asked, Failure> {
        let asked = self.asked(signer);
        let mut stream = TcpStream::connect(address).await?;
        let answer = load::once(&mut stream, &asked.request).await?;
        let length = format!("content-length: {}\r\n", self.members.to_string().len());
        let wanted = format!("{length}x-answer-bytes: {}\r\n", answer.len());
        let request = String::from_utf8(asked.request)?.replacen(&length, &wanted, 1).into_bytes();
        Ok(Asked { request, expected: vec![b'x'; answer.len()] })
    }
}

/// A connection on which one operation is asked after the other.
pub(crate) struct Api<'a> {
    stream: TcpStream,
    signer: &'a Signer,
}

impl<'a> Api<'a> {
    pub(crate) async fn connect(address: &str, signer: &'a Signer) -> Result<Self, Failure> {
        Ok(Self { stream: TcpStream::connect(address).await?, signer })
    }

    /// Makes a KMS key; its id.
    pub(crate) async fn make_key(&mut self, members: Value) -> Result<Value, Failure> {
        Ok(self.call("CreateKey", &members).await?["KeyMetadata"]["KeyId"].clone())
    }

    /// Asks KMS.
    pub(crate) async fn call(&mut self, operation: &str, members: &Value) -> Result<Value, Failure> {
        self.ask(Service::Kms, operation, members).await
    }

    /// Asks a service.
    pub(crate) async fn ask(
        &mut self,
        service: Service,
        operation: &str,
        members: &Value,
    ) -> Result<Value, Failure> {
        let request = self.signer.request(service, operation, &members.to_string());
        let answer = load::once(&mut self.stream, &request).await?;
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }
}

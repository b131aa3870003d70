//! Quorum token files, as AWS's CloudHSM CLI writes and reads them.
//!
//! A token of a service: `{"version", "service", "approval_data", "token", "signatures": [{"username", "role", "signature"}]}`.
//! A registration token: `{"version", "tokens": [{"approval_data", "unsigned", "signed"}]}`. All binary members are base64.
//! `token` and `unsigned` are the SHA-256 of `approval_data`: what `openssl pkeyutl -sign -pkeyopt digest:sha256` takes.

use keyward_hsm::{Approval, ApprovalToken, QuorumService};
use serde::{Deserialize, Serialize};

use crate::cloudhsm::run::Failure;
use crate::cloudhsm::words::FileBytes;

const VERSION: &str = "2.0";

#[derive(Serialize, Deserialize)]
struct ServiceToken {
    version: String,
    #[serde(default)]
    service: String,
    approval_data: String,
    token: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    username: String,
    role: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
struct RegistrationTokens {
    version: String,
    tokens: Vec<RegistrationToken>,
}

#[derive(Serialize, Deserialize)]
struct RegistrationToken {
    #[serde(default)]
    approval_data: String,
    unsigned: String,
    signed: String,
}

/// The file of a new token.
pub(crate) fn of(token: &ApprovalToken) -> Result<Vec<u8>, Failure> {
    let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &token.approval_data);
    let (approval_data, unsigned) = (base64(&token.approval_data), base64(digest.as_ref()));
    let version = VERSION.to_owned();
    let json = if token.service == QuorumService::Registration {
        let token = RegistrationToken { approval_data, unsigned, signed: String::new() };
        serde_json::to_vec_pretty(&RegistrationTokens { version, tokens: vec![token] })
    } else {
        let service = token.service.name().to_owned();
        serde_json::to_vec_pretty(&ServiceToken {
            version,
            service,
            approval_data,
            token: unsigned,
            signatures: Vec::new(),
        })
    };
    json.map_err(|error| Failure::new(format!("cannot write the token: {error}")))
}

/// The approvals in a signed token.
pub(crate) fn approvals(file: &FileBytes) -> Result<Vec<Approval>, Failure> {
    let token: ServiceToken = serde_json::from_slice(&file.0)
        .map_err(|error| Failure::new(format!("the approval is not a quorum token: {error}")))?;
    let approval = |one: &Signature| {
        Ok(Approval { user: one.username.parse()?, signature: base64(&one.signature, "signature")? })
    };
    token.signatures.iter().map(approval).collect()
}

/// The signature in a signed registration token.
pub(crate) fn registration_signature(file: &FileBytes) -> Result<Vec<u8>, Failure> {
    let tokens: RegistrationTokens = serde_json::from_slice(&file.0)
        .map_err(|error| Failure::new(format!("the signed token is not a registration token: {error}")))?;
    let [token] = tokens.tokens.as_slice() else {
        return Err(Failure::new("the file has to hold one registration token"));
    };
    base64(&token.signed, "signed")
}

/// The SPKI of a PEM file.
pub(crate) fn public_key(file: &FileBytes) -> Result<Vec<u8>, Failure> {
    let wrong = || Failure::new("the public key is not a PEM file with BEGIN PUBLIC KEY");
    let text = file.text().map_err(|_| wrong())?;
    let body = text.split_once("-----BEGIN PUBLIC KEY-----").map(|(_, rest)| rest).ok_or_else(wrong)?;
    let (body, _) = body.split_once("-----END PUBLIC KEY-----").ok_or_else(wrong)?;
    let body: String = body.split_whitespace().collect();
    data_encoding::BASE64.decode(body.as_bytes()).map_err(|_| wrong())
}

fn base64(text: &str, member: &str) -> Result<Vec<u8>, Failure> {
    let decoded = data_encoding::BASE64.decode(text.trim().as_bytes());
    decoded.map_err(|_| Failure::new(format!("the token's member {member} is not base64")))
}

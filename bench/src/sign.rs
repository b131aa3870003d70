//! Signs one request (Signature Version 4) and prints it as bytes that can be sent again and again.

use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use keyward_base::{Clock as _, SystemClock};

/// A service that is asked.
#[derive(Clone, Copy)]
pub(crate) enum Service {
    Kms,
    CloudHsm,
}

impl Service {
    /// Its name in a signature, and what stands before an operation's name.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Kms => ("kms", "TrentService"),
            Self::CloudHsm => ("cloudhsm", "BaldrApiService"),
        }
    }
}

/// Who signs, and for which server.
pub(crate) struct Signer {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) host: String,
}

impl Signer {
    /// A KMS request, complete with head and body. It is good for fifteen minutes.
    pub(crate) fn kms(&self, operation: &str, body: &str) -> Vec<u8> {
        self.request(Service::Kms, operation, body)
    }

    /// The same of any service.
    pub(crate) fn request(&self, service: Service, operation: &str, body: &str) -> Vec<u8> {
        let (service, prefix) = service.names();
        let time = SystemClock.now().iso8601_basic();
        let date = &time[..8];
        let target = format!("{prefix}.{operation}");
        let scope = format!("{date}/us-east-1/{service}/aws4_request");
        let names = "content-type;host;x-amz-date;x-amz-target";
        let headers = format!(
            "content-type:application/x-amz-json-1.1\nhost:{}\nx-amz-date:{time}\nx-amz-target:{target}\n",
            self.host
        );
        let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", sha256(body));
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(&canonical));
        let key = [date, "us-east-1", service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.secret).into_bytes(), |key, word| mac(&key, word));
        let signature = HEXLOWER.encode(&mac(&key, &text));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key_id
        );
        format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-date: {time}\r\n\
             x-amz-target: {target}\r\nauthorization: {authorization}\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        )
        .into_bytes()
    }
}

fn sha256(text: &str) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

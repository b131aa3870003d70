//! The root's public key in the forms that validators take, and where its servers are.

use std::fmt::Write;

use keyward_zone::keys::Dnskey;

use crate::config::Server;

/// Seconds for which the trust anchor's line says that it may be kept.
const ANCHOR_TTL_SECONDS: u32 = 3600;
/// As IANA's root hints have it.
const HINTS_TTL_SECONDS: u32 = 3_600_000;

/// What a validator needs to know of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootAnchor {
    keys: Vec<Dnskey>,
    servers: Vec<Server>,
}

impl RootAnchor {
    pub(crate) fn new(keys: Vec<Dnskey>, servers: Vec<Server>) -> Self {
        Self { keys, servers }
    }

    /// The root's key-signing keys.
    pub fn keys(&self) -> &[Dnskey] {
        &self.keys
    }

    /// BIND's form, for `named` and `delv -a`.
    pub fn bind(&self) -> String {
        let mut text = "trust-anchors {\n".to_owned();
        for key in &self.keys {
            let public = data_encoding::BASE64.encode(key.public_key());
            // Writing to a string never fails.
            let _ = writeln!(text, "    . static-key {} 3 {} \"{public}\";", key.flags(), key.algorithm());
        }
        text.push_str("};\n");
        text
    }

    /// Zone-file lines, for unbound's `trust-anchor-file`, kdig and ldns.
    pub fn zone_lines(&self) -> String {
        let line = |key: &Dnskey| format!(".\t{ANCHOR_TTL_SECONDS}\tIN\tDNSKEY\t{}\n", key.to_text());
        self.keys.iter().map(line).collect()
    }

    /// Root hints, as resolvers read them.
    pub fn hints(&self) -> String {
        let mut text = String::new();
        for Server { name, addresses } in &self.servers {
            let _ = writeln!(text, ".\t{HINTS_TTL_SECONDS}\tIN\tNS\t{name}");
            for address in addresses {
                let rtype = if address.is_ipv4() { "A" } else { "AAAA" };
                let _ = writeln!(text, "{name}\t{HINTS_TTL_SECONDS}\tIN\t{rtype}\t{address}");
            }
        }
        text
    }
}

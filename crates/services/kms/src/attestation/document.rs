//! The inside of an attestation document: what is measured, by whom, when (attestation process, section 3.2.2).

use std::collections::{BTreeMap, BTreeSet};

use keyward_base::Timestamp;
use minicbor::Decoder;
use minicbor::data::Type;

use super::Unfit;

const CERTIFICATE_BYTES_MAX: usize = 1024;
const PUBLIC_KEY_BYTES_MAX: usize = 1024;
const USER_BYTES_MAX: usize = 1024;
const BUNDLE_MAX: usize = 16;

/// Where an attested program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    /// A Nitro enclave.
    Enclave,
    /// An EC2 instance with NitroTPM.
    NitroTpm,
}

impl Platform {
    /// How many platform configuration registers there are.
    const fn registers(self) -> u8 {
        match self {
            Self::Enclave => 32,
            Self::NitroTpm => 24,
        }
    }
}

/// Platform configuration registers (PCRs), by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registers {
    /// Whose they are.
    pub(crate) platform: Platform,
    /// What they hold: 32, 48 or 64 bytes each.
    pub(crate) values: BTreeMap<u8, Vec<u8>>,
}

/// A document as it was written; nothing in it is true yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) made_at: Timestamp,
    pub(super) registers: Registers,
    /// X.509 DER, of the key that signed.
    pub(super) certificate: Vec<u8>,
    /// X.509 DER, the root first.
    pub(super) bundle: Vec<Vec<u8>>,
    pub(super) public_key: Option<Vec<u8>>,
}

/// The members as they come.
#[derive(Default)]
struct Members {
    made_at: Option<Timestamp>,
    registers: Option<Registers>,
    certificate: Option<Vec<u8>>,
    bundle: Option<Vec<Vec<u8>>>,
    public_key: Option<Vec<u8>>,
    module: bool,
    digest: bool,
}

impl Document {
    /// Reads one. Unknown members are passed over; none comes twice.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unfit> {
        let mut decoder = Decoder::new(bytes);
        let length = decoder.map().map_err(|_| MALFORMED)?.ok_or(MALFORMED)?;
        let (mut members, mut seen) = (Members::default(), BTreeSet::new());
        for _ in 0..length {
            let name = decoder.str().map_err(|_| MALFORMED)?;
            if !seen.insert(name) {
                return Err(Unfit::Malformed("a member comes twice"));
            }
            members.read(name, &mut decoder)?;
        }
        if decoder.position() != bytes.len() {
            return Err(MALFORMED);
        }
        members.complete()
    }
}

const MALFORMED: Unfit = Unfit::Malformed("it is no CBOR map");

impl Members {
    fn read(&mut self, name: &str, decoder: &mut Decoder<'_>) -> Result<(), Unfit> {
        match name {
            "module_id" => self.module = decoder.str().is_ok_and(|id| !id.is_empty()),
            "digest" => self.digest = decoder.str().is_ok_and(|name| name == "SHA384"),
            "timestamp" => self.made_at = made_at(decoder),
            "pcrs" | "nitrotpm_pcrs" => self.read_registers(name, decoder)?,
            "certificate" => self.certificate = bytes(decoder, CERTIFICATE_BYTES_MAX),
            "cabundle" => self.bundle = bundle(decoder),
            "public_key" => self.public_key = optional(decoder, PUBLIC_KEY_BYTES_MAX)?,
            "user_data" | "nonce" => drop(optional(decoder, USER_BYTES_MAX)?),
            _ => decoder.skip().map_err(|_| MALFORMED)?,
        }
        Ok(())
    }

    fn read_registers(&mut self, name: &str, decoder: &mut Decoder<'_>) -> Result<(), Unfit> {
        let platform = if name == "pcrs" { Platform::Enclave } else { Platform::NitroTpm };
        let values = registers(platform, decoder);
        let registers = values.map(|values| Registers { platform, values });
        match (self.registers.replace(registers.ok_or(Unfit::Malformed("its PCRs"))?), platform) {
            (None, _) => Ok(()),
            (Some(_), _) => Err(Unfit::Malformed("it has PCRs of two platforms")),
        }
    }

    fn complete(self) -> Result<Document, Unfit> {
        if !self.module {
            return Err(Unfit::Malformed("module_id"));
        }
        if !self.digest {
            return Err(Unfit::Malformed("digest"));
        }
        Ok(Document {
            made_at: self.made_at.ok_or(Unfit::Malformed("timestamp"))?,
            registers: self.registers.ok_or(Unfit::Malformed("pcrs"))?,
            certificate: self.certificate.ok_or(Unfit::Malformed("certificate"))?,
            bundle: self.bundle.ok_or(Unfit::Malformed("cabundle"))?,
            public_key: self.public_key,
        })
    }
}

/// Milliseconds since the epoch, more than zero.
fn made_at(decoder: &mut Decoder<'_>) -> Option<Timestamp> {
    let millis = i64::try_from(decoder.u64().ok()?).ok()?;
    (millis > 0).then(|| Timestamp::from_unix_millis(millis))
}

/// A byte string of 1 to `max` bytes.
fn bytes(decoder: &mut Decoder<'_>, max: usize) -> Option<Vec<u8>> {
    let bytes = decoder.bytes().ok()?;
    (1..=max).contains(&bytes.len()).then(|| bytes.to_vec())
}

/// A byte string of at most `max` bytes. The Nitro security module writes null where there is none.
fn optional(decoder: &mut Decoder<'_>, max: usize) -> Result<Option<Vec<u8>>, Unfit> {
    const WRONG: Unfit = Unfit::Malformed("public_key, user_data or nonce");
    if decoder.datatype().map_err(|_| WRONG)? == Type::Null {
        return decoder.null().map(|()| None).map_err(|_| WRONG);
    }
    let bytes = decoder.bytes().map_err(|_| WRONG)?;
    if bytes.len() > max { Err(WRONG) } else { Ok(Some(bytes.to_vec())) }
}

fn bundle(decoder: &mut Decoder<'_>) -> Option<Vec<Vec<u8>>> {
    let length = decoder.array().ok()??;
    let length = usize::try_from(length).ok().filter(|length| (1..=BUNDLE_MAX).contains(length))?;
    (0..length).map(|_| bytes(decoder, CERTIFICATE_BYTES_MAX)).collect()
}

fn registers(platform: Platform, decoder: &mut Decoder<'_>) -> Option<BTreeMap<u8, Vec<u8>>> {
    let length = decoder.map().ok()??;
    let mut values = BTreeMap::new();
    if !(1..=u64::from(platform.registers())).contains(&length) {
        return None;
    }
    for _ in 0..length {
        let number = decoder.u8().ok().filter(|number| *number < platform.registers())?;
        let value = decoder.bytes().ok().filter(|value| matches!(value.len(), 32 | 48 | 64))?;
        if values.insert(number, value.to_vec()).is_some() {
            return None;
        }
    }
    Some(values)
}

//! Which thread does a request: the one that reads, a worker, or one of those that wait.
//!
//! A hand-over to another thread costs more than an AES operation, so short work in memory is done where it was read, as long as it
//! does not keep the next requests waiting. What waits for the disk, an RSA key or a PIN's hash has threads of its own, so that
//! nobody's Encrypt waits behind it.

use crate::api::mechanism::CipherMechanism;
use crate::protocol::request::{Request, Use};

/// How much work the reading thread does itself, for all that one read brought, in rough microseconds.
pub(crate) const INLINE_MICROS_MAX: u32 = 150;
/// AES-GCM here does about so many bytes a microsecond.
const BYTES_PER_MICRO: usize = 1000;

/// How fast a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// In our memory.
    Memory,
    /// Behind a module: every operation may wait.
    Device,
}

/// Where a request belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Takes about so many microseconds of one core.
    Work { micros: u32 },
    /// Waits: for the disk, for a PIN's hash.
    Wait,
    /// Makes an RSA pair: up to seconds.
    RsaPair,
}

/// The lane of a request.
pub(crate) fn lane(request: &Request<'_>, speed: Speed) -> Lane {
    match request {
        request if request.makes_rsa_pair() => Lane::RsaPair,
        Request::Status | Request::Users | Request::QuorumValues | Request::QuorumTokens => {
            Lane::Work { micros: 5 }
        }
        Request::Random(_) | Request::FindKeys { .. } | Request::Digest | Request::Fetch(_) => {
            Lane::Work { micros: INLINE_MICROS_MAX + 1 }
        }
        Request::Use { use_, .. } if speed == Speed::Memory => Lane::Work { micros: work(use_) },
        Request::Use { .. } => Lane::Work { micros: INLINE_MICROS_MAX + 1 },
        _ => Lane::Wait,
    }
}

fn work(use_: &Use<'_>) -> u32 {
    let (aes, bytes) = match use_ {
        Use::Encrypt { mechanism, associated, plaintext: text }
        | Use::Decrypt { mechanism, associated, ciphertext: text } => {
            (*mechanism == CipherMechanism::AesGcm, associated.0.len() + text.0.len())
        }
        Use::GenerateDataKey { bytes, associated } => (true, *bytes as usize + associated.0.len()),
        _ => (false, 0),
    };
    if aes { u32::try_from(4 + bytes / BYTES_PER_MICRO).unwrap_or(u32::MAX) } else { INLINE_MICROS_MAX + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ids::{KeyHandle, SessionId};
    use crate::protocol::bytes::Bytes;

    #[test]
    fn the_hot_path_stays_on_the_reading_thread_unless_a_device_does_it() {
        let data_key = |bytes| Request::Use {
            session: SessionId([0; 16]),
            key: KeyHandle(1 << 20),
            use_: Use::GenerateDataKey { bytes, associated: Bytes(b"") },
        };
        assert_eq!(lane(&data_key(32), Speed::Memory), Lane::Work { micros: 4 });
        assert!(
            matches!(lane(&data_key(32), Speed::Device), Lane::Work { micros } if micros > INLINE_MICROS_MAX)
        );
        assert_eq!(lane(&Request::Backup, Speed::Memory), Lane::Wait);
    }
}

//! Doors for the fuzz targets: every reader of bytes that come from the other side, from another HSM, or from a stored backup. What
//! comes out does not matter: that something does, does.
#![cfg(feature = "fuzz")]

use std::sync::Arc;

use keyward_base::SystemClock;
use keyward_boundary::confine::Protections;
use keyward_boundary::frame;
use keyward_simulation::Disk;

use crate::api::backup::Backup;
use crate::api::record::MaskedRecord;
use crate::api::status::{HsmMode, HsmType, Membership};
use crate::instance::{Identity, Instance};
use crate::protocol::answer::Answer;
use crate::protocol::request::Request;
use crate::records::Records;
use crate::token::Token;
use crate::token::software::SoftwareToken;

/// A member of a cluster without a process.
pub struct FuzzHsm(Instance);

impl FuzzHsm {
    /// An HSM of a new cluster; `None` when it could not be made.
    pub fn new() -> Option<Self> {
        let identity = Identity::ephemeral();
        identity.join_fleet(&[7; 32]).ok()?;
        let token: Arc<dyn Token> = Arc::new(SoftwareToken::ephemeral());
        let records = Records::on(Disk::default).ok()?;
        let (clock, protections) = (Arc::new(SystemClock), Protections::default());
        let instance = Instance::new(token, Arc::new(identity), records, clock, protections).ok()?;
        let cluster = "cluster-234567abcde".parse().ok()?;
        let (mode, hsm_type) = (HsmMode::NonFips, HsmType::Hsm2mMedium);
        instance.found(&Membership { cluster, mode, hsm_type, certificate_sha256: None }).ok()?;
        Some(Self(instance))
    }
}

/// A stretch of the decrypted stream: frames, and in each a request or an answer.
pub fn stream(mut bytes: &[u8]) {
    while let Ok(Some(frame)) = frame::parse(bytes) {
        let _ = (Request::decode(frame.body), Answer::decode(frame.body));
        bytes = bytes.get(frame.consumed..).unwrap_or_default();
    }
}

/// A request, done by an HSM; RSA pairs are not made, because each takes seconds.
pub fn request(hsm: &FuzzHsm, message: &[u8]) {
    match Request::decode(message) {
        Some(request) if !request.makes_rsa_pair() => drop(hsm.0.answer(&request)),
        _ => {}
    }
}

/// A record and a backup, as a carrier or a shelf may give them back. None of them was made by an HSM.
pub fn brought(hsm: &FuzzHsm, bytes: &[u8]) {
    if let Ok(record) = postcard::from_bytes::<MaskedRecord>(bytes) {
        assert!(hsm.0.absorb(&[record]).is_err(), "a record that no HSM made got in");
    }
    let _ = Backup::from_bytes(bytes.to_vec()).header();
    assert!(hsm.0.open_backup(bytes).is_err(), "a backup that no HSM made was opened");
}

//! An HSM without cryptography: what the protocol demands of one, small enough to run hundreds of clusters in seconds.
//!
//! Records and operations survive a restart, sessions and failed logins don't. Passwords and key material are in the
//! clear, so that checks can look at them.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::attributes::{Attributes, Change, Flags, KeyClass};
use crate::api::error::HsmError;
use crate::api::ids::{HsmSerial, KeyHandle, OperationId, SessionId, UserName};
use crate::api::key::{KeyInfo, KeyTemplate, PairTemplate};
use crate::api::record::{MaskedRecord, RecordKey, RecordVersion, Stamp};
use crate::api::status::{HsmMode, HsmStatus, HsmType, Membership};
use crate::api::user::Role;
use crate::protocol::answer::{Answer, Value};
use crate::protocol::bytes::Octets;
use crate::protocol::request::{Mutation, Request, Use};

#[derive(Clone, Serialize, Deserialize)]
enum Body {
    Gone,
    User { role: Role, password: String },
    Key { owner: UserName, label: String, material: [u8; 16] },
}

#[derive(Clone)]
struct Done {
    answer: Vec<u8>,
    written: Vec<Stamp>,
    made: Vec<KeyHandle>,
}

pub(crate) struct Model {
    serial: HsmSerial,
    // Durable.
    membership: Option<Membership>,
    records: BTreeMap<RecordKey, MaskedRecord>,
    operations: HashMap<OperationId, Done>,
    counter: u64,
    drawn: u64,
    /// By the operation under way.
    made: Vec<KeyHandle>,
    // Gone with the process.
    sessions: HashMap<[u8; 16], UserName>,
    failures: HashMap<UserName, u32>,
}

impl Model {
    pub(crate) fn blank(serial: u64) -> Self {
        Self {
            serial: HsmSerial(serial),
            membership: None,
            records: BTreeMap::new(),
            operations: HashMap::new(),
            counter: 0,
            drawn: 0,
            made: Vec::new(),
            sessions: HashMap::new(),
            failures: HashMap::new(),
        }
    }

    /// The first of a cluster, with an admin and crypto users of these names, each with its name and `-password`.
    pub(crate) fn founder(serial: u64, cluster: &str, users: &[&str]) -> Self {
        let mut model = Self::blank(serial);
        model.membership = Some(membership(cluster));
        for name in users {
            let role = if *name == "admin" { Role::Admin } else { Role::CryptoUser };
            let body = Body::User { role, password: format!("{name}-password") };
            model.write(RecordKey::User(name.parse().unwrap()), &body);
        }
        model
    }

    /// How many logins are open.
    pub(crate) fn logins(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn restart(&mut self) {
        self.sessions.clear();
        self.failures.clear();
    }

    pub(crate) fn stamps(&self) -> Vec<Stamp> {
        self.records.values().map(|record| record.stamp.clone()).collect()
    }

    /// What is in it, for comparison with others.
    pub(crate) fn content(&self) -> &BTreeMap<RecordKey, MaskedRecord> {
        &self.records
    }

    pub(crate) fn label(&self, key: KeyHandle) -> Option<String> {
        match self.body(&RecordKey::Key(key))? {
            Body::Key { label, .. } => Some(label),
            _ => None,
        }
    }

    pub(crate) fn password(&self, user: &str) -> Option<String> {
        match self.body(&RecordKey::User(user.parse().unwrap()))? {
            Body::User { password, .. } => Some(password),
            _ => None,
        }
    }

    pub(crate) fn answer(&mut self, message: &[u8]) -> Zeroizing<Vec<u8>> {
        let request = Request::decode(message).expect("a request");
        self.handle(request).unwrap_or_else(Answer::Failed).encode()
    }

    fn handle(&mut self, request: Request<'_>) -> Result<Answer, HsmError> {
        if self.membership.is_none() && !matches!(request, Request::Status | Request::Restore { .. }) {
            return Err(HsmError::Blank);
        }
        match request {
            Request::Status => Ok(Answer::Status(Box::new(self.status()))),
            Request::Digest => Ok(Answer::Stamps(self.stamps())),
            Request::Fetch(keys) => {
                Ok(Answer::Records(keys.iter().filter_map(|key| self.records.get(key)).cloned().collect()))
            }
            Request::Absorb(records) => {
                self.absorb(records);
                Ok(Answer::Done)
            }
            Request::Reaffirm(stamps) => Ok(Answer::Records(self.reaffirm(&stamps))),
            Request::Undo(operation) => Ok(Answer::Records(self.undo(operation))),
            Request::Backup => {
                let records: Vec<_> = self.records.values().cloned().collect();
                Ok(Answer::One(Octets(Zeroizing::new(postcard::to_stdvec(&records).unwrap()))))
            }
            Request::Restore { backup, cluster, .. } => {
                if self.membership.is_none() {
                    self.absorb(postcard::from_bytes(backup.0).unwrap());
                    self.membership = Some(membership(cluster.as_str()));
                }
                Ok(Answer::Done)
            }
            Request::Login { user, password } => self.login(user, password.expose()),
            Request::Logout(session) => {
                self.sessions.remove(&session.0);
                Ok(Answer::Done)
            }
            Request::Mutate { session, operation, mutation } => self.mutate(session, operation, mutation),
            Request::Use { session, key, use_ } => self.use_key(session, key, use_),
            _ => Err(HsmError::Unsupported("this in the model".to_owned())),
        }
    }

    fn status(&self) -> HsmStatus {
        let mut sum = [0; 32];
        for stamp in self.stamps() {
            let text = postcard::to_stdvec(&stamp).unwrap();
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &text);
            sum.iter_mut().zip(digest.as_ref()).for_each(|(sum, byte)| *sum ^= byte);
        }
        HsmStatus {
            serial: self.serial,
            pid: 1,
            membership: self.membership.clone(),
            is_bereft: false,
            token: "model".to_owned(),
            keys: 0,
            users: 0,
            state_sum: sum,
            active: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn absorb(&mut self, records: Vec<MaskedRecord>) {
        for record in records {
            self.counter = self.counter.max(record.stamp.version.counter);
            let held = self.records.get(&record.stamp.key);
            if held.is_none_or(|held| record.stamp.supersedes(&held.stamp)) {
                self.records.insert(record.stamp.key.clone(), record);
            }
        }
    }

    fn reaffirm(&mut self, stamps: &[Stamp]) -> Vec<MaskedRecord> {
        let mut written = Vec::new();
        for above in stamps {
            let Some(held) = self.records.get(&above.key).filter(|held| above.supersedes(&held.stamp)) else {
                continue;
            };
            let body: Body = postcard::from_bytes(&held.sealed).unwrap();
            self.counter = self.counter.max(above.version.counter);
            written.push(self.write(above.key.clone(), &body));
        }
        written
    }

    fn login(&mut self, user: UserName, typed: &str) -> Result<Answer, HsmError> {
        let Some(Body::User { role, password }) = self.body(&RecordKey::User(user.clone())) else {
            return Err(HsmError::NoSuchUser);
        };
        let failures = self.failures.entry(user.clone()).or_default();
        if *failures >= 5 {
            return Err(HsmError::UserLocked);
        }
        if typed != password {
            *failures += 1;
            return Err(HsmError::WrongPassword { left: 5 - *failures });
        }
        *failures = 0;
        let session = self.draw();
        self.sessions.insert(session, user);
        Ok(Answer::LoggedIn { session: SessionId(session), role })
    }

    fn user(&self, session: SessionId) -> Result<UserName, HsmError> {
        self.sessions.get(&session.0).cloned().ok_or(HsmError::NotLoggedIn)
    }

    fn mutate(
        &mut self,
        session: SessionId,
        operation: OperationId,
        mutation: Mutation<'_>,
    ) -> Result<Answer, HsmError> {
        let user = self.user(session)?;
        // What was written over by others is done again.
        let is_there = |stamp: &Stamp| {
            let held = &self.records[&stamp.key].stamp;
            held.is_final() || held == stamp
        };
        let stands = |done: &&Done| !done.made.is_empty() || done.written.iter().all(is_there);
        if let Some(done) = self.operations.get(&operation).filter(stands) {
            return Ok(Answer::decode(&done.answer).unwrap());
        }
        let (value, records) = self.change(&user, mutation)?;
        let made = std::mem::take(&mut self.made);
        let written = records.iter().map(|record| record.stamp.clone()).collect();
        let answer = Answer::Mutated { value, records };
        self.operations.insert(operation, Done { answer: answer.encode().to_vec(), written, made });
        Ok(answer)
    }

    fn undo(&mut self, operation: OperationId) -> Vec<MaskedRecord> {
        let noted = || {
            let answer = Answer::Failed(HsmError::NotPermitted).encode().to_vec();
            Done { answer, written: vec![], made: vec![] }
        };
        let made = self.operations.entry(operation).or_insert_with(noted).made.clone();
        let gone: Vec<_> = made.into_iter().filter(|key| self.label(*key).is_some()).collect();
        gone.into_iter().map(|key| self.write(RecordKey::Key(key), &Body::Gone)).collect()
    }

    fn make_key(&mut self, user: &UserName, label: String) -> (KeyInfo, MaskedRecord) {
        let material = self.draw();
        let handle = KeyHandle(u64::from_be_bytes(material[..8].try_into().unwrap()));
        let body = Body::Key { owner: user.clone(), label, material };
        let record = self.write(RecordKey::Key(handle), &body);
        self.made.push(handle);
        (info(handle, &body), record)
    }

    fn change(
        &mut self,
        user: &UserName,
        mutation: Mutation<'_>,
    ) -> Result<(Value, Vec<MaskedRecord>), HsmError> {
        match mutation {
            Mutation::GenerateKey(KeyTemplate { label, .. }) => {
                let (key, record) = self.make_key(user, label);
                Ok((Value::Key(key), vec![record]))
            }
            Mutation::GeneratePair(PairTemplate { public_label, private_label, .. }) => {
                let (public, first) = self.make_key(user, public_label);
                let (private, second) = self.make_key(user, private_label);
                Ok((Value::Pair { public, private }, vec![first, second]))
            }
            other => self.change_one(user, other).map(|(value, record)| (value, vec![record])),
        }
    }

    fn change_one(
        &mut self,
        user: &UserName,
        mutation: Mutation<'_>,
    ) -> Result<(Value, MaskedRecord), HsmError> {
        match mutation {
            Mutation::SetAttributes { key, changes } => {
                let (owner, _, material) = self.key(user, key)?;
                let [Change::Label(label)] = changes.as_slice() else {
                    return Err(HsmError::Template("labels only".to_owned()));
                };
                let body = Body::Key { owner, label: label.clone(), material };
                let record = self.write(RecordKey::Key(key), &body);
                Ok((Value::Key(info(key, &body)), record))
            }
            Mutation::DeleteKey(key) => {
                self.key(user, key)?;
                Ok((Value::Nothing, self.write(RecordKey::Key(key), &Body::Gone)))
            }
            Mutation::CreateUser { name, role, password, .. } => {
                let key = RecordKey::User(name);
                if matches!(self.body(&key), Some(Body::User { .. })) {
                    return Err(HsmError::UserExists);
                }
                let body = Body::User { role, password: password.expose().to_owned() };
                Ok((Value::Nothing, self.write(key, &body)))
            }
            Mutation::DeleteUser { name, .. } => {
                let key = RecordKey::User(name);
                if !matches!(self.body(&key), Some(Body::User { .. })) {
                    return Err(HsmError::NoSuchUser);
                }
                Ok((Value::Nothing, self.write(key, &Body::Gone)))
            }
            Mutation::ChangePassword { name, password, .. } => {
                let key = RecordKey::User(name.clone());
                let Some(Body::User { role, .. }) = self.body(&key) else { return Err(HsmError::NoSuchUser) };
                self.failures.remove(&name);
                let body = Body::User { role, password: password.expose().to_owned() };
                Ok((Value::Nothing, self.write(key, &body)))
            }
            _ => Err(HsmError::Unsupported("this in the model".to_owned())),
        }
    }

    fn use_key(&mut self, session: SessionId, key: KeyHandle, use_: Use<'_>) -> Result<Answer, HsmError> {
        let user = self.user(session)?;
        let (_, _, material) = self.key(&user, key)?;
        let bytes = match use_ {
            Use::Encrypt { associated, plaintext, .. } => {
                let sealed = (material, associated.0.to_vec(), plaintext.0.to_vec());
                postcard::to_stdvec(&sealed).unwrap()
            }
            Use::Decrypt { associated, ciphertext, .. } => {
                let (by, with, plaintext): ([u8; 16], Vec<u8>, Vec<u8>) =
                    postcard::from_bytes(ciphertext.0).map_err(|_| HsmError::InvalidCiphertext)?;
                if by != material || with != associated.0 {
                    return Err(HsmError::InvalidCiphertext);
                }
                plaintext
            }
            _ => return Err(HsmError::Unsupported("this in the model".to_owned())),
        };
        Ok(Answer::One(Octets(Zeroizing::new(bytes))))
    }

    fn key(&self, user: &UserName, key: KeyHandle) -> Result<(UserName, String, [u8; 16]), HsmError> {
        match self.body(&RecordKey::Key(key)) {
            Some(Body::Key { owner, label, material }) if owner == *user => Ok((owner, label, material)),
            _ => Err(HsmError::NoSuchKey),
        }
    }

    fn body(&self, key: &RecordKey) -> Option<Body> {
        self.records.get(key).map(|record| postcard::from_bytes(&record.sealed).unwrap())
    }

    fn write(&mut self, key: RecordKey, body: &Body) -> MaskedRecord {
        self.counter += 1;
        let version = RecordVersion { counter: self.counter, origin: self.serial };
        let stamp = Stamp { key: key.clone(), version, tombstone: matches!(body, Body::Gone) };
        let record = MaskedRecord { stamp, sealed: postcard::to_stdvec(body).unwrap() };
        self.records.insert(key, record.clone());
        record
    }

    /// 16 bytes that nobody else draws.
    fn draw(&mut self) -> [u8; 16] {
        self.drawn += 1;
        let mut bytes = [0; 16];
        let number = self.serial.0 << 32 | self.drawn;
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        bytes
    }
}

fn membership(cluster: &str) -> Membership {
    Membership {
        cluster: cluster.parse().unwrap(),
        mode: HsmMode::Fips,
        hsm_type: HsmType::Hsm1Medium,
        certificate_sha256: None,
    }
}

fn info(handle: KeyHandle, body: &Body) -> KeyInfo {
    let Body::Key { owner, label, .. } = body else { panic!("a key") };
    KeyInfo {
        handle,
        attributes: Attributes {
            class: KeyClass::Secret,
            spec: crate::api::spec::KeySpec::Aes { bytes: 32 },
            label: label.clone(),
            id: Vec::new(),
            flags: Flags::default(),
            check_value: [0; 3],
        },
        owner: owner.clone(),
        shared_with: Vec::new(),
        public_key: None,
    }
}

//! Random schedules: several users at once while HSMs are cut off, slowed, killed and healed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::{Random, SeededRandom};
use tokio::time::{Instant, sleep};

use crate::api::attributes::Change;
use crate::api::error::HsmError;
use crate::api::ids::KeyHandle;
use crate::api::mechanism::CipherMechanism;
use crate::api::password::Password;
use crate::api::record::RecordKey;
use crate::cluster::ClusterSession;
use crate::cluster::tests::network::Way;
use crate::cluster::tests::world::{World, pair, template};

const GCM: CipherMechanism = CipherMechanism::AesGcm;
const USERS: [&str; 3] = ["ann", "bob", "cat"];

/// What a user may find its key to be.
#[derive(Clone, Debug)]
struct Known {
    /// Labels that are possible: the last one acknowledged, and those tried since without an answer.
    labels: Vec<String>,
    /// A deletion was acknowledged.
    is_gone: bool,
    /// A deletion was tried without an answer.
    may_be_gone: bool,
    ciphertext: Option<Vec<u8>>,
}

type Keys = BTreeMap<KeyHandle, Known>;

/// Errors that say nothing about what was done, and that a network may cause.
fn is_about_the_network(error: &HsmError) -> bool {
    matches!(error, HsmError::NoActiveHsm | HsmError::Lost | HsmError::TooFewHsms | HsmError::Busy)
}

struct User {
    session: ClusterSession,
    keys: Keys,
    random: SeededRandom,
    seed: u64,
}

impl User {
    async fn act(&mut self, world: &World, number: u32) {
        let seed = self.seed;
        let (key, known) = match self.pick() {
            Some(picked) if self.random.below(100) >= 25 => picked,
            _ => return self.make(world, number).await,
        };
        match self.random.below(10) {
            0 => match self.session.delete_key(key).await {
                Ok(()) => self.known(key).is_gone = true,
                Err(HsmError::NoSuchKey) if known.may_be_gone => self.known(key).is_gone = true,
                Err(error) if is_about_the_network(&error) => self.known(key).may_be_gone = true,
                Err(error) => panic!("seed {seed}: delete {key}: {error:?}"),
            },
            1..=3 => {
                let label = format!("label {number}");
                self.known(key).labels.push(label.clone());
                match self.session.set_attributes(key, &[Change::Label(label.clone())]).await {
                    Ok(_) => self.known(key).labels = vec![label],
                    Err(HsmError::NoSuchKey) if known.may_be_gone => self.known(key).is_gone = true,
                    Err(error) if is_about_the_network(&error) => {}
                    Err(error) => panic!("seed {seed}: relabel {key}: {error:?}"),
                }
            }
            _ => self.use_key(key, &known).await,
        }
    }

    async fn make(&mut self, world: &World, number: u32) {
        let label = format!("label {number}");
        let made = match self.random.below(3) {
            0 => {
                let pair = self.session.generate_pair(&pair(&label), 2).await;
                pair.map(|(public, private)| vec![public, private])
            }
            _ => self.session.generate_key(&template(&label), 2).await.map(|key| vec![key]),
        };
        match made {
            Ok(keys) => {
                for key in keys {
                    let copies = world.copies(key.handle);
                    assert!(copies >= 2, "seed {}: {} is on {copies} HSMs", self.seed, key.handle);
                    let labels = vec![key.attributes.label];
                    let known = Known { labels, is_gone: false, may_be_gone: false, ciphertext: None };
                    self.keys.insert(key.handle, known);
                }
            }
            Err(error) if is_about_the_network(&error) => {}
            Err(error) => panic!("seed {}: make: {error:?}", self.seed),
        }
    }

    async fn use_key(&mut self, key: KeyHandle, known: &Known) {
        let seed = self.seed;
        let done = match &known.ciphertext {
            Some(ciphertext) => self.session.decrypt(key, GCM, b"with", ciphertext).await.map(|plain| {
                assert_eq!(&*plain, b"what was encrypted", "seed {seed}");
            }),
            None => self.session.encrypt(key, GCM, b"with", b"what was encrypted").await.map(|ciphertext| {
                self.known(key).ciphertext = Some(ciphertext);
            }),
        };
        match done {
            Ok(()) => {}
            Err(HsmError::NoSuchKey) if known.may_be_gone => self.known(key).is_gone = true,
            Err(error) if is_about_the_network(&error) => {}
            Err(error) => panic!("seed {seed}: use {key}: {error:?}"),
        }
    }

    fn pick(&self) -> Option<(KeyHandle, Known)> {
        let living: Vec<_> = self.keys.iter().filter(|(_, known)| !known.is_gone).collect();
        let size = u32::try_from(living.len()).ok().filter(|size| *size > 0)?;
        let (key, known) = living[self.random.below(size) as usize];
        Some((*key, known.clone()))
    }

    fn known(&mut self, key: KeyHandle) -> &mut Known {
        self.keys.get_mut(&key).unwrap()
    }
}

/// Cuts off, slows, kills and heals HSMs, until `end`.
async fn disturb(world: &World, random: &SeededRandom, end: Instant) {
    while Instant::now() < end {
        let node = random.below(u32::try_from(world.nodes.len()).unwrap()) as usize;
        let way = [Way::Good, Way::Good, Way::Good, Way::Slow, Way::Lossy, Way::Cut, Way::Dead];
        world.set(node, way[random.below(7) as usize]);
        sleep(Duration::from_millis(u64::from(random.below(4000) + 1))).await;
    }
    for node in 0..world.nodes.len() {
        world.set(node, Way::Good);
    }
}

/// An admin who changes a user's password again and again; the passwords that it may have in the end.
async fn administer(world: &World, session: &ClusterSession, end: Instant) -> Vec<String> {
    let mut possible = vec!["dan-password".to_owned()];
    for number in 0_u32.. {
        if Instant::now() >= end {
            break;
        }
        let new = format!("dan-password-{number}");
        possible.push(new.clone());
        let changed =
            session.change_password(&"dan".parse().unwrap(), &Password::new(new.clone()).unwrap(), &[]).await;
        match changed {
            Ok(()) => possible = vec![new],
            Err(error) if is_about_the_network(&error) => {}
            Err(error) => panic!("change of password: {error:?}"),
        }
        sleep(Duration::from_millis(700)).await;
    }
    let _ = world;
    possible
}

async fn run(seed: u64) {
    let random = Arc::new(SeededRandom::new(seed));
    let world = World::new(2 + (seed % 3) as usize, seed).settled().await;
    world.nodes.iter().for_each(|node| node.pairs_take(Duration::from_millis(900)));
    let mut users = Vec::new();
    for (number, name) in USERS.iter().enumerate() {
        let session = world.login(name).await;
        let random = SeededRandom::new(seed * 31 + number as u64);
        users.push(User { session, keys: Keys::new(), random, seed });
    }
    let admin = world.login("admin").await;
    let end = Instant::now() + Duration::from_secs(60);
    let [ann, bob, cat] = users.as_mut_slice() else { panic!("three users") };
    let act = async |user: &mut User| {
        let mut number = 0;
        while Instant::now() < end {
            number += 1;
            user.act(&world, number).await;
            sleep(Duration::from_millis(u64::from(user.random.below(400)))).await;
        }
    };
    let (_, (), (), (), possible) = tokio::join!(
        disturb(&world, &random, end),
        act(ann),
        act(bob),
        act(cat),
        administer(&world, &admin, end)
    );
    world.settle().await;
    world.assert_identical();
    check(&world, &users, &possible, seed).await;
}

async fn check(world: &World, users: &[User], possible: &[String], seed: u64) {
    let model = world.nodes[0].model.lock().unwrap();
    for (key, known) in users.iter().flat_map(|user| &user.keys) {
        match model.label(*key) {
            Some(label) => {
                assert!(!known.is_gone, "seed {seed}: {key} was deleted and is back");
                assert!(
                    known.labels.contains(&label),
                    "seed {seed}: {key} is {label}, not {:?}",
                    known.labels
                );
            }
            None => assert!(known.is_gone || known.may_be_gone, "seed {seed}: {key} is lost"),
        }
    }
    for stamp in model.stamps() {
        if let (RecordKey::Key(key), false) = (&stamp.key, stamp.tombstone) {
            let known = users.iter().any(|user| user.keys.contains_key(key));
            assert!(known, "seed {seed}: {key} was never acknowledged and is there");
        }
    }
    let password = model.password("dan").unwrap();
    assert!(possible.contains(&password), "seed {seed}: {password}, not {possible:?}");
}

/// `CLUSTER_SEED=…` runs one.
#[test]
fn nothing_acknowledged_is_lost_whatever_happens_to_the_hsms() {
    let seeds = match std::env::var("CLUSTER_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..200,
    };
    for seed in seeds {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(run(seed));
    }
}

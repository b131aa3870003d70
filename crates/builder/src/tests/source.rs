//! A source whose zones tests write by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

use keyward_base::Timestamp;
use keyward_store::BoxFuture;
use keyward_zone::keys::SIGNATURE_BYTES;
use keyward_zone::plan::Update;
use keyward_zone::publication::{ZoneId, ZoneKind};
use keyward_zone::testing::TestKey;
use keyward_zone::{Name, Policy, Rrset, Rtype, records};
use tokio::sync::broadcast;

use crate::{
    Content, Ksk, KskTrouble, Progress, SigningWish, SourceError, ZoneEvent, ZoneEvents, ZoneSource, ZoneWish,
};

/// One zone of it.
pub(super) struct Zone {
    pub(super) wish: ZoneWish,
    names: BTreeMap<Name, Vec<Rrset>>,
    /// At which version each name was last touched.
    touched: BTreeMap<Name, u64>,
    version: u64,
    keys: Vec<(Ksk, TestKey)>,
    /// Every key refuses with it, or only the one named in `refuses`.
    pub(super) refusal: Option<KskTrouble>,
    pub(super) refuses: Option<String>,
}

/// What the builder said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Refused(String),
    Signed(String),
    Published(Progress),
    Served(Progress),
}

/// How often the next tellings fail.
pub(super) type Deaf = std::sync::atomic::AtomicU32;

pub(super) struct TestSource {
    zones: Mutex<BTreeMap<ZoneId, Zone>>,
    heard: Mutex<Vec<Heard>>,
    pub(super) deaf: Deaf,
    events: broadcast::Sender<ZoneEvent>,
}

struct Events(broadcast::Receiver<ZoneEvent>);

impl ZoneEvents for Events {
    fn next(&mut self) -> BoxFuture<'_, Vec<ZoneEvent>> {
        Box::pin(async {
            match self.0.recv().await {
                Ok(event) => vec![event],
                Err(broadcast::error::RecvError::Lagged(_)) => vec![ZoneEvent::Missed],
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        })
    }
}

pub(super) fn set(owner: &str, rtype: Rtype, ttl: u32, values: &[&str]) -> Rrset {
    let rdata = values.iter().map(|value| records::parse(rtype, value).unwrap());
    Rrset::new(owner.parse().unwrap(), rtype, ttl, rdata)
}

impl TestSource {
    pub(super) fn new() -> Self {
        Self {
            zones: Mutex::default(),
            heard: Mutex::default(),
            deaf: Deaf::default(),
            events: broadcast::Sender::new(64),
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<ZoneId, Zone>> {
        self.zones.lock().unwrap()
    }

    pub(super) fn add(&self, id: &ZoneId, apex: &str) {
        let sets = vec![
            set(apex, Rtype::SOA, 900, &["ns-1.example. host.example. 1 7200 900 1209600 300"]),
            set(apex, Rtype::NS, 172_800, &["ns-1.example.", "ns-2.example."]),
        ];
        let apex: Name = apex.parse().unwrap();
        let wish = ZoneWish {
            apex: apex.clone(),
            kind: ZoneKind::HostedPublic,
            name_servers: vec!["ns-1.example".parse().unwrap()],
            created: Timestamp::EPOCH,
            signing: SigningWish::Off,
            policy: Policy::default(),
            version: 1,
        };
        let zone = Zone {
            wish,
            names: BTreeMap::from([(apex.clone(), sets)]),
            touched: BTreeMap::from([(apex, 1)]),
            version: 1,
            keys: Vec::new(),
            refusal: None,
            refuses: None,
        };
        self.locked().insert(id.clone(), zone);
        self.say(ZoneEvent::Changed(id.clone()));
    }

    pub(super) fn drop_zone(&self, id: &ZoneId) {
        self.locked().remove(id);
        self.say(ZoneEvent::Changed(id.clone()));
    }

    /// Changes the zone as `change` does, and says so.
    pub(super) fn with<T>(&self, id: &ZoneId, change: impl FnOnce(&mut Zone) -> T) -> T {
        let answer = change(self.locked().get_mut(id).unwrap());
        self.say(ZoneEvent::Changed(id.clone()));
        answer
    }

    pub(super) fn say(&self, event: ZoneEvent) {
        let _ = self.events.send(event);
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    fn hear_or_fail(&self, heard: Heard) -> BoxFuture<'_, Result<(), SourceError>> {
        let deaf =
            self.deaf.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1)).is_ok();
        if deaf {
            return Box::pin(std::future::ready(Err(SourceError("the test wants it so".into()))));
        }
        let told = self.hear(heard);
        Box::pin(async {
            told.await;
            Ok(())
        })
    }

    fn hear(&self, heard: Heard) -> BoxFuture<'_, ()> {
        self.heard.lock().unwrap().push(heard);
        Box::pin(std::future::ready(()))
    }
}

impl Zone {
    /// Gives one name these sets; none removes it.
    pub(super) fn put(&mut self, owner: &str, sets: Vec<Rrset>) {
        let owner: Name = owner.parse().unwrap();
        self.version += 1;
        self.touched.insert(owner.clone(), self.version);
        self.names.insert(owner, sets);
    }

    /// Signs with one more key-signing key.
    pub(super) fn add_ksk(&mut self, name: &str) -> Ksk {
        let key = TestKey::ksk();
        let ksk = Ksk { name: name.to_owned(), point: key.dnskey().public_key().try_into().unwrap() };
        self.keys.push((ksk.clone(), key));
        self.rewish();
        ksk
    }

    pub(super) fn remove_ksk(&mut self, name: &str) {
        self.keys.retain(|(ksk, _)| ksk.name != name);
        self.rewish();
    }

    fn rewish(&mut self) {
        let ksks: Vec<Ksk> = self.keys.iter().map(|(ksk, _)| ksk.clone()).collect();
        self.wish.signing = if ksks.is_empty() { SigningWish::Off } else { SigningWish::On(ksks) };
        self.wish.version += 1;
    }

    fn content(&self, since: Option<u64>) -> Content {
        let update = match since {
            None => Update::Whole(self.names.values().flatten().cloned().collect()),
            Some(since) => {
                let names: BTreeSet<&Name> = self
                    .touched
                    .iter()
                    .filter(|(_, version)| **version > since)
                    .map(|(name, _)| name)
                    .collect();
                let sets = |name: &Name| (name.clone(), self.names.get(name).cloned().unwrap_or_default());
                Update::Names(names.into_iter().map(sets).collect())
            }
        };
        Content { update, version: self.version }
    }

    fn sign(&self, ksk: &Ksk, messages: &[&[u8]]) -> Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble> {
        let named = self.refuses.as_ref().is_none_or(|name| *name == ksk.name);
        if let Some(trouble) = self.refusal.as_ref().filter(|_| named) {
            return Err(trouble.clone());
        }
        let found = self.keys.iter().find(|(known, _)| known == ksk);
        let (_, key) = found.ok_or_else(|| KskTrouble::Refused("no such key".to_owned()))?;
        Ok(messages.iter().map(|message| key.sign(message)).collect())
    }
}

impl ZoneSource for TestSource {
    fn name(&self) -> &'static str {
        "test"
    }

    fn events(&self) -> Box<dyn ZoneEvents> {
        Box::new(Events(self.events.subscribe()))
    }

    fn zones(&self) -> BoxFuture<'_, Result<Vec<ZoneId>, SourceError>> {
        let zones = self.locked().keys().cloned().collect();
        Box::pin(std::future::ready(Ok(zones)))
    }

    fn wish<'a>(&'a self, zone: &'a ZoneId) -> BoxFuture<'a, Result<Option<ZoneWish>, SourceError>> {
        let wish = self.locked().get(zone).map(|zone| zone.wish.clone());
        Box::pin(std::future::ready(Ok(wish)))
    }

    fn content<'a>(
        &'a self,
        zone: &'a ZoneId,
        since: Option<u64>,
    ) -> BoxFuture<'a, Result<Content, SourceError>> {
        let content = self.locked().get(zone).map(|zone| zone.content(since));
        Box::pin(std::future::ready(content.ok_or_else(|| SourceError("the zone is gone".into()))))
    }

    fn sign<'a>(
        &'a self,
        zone: &'a ZoneId,
        ksk: &'a Ksk,
        messages: &'a [&'a [u8]],
    ) -> BoxFuture<'a, Result<Vec<[u8; SIGNATURE_BYTES]>, KskTrouble>> {
        let signed = self.locked().get(zone).map(|zone| zone.sign(ksk, messages));
        Box::pin(std::future::ready(
            signed.unwrap_or_else(|| Err(KskTrouble::Away("the zone is gone".to_owned()))),
        ))
    }

    fn ksk_refused<'a>(&'a self, _: &'a ZoneId, ksk: &'a Ksk, message: &'a str) -> BoxFuture<'a, ()> {
        self.hear(Heard::Refused(format!("{}: {message}", ksk.name)))
    }

    fn ksk_signed<'a>(&'a self, _: &'a ZoneId, ksk: &'a Ksk) -> BoxFuture<'a, ()> {
        self.hear(Heard::Signed(ksk.name.clone()))
    }

    fn published<'a>(&'a self, _: &'a ZoneId, progress: Progress) -> BoxFuture<'a, Result<(), SourceError>> {
        self.hear_or_fail(Heard::Published(progress))
    }

    fn served<'a>(&'a self, _: &'a ZoneId, progress: Progress) -> BoxFuture<'a, Result<(), SourceError>> {
        self.hear_or_fail(Heard::Served(progress))
    }
}

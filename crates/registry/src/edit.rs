//! One change of a registry zone: rows, the names they touch, and the zone's next content version, all in
//! one transaction that fails when the zone changed meanwhile.

use std::collections::BTreeSet;

use keyward_store::{Key, Revision, Store, Txn};
use keyward_zone::Name;
use keyward_zone::publication::ZoneId;

use crate::rows::{self, Delegated, Host, Zone};
use crate::{Delegation, RegistryError};

/// How many versions back a reader can catch up by the log; further back it reads the whole zone.
const LOG_VERSIONS: u64 = 1000;

/// A change under way.
pub(crate) struct Edit {
    id: ZoneId,
    zone: Zone,
    revision: Revision,
    touched: BTreeSet<Name>,
    puts: Vec<(Key, Vec<u8>)>,
    deletes: Vec<Key>,
    new_wish: bool,
}

impl Edit {
    /// Begins to change the zone `id`; `None` when there is none.
    pub(crate) async fn begin(store: &dyn Store, id: &ZoneId) -> Result<Option<Self>, RegistryError> {
        let Some(row) = store.get(&rows::zone(id)).await? else { return Ok(None) };
        Ok(Some(Self::of(id.clone(), rows::decode(&row.value)?, row.revision)))
    }

    /// Begins with a zone that is not stored yet.
    pub(crate) fn create(id: ZoneId, zone: Zone) -> Self {
        let mut edit = Self::of(id, zone, Revision::ABSENT);
        edit.touched.insert(edit.zone.apex.clone());
        edit
    }

    fn of(id: ZoneId, zone: Zone, revision: Revision) -> Self {
        let (touched, puts, deletes) = (BTreeSet::new(), Vec::new(), Vec::new());
        Self { id, zone, revision, touched, puts, deletes, new_wish: false }
    }

    /// The zone before the change.
    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Its id.
    pub(crate) fn id(&self) -> &ZoneId {
        &self.id
    }

    /// The content version that results.
    pub(crate) fn version(&self) -> u64 {
        self.zone.content_version + 1
    }

    /// Whether nothing was changed so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// Writes what the zone says of `name`.
    pub(crate) fn delegate(
        &mut self,
        name: &Name,
        delegation: Delegation,
        sponsor: &str,
    ) -> Result<(), RegistryError> {
        let delegated = Delegated { delegation, sponsor: sponsor.to_owned(), version: self.version() };
        self.puts.push((rows::delegation(&self.id, name), rows::encode(&delegated)?));
        self.touched.insert(name.clone());
        Ok(())
    }

    /// Removes what the zone says of `name`.
    pub(crate) fn undelegate(&mut self, name: &Name) {
        self.deletes.push(rows::delegation(&self.id, name));
        self.touched.insert(name.clone());
    }

    /// Gives the host `name` its addresses.
    pub(crate) fn put_host(&mut self, name: &Name, host: &Host) -> Result<(), RegistryError> {
        self.puts.push((rows::host(&self.id, name), rows::encode(host)?));
        self.touched.insert(name.clone());
        Ok(())
    }

    /// Removes the host `name`.
    pub(crate) fn remove_host(&mut self, name: &Name) {
        self.deletes.push(rows::host(&self.id, name));
        self.touched.insert(name.clone());
    }

    /// Gives the zone other servers.
    pub(crate) fn set_servers(&mut self, servers: Vec<Name>) {
        self.zone.servers = servers;
        self.new_wish = true;
        self.touched.insert(self.zone.apex.clone());
    }

    /// Adds the change to `txn`.
    pub(crate) fn finish(mut self, mut txn: Txn) -> Result<Txn, RegistryError> {
        let version = self.version();
        self.zone.content_version = version;
        self.zone.wish_version += u64::from(self.new_wish);
        let touched: rows::Touched = self.touched.into_iter().collect();
        txn = txn
            .compare(rows::zone(&self.id), self.revision)
            .put(rows::zone(&self.id), rows::encode(&self.zone)?)
            .put(rows::log(&self.id, version), rows::encode(&touched)?);
        if let Some(forgotten) = version.checked_sub(LOG_VERSIONS) {
            txn = txn.delete(rows::log(&self.id, forgotten));
        }
        txn.puts.extend(self.puts.into_iter().map(|(key, value)| (key, value.into())));
        txn.deletes.extend(self.deletes);
        Ok(txn)
    }
}

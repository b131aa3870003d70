//! The registry: zones come, delegations change, hosts get addresses.

use std::collections::BTreeSet;
use std::sync::Arc;

use keyward_base::{Clock, NoticeBoard, NoticeReader, Random};
use keyward_store::{Key, KeyRange, Store, Txn, TxnError};
use keyward_vault::VaultClient;
use keyward_zone::Name;
use keyward_zone::publication::ZoneId;
use serde::de::DeserializeOwned;

use crate::anchor::RootAnchor;
use crate::config::RegistryConfig;
use crate::edit::Edit;
use crate::hosts;
use crate::rows::{self, Delegated, Host, HostSource, Served, Zone};
use crate::{Delegation, NameServer, RegistryError, suffix};

/// How often a change is tried that others overtake.
pub(crate) const ATTEMPTS: usize = 16;
/// Rows that are read at once.
const PAGE: usize = 1000;

/// What a registry is built from.
pub struct RegistryParts {
    /// Where its rows are.
    pub store: Arc<dyn Store>,
    /// Where its keys are.
    pub vault: VaultClient,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids; keys come from the vault.
    pub random: Arc<dyn Random>,
    /// Its settings.
    pub config: RegistryConfig,
}

/// Whether a domain can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Yes.
    Free,
    /// Somebody has it.
    Taken,
    /// It is kept for the registry.
    Reserved,
}

/// A change, to ask whether it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) zone: ZoneId,
    pub(crate) version: u64,
}

/// The registry.
pub struct Registry {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: VaultClient,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) config: RegistryConfig,
    pub(crate) served: NoticeBoard<ZoneId>,
}

impl Registry {
    /// Opens the registry on its store: makes the root and the configured zones that are not there yet, and
    /// brings servers and addresses in line with the configuration.
    ///
    /// # Errors
    /// When the store or the vault fails, or a configured name is no name.
    pub async fn open(parts: RegistryParts) -> Result<Arc<Self>, RegistryError> {
        let RegistryParts { store, vault, clock, random, config } = parts;
        let registry = Self { store, vault, clock, random, config, served: NoticeBoard::default() };
        registry.make_zone(&Name::root()).await?;
        for apex in &registry.config.tlds {
            registry.make_zone(apex).await?;
        }
        registry.follow_configuration().await?;
        Ok(Arc::new(registry))
    }

    /// Whether `domain` can be registered.
    ///
    /// # Errors
    /// `Unsupported` when no zone of ours could hold it.
    pub async fn availability(&self, domain: &Name) -> Result<Availability, RegistryError> {
        let zones = self.zone_names().await?;
        let home = self.home(&zones, domain)?;
        if self.is_reserved(&zones, domain)? {
            return Ok(Availability::Reserved);
        }
        let taken = self.delegated(&rows::zone_id(&home)?, domain).await?.is_some();
        Ok(if taken { Availability::Taken } else { Availability::Free })
    }

    /// The zone that `domain` would be registered in, such as `org.`, whether it is there yet or not.
    ///
    /// # Errors
    /// `Unsupported` when there is none and none is made on demand.
    pub async fn zone_of(&self, domain: &Name) -> Result<Name, RegistryError> {
        self.home(&self.zone_names().await?, domain)
    }

    /// What the registry says of `domain`.
    pub async fn delegation(&self, domain: &Name) -> Result<Option<Delegation>, RegistryError> {
        let home = self.zone_of(domain).await?;
        let delegated = self.delegated(&rows::zone_id(&home)?, domain).await?;
        Ok(delegated.map(|delegated| delegated.delegation))
    }

    /// What the name servers serve of `domain`.
    ///
    /// # Errors
    /// `Unserved` while a change of it is on its way to them; try again.
    pub async fn served_delegation(&self, domain: &Name) -> Result<Option<Delegation>, RegistryError> {
        let id = rows::zone_id(&self.zone_of(domain).await?)?;
        let served: Option<Served> = self.read(&rows::served(&id)).await?;
        let served = served.map_or(0, |served| served.content_version);
        // Read before the log, so that what came meanwhile counts as unserved.
        let delegated = self.delegated(&id, domain).await?;
        let Some(zone) = self.zone(&id).await? else { return Ok(None) };
        let touched = self.touched(&id, served.min(zone.content_version), zone.content_version).await?;
        if touched.is_none_or(|touched| touched.contains(domain)) {
            return Err(RegistryError::Unserved);
        }
        Ok(delegated.map(|delegated| delegated.delegation))
    }

    /// Makes the registry say `wanted` of `domain`, whose zone is made if it must. Doing so again changes
    /// nothing and gives the first change's ticket.
    ///
    /// # Errors
    /// Every refusal of `RegistryError`; nothing is changed then.
    pub async fn delegate(
        &self,
        domain: &Name,
        wanted: &Delegation,
        sponsor: &str,
    ) -> Result<Ticket, RegistryError> {
        wanted.check(domain)?;
        let zones = self.zone_names().await?;
        let home = self.home(&zones, domain)?;
        if self.is_reserved(&zones, domain)? {
            return Err(RegistryError::Reserved);
        }
        let id = self.make_zone(&home).await?;
        self.ensure_hosts(wanted.name_servers.iter().map(|server| &server.name)).await?;
        for _ in 0..ATTEMPTS {
            let mut edit = self.begin(&id).await?;
            let current = self.sponsored(&id, domain, sponsor).await?;
            if let Some(current) = current.as_ref().filter(|current| current.delegation == *wanted) {
                return Ok(Ticket { zone: id, version: current.version });
            }
            let old = current.map(|current| current.delegation).unwrap_or_default();
            replace_glue(&mut edit, domain, &old, wanted)?;
            edit.delegate(domain, wanted.clone(), sponsor)?;
            if let Some(ticket) = self.commit(edit).await? {
                return Ok(ticket);
            }
        }
        Err(TxnError::Conflict.into())
    }

    /// Makes the registry say nothing of `domain` any more. Doing so again changes nothing.
    ///
    /// # Errors
    /// `NotSponsor`, `Unsupported`, or a failure; nothing is changed then.
    pub async fn undelegate(&self, domain: &Name, sponsor: &str) -> Result<Ticket, RegistryError> {
        let id = rows::zone_id(&self.zone_of(domain).await?)?;
        for _ in 0..ATTEMPTS {
            let mut edit = self.begin(&id).await?;
            let Some(current) = self.sponsored(&id, domain, sponsor).await? else {
                return Ok(Ticket { zone: id, version: edit.zone().content_version });
            };
            replace_glue(&mut edit, domain, &current.delegation, &Delegation::default())?;
            edit.undelegate(domain);
            if let Some(ticket) = self.commit(edit).await? {
                return Ok(ticket);
            }
        }
        Err(TxnError::Conflict.into())
    }

    /// Whether every live name server serves the change.
    pub async fn is_served(&self, ticket: &Ticket) -> Result<bool, RegistryError> {
        let row: Option<Served> = self.read(&rows::served(&ticket.zone)).await?;
        Ok(row.is_some_and(|served| served.content_version >= ticket.version))
    }

    /// Tells of every zone whose name servers have caught up with something.
    pub fn served_changes(&self) -> NoticeReader<ZoneId> {
        self.served.reader()
    }

    /// The root's trust anchor.
    pub async fn root_anchor(&self) -> Result<RootAnchor, RegistryError> {
        let root = self.zone(&rows::zone_id(&Name::root())?).await?;
        let root = root.ok_or_else(|| RegistryError::internal("there is no root"))?;
        Ok(RootAnchor::new(root.dnskeys()?, self.config.root_servers.clone()))
    }

    /// Gives each of `names` that is a name server of ours its address records, unless it has them.
    pub async fn ensure_hosts(&self, names: impl IntoIterator<Item = &Name>) -> Result<(), RegistryError> {
        let ours: BTreeSet<&Name> =
            names.into_iter().filter(|name| self.config.hosts.contains_key(*name)).collect();
        for name in ours {
            let zones = self.zone_names().await?;
            let mut home = suffix::enclosing(&zones, name).cloned().unwrap_or_else(Name::root);
            let tld = name.suffix(1);
            if home.is_root() && name.label_count() > 1 && suffix::may_be_made(&tld) {
                self.make_zone(&tld).await?;
                home = tld;
            }
            self.ensure_host(&rows::zone_id(&home)?, name).await?;
        }
        Ok(())
    }

    async fn ensure_host(&self, id: &ZoneId, name: &Name) -> Result<(), RegistryError> {
        for _ in 0..ATTEMPTS {
            let mut edit = self.begin(id).await?;
            if self.read::<Host>(&rows::host(id, name)).await?.is_some() {
                return Ok(());
            }
            let addresses = self.config.hosts.get(name).cloned().unwrap_or_default();
            edit.put_host(name, &Host { addresses, source: HostSource::Hosted })?;
            if self.commit(edit).await?.is_some() {
                return Ok(());
            }
        }
        Err(TxnError::Conflict.into())
    }

    pub(crate) fn server_names(&self, apex: &Name) -> Result<Vec<Name>, RegistryError> {
        let servers = self.config.servers(apex).map_err(RegistryError::internal)?;
        Ok(servers.into_iter().map(|server| server.name).collect())
    }

    fn home(&self, zones: &[Name], domain: &Name) -> Result<Name, RegistryError> {
        let unsupported = || RegistryError::Unsupported(domain.parent().unwrap_or_else(Name::root));
        let home = suffix::home(zones, domain).ok_or_else(unsupported)?;
        let known = zones.contains(&home) || (self.config.on_demand && suffix::may_be_made(&home));
        if known { Ok(home) } else { Err(unsupported()) }
    }

    fn is_reserved(&self, zones: &[Name], domain: &Name) -> Result<bool, RegistryError> {
        hosts::holds_ours(&self.config, zones, domain).map_err(RegistryError::internal)
    }

    pub(crate) async fn begin(&self, id: &ZoneId) -> Result<Edit, RegistryError> {
        let edit = Edit::begin(&*self.store, id).await?;
        edit.ok_or_else(|| RegistryError::internal(format!("there is no zone {id}")))
    }

    /// Commits a change; `None` when the zone changed meanwhile.
    pub(crate) async fn commit(&self, edit: Edit) -> Result<Option<Ticket>, RegistryError> {
        let ticket = Ticket { zone: edit.id().clone(), version: edit.version() };
        match self.store.txn(edit.finish(Txn::default())?).await {
            Ok(_) => Ok(Some(ticket)),
            Err(TxnError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The delegation of `domain`, which must be the sponsor's.
    async fn sponsored(
        &self,
        id: &ZoneId,
        domain: &Name,
        sponsor: &str,
    ) -> Result<Option<Delegated>, RegistryError> {
        let current = self.delegated(id, domain).await?;
        if current.as_ref().is_some_and(|current| current.sponsor != sponsor) {
            return Err(RegistryError::NotSponsor);
        }
        Ok(current)
    }

    pub(crate) async fn delegated(
        &self,
        id: &ZoneId,
        name: &Name,
    ) -> Result<Option<Delegated>, RegistryError> {
        self.read(&rows::delegation(id, name)).await
    }

    pub(crate) async fn zone(&self, id: &ZoneId) -> Result<Option<Zone>, RegistryError> {
        self.read(&rows::zone(id)).await
    }

    pub(crate) async fn zone_names(&self) -> Result<Vec<Name>, RegistryError> {
        let (rows, _) = self.store.range(&KeyRange::prefix(&rows::zones()), usize::MAX).await?;
        rows.iter().map(|row| Ok(rows::decode::<Zone>(&row.value)?.apex)).collect()
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, RegistryError> {
        let row = self.store.get(key).await?;
        row.map(|row| rows::decode(&row.value)).transpose()
    }

    /// Every row below `prefix` whose key ends with a name.
    pub(crate) async fn read_all<T: DeserializeOwned>(
        &self,
        prefix: &Key,
    ) -> Result<Vec<(Name, T)>, RegistryError> {
        let mut all = Vec::new();
        let mut range = KeyRange::prefix(prefix);
        loop {
            let (page, _) = self.store.range(&range, PAGE).await?;
            for row in &page {
                let name = rows::last_part(prefix, &row.key).and_then(|name| Name::parse(name).ok());
                let name = name.ok_or_else(|| RegistryError::internal("a row's key holds no name"))?;
                all.push((name, rows::decode(&row.value)?));
            }
            match page.last() {
                Some(last) if page.len() == PAGE => range = KeyRange::prefix_after(prefix, &last.key),
                _ => return Ok(all),
            }
        }
    }
}

/// Writes the addresses of the servers that lie in the domain, and removes those of servers that went.
fn replace_glue(
    edit: &mut Edit,
    domain: &Name,
    old: &Delegation,
    wanted: &Delegation,
) -> Result<(), RegistryError> {
    let glue = |delegation: &Delegation| -> Vec<NameServer> {
        delegation.name_servers.iter().filter(|server| !server.glue.is_empty()).cloned().collect()
    };
    let (old, wanted) = (glue(old), glue(wanted));
    for server in old.iter().filter(|old| !wanted.iter().any(|wanted| wanted.name == old.name)) {
        edit.remove_host(&server.name);
    }
    for server in wanted.iter().filter(|wanted| !old.contains(wanted)) {
        let source = HostSource::Domain(domain.clone());
        edit.put_host(&server.name, &Host { addresses: server.glue.clone(), source })?;
    }
    Ok(())
}

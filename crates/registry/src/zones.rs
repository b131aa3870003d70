//! How registry zones come to be, and how they follow the configuration.

use keyward_store::{Txn, TxnError};
use keyward_vault::MaterialId;
use keyward_zone::Name;
use keyward_zone::keys::point_of_spki;
use keyward_zone::publication::ZoneId;

use crate::edit::Edit;
use crate::hosts;
use crate::registry::{ATTEMPTS, Registry};
use crate::rows::{self, Host, HostSource, KskToken, Zone};
use crate::{Delegation, DsRecord, NameServer, RegistryError, suffix};

/// The sponsor of the delegations between registry zones.
const REGISTRY: &str = "registry";

impl Registry {
    /// Makes the zone `apex`, and those above it, unless they are there.
    pub(crate) async fn make_zone(&self, apex: &Name) -> Result<ZoneId, RegistryError> {
        let id = rows::zone_id(apex)?;
        if self.zone(&id).await?.is_some() {
            return Ok(id);
        }
        if apex.label_count() > 1 {
            Box::pin(self.make_zone(&apex.suffix(1))).await?;
        }
        let ksk = self.make_ksk(&id).await?;
        let zone = Zone {
            apex: apex.clone(),
            created: self.clock.now(),
            content_version: 0,
            wish_version: 1,
            servers: self.server_names(apex)?,
            ksks: vec![ksk],
        };
        for _ in 0..ATTEMPTS {
            let txn = Edit::create(id.clone(), zone.clone()).finish(self.enter_parent(&zone).await?)?;
            match self.store.txn(txn).await {
                Ok(_) => {
                    tracing::info!(zone = %apex, "the registry made a zone");
                    self.follow_configuration().await?;
                    return Ok(id);
                }
                // Somebody made it, or changed its parent.
                Err(TxnError::Conflict) if self.zone(&id).await?.is_some() => return Ok(id),
                Err(TxnError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(TxnError::Conflict.into())
    }

    /// The change of the parent that delegates to a new zone, with its DS.
    async fn enter_parent(&self, zone: &Zone) -> Result<Txn, RegistryError> {
        let zones = self.zone_names().await?;
        let Some(parent) = suffix::enclosing(&zones, &zone.apex) else { return Ok(Txn::default()) };
        let mut edit = self.begin(&rows::zone_id(parent)?).await?;
        edit.delegate(&zone.apex, own_delegation(zone)?, REGISTRY)?;
        edit.finish(Txn::default())
    }

    async fn make_ksk(&self, zone: &ZoneId) -> Result<KskToken, RegistryError> {
        let (name, material) = ("ksk-1".to_owned(), MaterialId::random(&*self.random));
        let key = self.vault.generate_key(&rows::binding(zone, &name, material)).await?;
        let point = key.public_key.as_deref().and_then(point_of_spki);
        let point = point.ok_or_else(|| RegistryError::internal("the vault gave no P-256 point"))?;
        Ok(KskToken { name, point: point.to_vec(), material, ekt: key.ekt })
    }

    /// Brings servers and host addresses of every zone in line with the configuration.
    pub(crate) async fn follow_configuration(&self) -> Result<(), RegistryError> {
        let zones = self.zone_names().await?;
        for apex in &zones {
            for _ in 0..ATTEMPTS {
                let edit = self.configured(&zones, apex).await?;
                if edit.is_empty() || self.commit(edit).await?.is_some() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What has to change in the zone `apex` so that it follows the configuration.
    async fn configured(&self, zones: &[Name], apex: &Name) -> Result<Edit, RegistryError> {
        let id = rows::zone_id(apex)?;
        let mut edit = self.begin(&id).await?;
        let servers = self.server_names(apex)?;
        if edit.zone().servers != servers {
            edit.set_servers(servers);
        }
        let hosts: Vec<(Name, Host)> = self.read_all(&rows::hosts(&id)).await?;
        let used = hosts.iter().filter(|(_, host)| host.source == HostSource::Hosted);
        let used = used.map(|(name, _)| name.clone());
        let mut placed = hosts::place(&self.config, zones, used).map_err(RegistryError::internal)?;
        let mut missing = placed.remove(apex).unwrap_or_default();
        for (name, host) in hosts.iter().filter(|(_, host)| !matches!(host.source, HostSource::Domain(_))) {
            match missing.remove(name) {
                Some(wanted) if wanted == *host => {}
                Some(wanted) => edit.put_host(name, &wanted)?,
                None => edit.remove_host(name),
            }
        }
        for (name, host) in missing {
            edit.put_host(&name, &host)?;
        }
        self.delegate_children(&mut edit, zones).await?;
        Ok(edit)
    }

    /// Makes the delegations of the zones right below follow those zones' servers and keys.
    async fn delegate_children(&self, edit: &mut Edit, zones: &[Name]) -> Result<(), RegistryError> {
        let apex = edit.zone().apex.clone();
        for child in zones.iter().filter(|zone| suffix::enclosing(zones, zone) == Some(&apex)) {
            let Some(mut zone) = self.zone(&rows::zone_id(child)?).await? else { continue };
            zone.servers = self.server_names(child)?;
            let wanted = own_delegation(&zone)?;
            let current = self.delegated(edit.id(), child).await?;
            if current.is_none_or(|current| current.delegation != wanted) {
                edit.delegate(child, wanted, REGISTRY)?;
            }
        }
        Ok(())
    }
}

/// What a zone's parent says of it.
fn own_delegation(zone: &Zone) -> Result<Delegation, RegistryError> {
    let server = |name: &Name| NameServer { name: name.clone(), glue: Vec::new() };
    let ds = zone.dnskeys()?.iter().map(|key| DsRecord::from(&key.ds(&zone.apex))).collect();
    Ok(Delegation { name_servers: zone.servers.iter().map(server).collect(), ds })
}

//! The services, each built on its parts and registered with the router.

use std::path::PathBuf;
use std::sync::Arc;

use keyward_base::{AccountId, Fault};
use keyward_builder::{Builder, Means, ZoneSource};
use keyward_cloudhsm::{CloudHsm, CloudHsmParts};
use keyward_domains::{Domains, DomainsConfig, DomainsParts};
use keyward_gate::{GateHandle, IdentitySource, PageTokens, PrincipalDirectory, Router};
use keyward_hsm::{Clusters, Fleet};
use keyward_iam::{Accounts, Iam, Secrets};
use keyward_kms::{Kms, KmsParts};
use keyward_registry::{Registry, RootAnchor};
use keyward_route53::{HostedZones, Route53, Route53Config, Route53Parts};
use keyward_store::Blobs;
use keyward_vault::VaultClient;
use tokio::task::JoinSet;

use crate::admin::{AccountView, Answer};
use crate::config::Config;
use crate::folder::{Credentials, DataFolder, replace_file};
use crate::house::hsms::Processes;
use crate::house::parent::ParentZones;
use crate::house::{Ground, registry};
use crate::refusal::Refusal;

/// The root in AWS's place that certifies HSMs, in the data folder.
const AWS_ROOT: &str = "cloudhsm-aws-root.crt";
/// The root in the manufacturer's place.
const MANUFACTURER_ROOT: &str = "cloudhsm-manufacturer-root.crt";

/// The services that the house itself asks something of.
pub(super) struct Services {
    accounts: Accounts,
    iam: Arc<Iam>,
    kms: Arc<Kms>,
    registry: Arc<Registry>,
    builder: Arc<Builder>,
}

/// What every service is built with.
pub(super) struct Site<'a> {
    pub(super) config: &'a Config,
    pub(super) ground: &'a Ground,
    pub(super) vault: &'a VaultClient,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) handle: &'a GateHandle,
    /// The CloudHSM clusters that run here.
    pub(super) clusters: &'a Clusters,
    pub(super) folder: &'a DataFolder,
    pub(super) hsms: &'a Arc<Fleet>,
}

impl Services {
    /// Builds all services, registers their operations, and starts their duties.
    pub(super) async fn build(
        site: &Site<'_>,
        router: &mut Router,
        duties: &mut JoinSet<()>,
    ) -> Result<Self, Refusal> {
        let Ground { store, random, .. } = site.ground;
        let secrets = Secrets::new(Arc::clone(store), site.vault.clone(), Arc::clone(random));
        let tokens = PageTokens::open(&**store, &**random, PageTokens::shared_place());
        let tokens = tokens.await.map_err(refusal)?;
        let iam = build_iam(site, &secrets, &tokens, router, duties);
        let kms = build_kms(site, &iam, router, duties).await?;
        let registry = registry::build(site, duties).await?;
        let route53 = build_route53(site, &registry, &tokens, router, duties)?;
        build_domains(site, &registry, &tokens, router, duties);
        build_cloudhsm(site, router, duties).await?;
        let keys = kms.key_changes().clone();
        let hosted = HostedZones::new(route53, move || keys.reader());
        let builder = build_zones(site, vec![Arc::clone(&registry) as Arc<dyn ZoneSource>, hosted], duties);
        let Ground { store, random, clock } = site.ground;
        let accounts = Accounts::new(Arc::clone(store), Arc::clone(random), Arc::clone(clock), secrets);
        Ok(Self { accounts, iam, kms, registry, builder })
    }

    /// The root's key, for validators.
    pub(super) async fn trust_anchor(&self) -> Result<RootAnchor, Refusal> {
        self.registry.root_anchor().await.map_err(|error| Refusal::new(error.to_string()))
    }

    /// Writes what is only in memory, after the duties ended.
    pub(super) async fn close(&self) {
        if let Err(fault) = self.kms.write_usage().await {
            tracing::warn!(%fault, "the last uses of keys were not written");
        }
    }

    /// Who builds the zones.
    pub(super) fn builder(&self) -> &Arc<Builder> {
        &self.builder
    }

    /// Who finds credentials.
    pub(super) fn identities(&self) -> Arc<dyn IdentitySource> {
        Arc::<Iam>::clone(&self.iam)
    }

    /// The account that a new user works in, with its root's access key.
    pub(super) async fn first_account(
        &self,
        wanted: Option<AccountId>,
    ) -> Result<(Option<Credentials>, AccountId), Refusal> {
        let (account, credentials) = self.accounts.ensure_first(wanted).await.map_err(refusal)?;
        let credentials = credentials.map(|root| Credentials {
            access_key_id: root.access_key_id,
            secret_access_key: root.secret_access_key.to_string(),
        });
        Ok((credentials, account.id))
    }

    /// `keyward account create`
    pub(super) async fn create_account(&self, name: &str) -> Result<Answer, Refusal> {
        let (account, root) = self.accounts.create(name).await.map_err(refusal)?;
        Ok(Answer::AccountCreated {
            account: AccountView::of(&account),
            access_key_id: root.access_key_id,
            secret_access_key: root.secret_access_key.to_string(),
        })
    }

    /// `keyward account list`
    pub(super) async fn list_accounts(&self) -> Result<Answer, Refusal> {
        let accounts = self.accounts.list().await.map_err(refusal)?;
        Ok(Answer::Accounts(accounts.iter().map(AccountView::of).collect()))
    }
}

fn build_iam(
    site: &Site<'_>,
    secrets: &Secrets,
    tokens: &PageTokens,
    router: &mut Router,
    duties: &mut JoinSet<()>,
) -> Arc<Iam> {
    let Ground { store, random, .. } = site.ground;
    let (partition, tokens) = (site.config.partition.clone(), tokens.clone());
    let iam = Iam::new(Arc::clone(store), Arc::clone(random), partition, secrets.clone(), tokens);
    keyward_iam::register(router, &iam);
    duties.spawn(Arc::clone(&iam).follow());
    duties.spawn(secrets.clone().seal_what_is_clear());
    iam
}

async fn build_kms(
    site: &Site<'_>,
    iam: &Arc<Iam>,
    router: &mut Router,
    duties: &mut JoinSet<()>,
) -> Result<Arc<Kms>, Refusal> {
    let kms = Kms::open(KmsParts {
        store: Arc::clone(&site.ground.store),
        vault: site.vault.clone(),
        gate: site.handle.clone(),
        clusters: site.clusters.clone(),
        principals: Arc::<Iam>::clone(iam) as Arc<dyn PrincipalDirectory>,
        clock: Arc::clone(&site.ground.clock),
        random: Arc::clone(&site.ground.random),
        partition: site.config.partition.clone(),
        regions: site.config.regions.names().cloned().collect(),
        attestation_roots: site.config.attestation_roots.clone(),
        quotas: site.config.kms_quotas,
    })
    .await
    .map_err(refusal)?;
    keyward_kms::register(router, &kms);
    duties.spawn(Arc::clone(&kms).run_duties());
    Ok(kms)
}

fn build_route53(
    site: &Site<'_>,
    registry: &Arc<Registry>,
    tokens: &PageTokens,
    router: &mut Router,
    duties: &mut JoinSet<()>,
) -> Result<Arc<Route53>, Refusal> {
    let route53 = Route53::new(Route53Parts {
        store: Arc::clone(&site.ground.store),
        clock: Arc::clone(&site.ground.clock),
        random: Arc::clone(&site.ground.random),
        gate: site.handle.clone(),
        tokens: tokens.clone(),
        parent: Arc::new(ParentZones::new(Arc::clone(registry))),
        config: Route53Config {
            name_servers: registry::scheme(&site.config.dns),
            ..Route53Config::default()
        },
        partition: site.config.partition.clone(),
    });
    keyward_route53::register(router, &route53);
    duties.spawn(Arc::clone(&route53).run_duties());
    Ok(route53)
}

fn build_domains(
    site: &Site<'_>,
    registry: &Arc<Registry>,
    tokens: &PageTokens,
    router: &mut Router,
    duties: &mut JoinSet<()>,
) {
    let domains = Domains::new(DomainsParts {
        store: Arc::clone(&site.ground.store),
        registry: Arc::clone(registry),
        gate: site.handle.clone(),
        clock: Arc::clone(&site.ground.clock),
        random: Arc::clone(&site.ground.random),
        tokens: tokens.clone(),
        config: DomainsConfig::default(),
    });
    keyward_domains::register(router, &domains);
    duties.spawn(async move { domains.run_duties().await });
}

async fn build_cloudhsm(
    site: &Site<'_>,
    router: &mut Router,
    duties: &mut JoinSet<()>,
) -> Result<Arc<CloudHsm>, Refusal> {
    let cloudhsm = CloudHsm::open(CloudHsmParts {
        store: Arc::clone(&site.ground.store),
        blobs: Arc::clone(&site.blobs),
        vault: site.vault.clone(),
        clock: Arc::clone(&site.ground.clock),
        random: Arc::clone(&site.ground.random),
        partition: site.config.partition.clone(),
        config: site.config.cloudhsm.clone(),
        hsms: Some(Arc::new(Processes(Arc::clone(site.hsms)))),
        clusters: site.clusters.clone(),
    })
    .await
    .map_err(refusal)?;
    keyward_cloudhsm::register(router, &cloudhsm);
    duties.spawn(Arc::clone(&cloudhsm).run_duties());
    duties.spawn(publish_roots(Arc::clone(&cloudhsm), site.folder.path().to_owned()));
    Ok(cloudhsm)
}

/// Writes the certificates with which users verify their HSMs. Nobody waits for it.
async fn publish_roots(cloudhsm: Arc<CloudHsm>, folder: PathBuf) {
    let written = async {
        let (aws, manufacturer) = cloudhsm.root_certificates().await.map_err(refusal)?;
        for (name, pem) in [(AWS_ROOT, aws), (MANUFACTURER_ROOT, manufacturer)] {
            replace_file(&folder.join(name), &pem, 0o644).map_err(|error| Refusal::new(error.to_string()))?;
        }
        Ok::<_, Refusal>(())
    };
    if let Err(refusal) = written.await {
        tracing::error!(%refusal, "the roots of the HSMs' certificates could not be written");
    }
}

/// The zone builder, for the registry's zones and the hosted ones alike.
fn build_zones(site: &Site<'_>, sources: Vec<Arc<dyn ZoneSource>>, duties: &mut JoinSet<()>) -> Arc<Builder> {
    let means = Means {
        store: Arc::clone(&site.ground.store),
        blobs: Arc::clone(&site.blobs),
        vault: site.vault.clone(),
        clock: Arc::clone(&site.ground.clock),
        random: Arc::clone(&site.ground.random),
    };
    let builder = Builder::new(means, sources);
    duties.spawn(Arc::clone(&builder).run(std::future::pending()));
    builder
}

/// A fault at start-up, with its cause: nobody else is there to read it.
pub(super) fn refusal(fault: Fault) -> Refusal {
    let cause = fault.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
    Refusal::new(format!("{fault}{cause}"))
}

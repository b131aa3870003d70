//! The service's state, and what its operations share.

use std::sync::Arc;

use keyward_base::{AccountId, Clock, Fault, Random};
use keyward_gate::{Check, GateHandle, PageTokens, RequestContext, View};
use keyward_registry::Registry;
use keyward_store::{Key, KeyRange, Store, Txn};
use serde::de::DeserializeOwned;

use crate::DomainsConfig;
use crate::domain::{Domain, Effect, State};
use crate::fault::{duplicate_request, internal, no_such_domain};
use crate::name::DomainName;
use crate::operation::{Operation, OperationId, Stage};
use crate::rows::{self, Place};

/// What the service is built from.
pub struct DomainsParts {
    /// Its rows.
    pub store: Arc<dyn Store>,
    /// Where domains are registered.
    pub registry: Arc<Registry>,
    /// The way to Route 53.
    pub gate: GateHandle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For ids.
    pub random: Arc<dyn Random>,
    /// With which its lists go on.
    pub tokens: PageTokens,
    /// The settings.
    pub config: DomainsConfig,
}

/// Route 53 Domains.
pub struct Domains {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) gate: GateHandle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) tokens: PageTokens,
    pub(crate) config: DomainsConfig,
}

/// A check of an action, which for this service never names a resource.
pub(crate) fn check(action: &'static str, request: &RequestContext) -> Check {
    Check::identity(action, "*", request.account())
}

impl Domains {
    /// The service.
    pub fn new(parts: DomainsParts) -> Arc<Self> {
        let DomainsParts { store, registry, gate, clock, random, tokens, config } = parts;
        Arc::new(Self { store, registry, gate, clock, random, tokens, config })
    }

    /// The caller's domain of this name, remembered by the view, with no operation under way: to change it.
    pub(crate) async fn changeable(
        request: &RequestContext,
        view: &mut View<'_>,
        name: &str,
    ) -> Result<Domain, Fault> {
        let domain = Self::registered(request, view, name).await?;
        if domain.open.is_some() {
            return Err(duplicate_request(domain.name.as_str()));
        }
        Ok(domain)
    }

    /// The caller's domain of this name, remembered by the view.
    pub(crate) async fn registered(
        request: &RequestContext,
        view: &mut View<'_>,
        name: &str,
    ) -> Result<Domain, Fault> {
        let name = DomainName::parse(name)?;
        let row = view.get(&rows::domain(request.account(), &name)).await?;
        let domain: Option<Domain> = row.map(|row| rows::decode(&row.value)).transpose()?;
        match domain {
            Some(domain) if domain.state == State::Registered => Ok(domain),
            Some(_) => Err(duplicate_request(name.as_str())),
            None => Err(no_such_domain(name.as_str(), request.account())),
        }
    }

    /// Adds to `txn` that `effect` on `domain` is asked for.
    pub(crate) async fn submit(
        &self,
        txn: Txn,
        request: &RequestContext,
        mut domain: Domain,
        effect: Effect,
    ) -> Result<(Txn, Operation), Fault> {
        self.check_open_operations(request.account()).await?;
        let operation = Operation {
            id: OperationId::random(&*self.random),
            account: request.account(),
            domain: domain.name.clone(),
            effect,
            stage: Stage::Submitted,
            submitted: request.now,
            updated: request.now,
        };
        domain.open = Some(operation.id.clone());
        let place = Place::of(&operation);
        let txn = txn
            .put(rows::domain(domain.account, &domain.name), rows::encode(&domain)?)
            .create(place.key(), rows::encode(&operation)?)
            .create(rows::operation_id(&operation.id), rows::encode(&place)?)
            .create(rows::open(&operation), rows::encode(&place)?);
        Ok((txn, operation))
    }

    async fn check_open_operations(&self, account: AccountId) -> Result<(), Fault> {
        let limit = self.config.quotas.open_operations;
        let range = KeyRange::prefix(&rows::open_of(account));
        let (open, _) = self.store.range(&range, limit).await.map_err(internal)?;
        if open.len() < limit {
            return Ok(());
        }
        let text = format!("The account has {limit} operations in progress, which is the limit.");
        Err(Fault::caller("OperationLimitExceeded", text))
    }

    /// Every row below `prefix`.
    pub(crate) async fn all<T: DeserializeOwned>(&self, prefix: &Key) -> Result<Vec<T>, Fault> {
        let (rows, _) = self.store.range(&KeyRange::prefix(prefix), usize::MAX).await.map_err(internal)?;
        rows.iter().map(|row| rows::decode(&row.value)).collect()
    }
}

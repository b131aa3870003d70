//! `CreateCustomKeyStore`: makes a key store of an AWS CloudHSM cluster. It begins disconnected.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    CreateCustomKeyStore as Shape, CreateCustomKeyStoreRequest, CreateCustomKeyStoreResponse,
    CustomKeyStoreType,
};
use keyward_store::KeyRange;

use crate::fault;
use crate::key::CustomKeyStoreId;
use crate::keystore::{
    ActiveCluster, Connection, Credentials, FoundStore, IdRow, KeyStoreRecord, KeyStoreRow, active_cluster,
    check, faults, places, refuse_external_members,
};
use crate::kms::Kms;
use crate::quota;
use crate::rows;

/// How many stores an account has in a Region, connected or not.
const STORES_MAX: usize = 10;

/// The operation.
pub(crate) struct CreateCustomKeyStore;

/// What a CloudHSM key store is made of.
struct Wanted<'a> {
    name: &'a str,
    cluster: &'a str,
    trust_anchor: &'a str,
    password: &'a str,
}

impl Operation for CreateCustomKeyStore {
    type Shape = Shape;
    type Service = Kms;
    /// The store that has the name already.
    type Subject = Option<FoundStore>;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::CREATE_CUSTOM_KEY_STORE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &CreateCustomKeyStoreRequest,
        view: &mut View<'_>,
    ) -> Result<(Option<FoundStore>, Vec<Check>), Fault> {
        let wanted = wanted(input)?;
        let existing = named(kms, request, view, wanted.name).await?;
        Ok((existing, vec![check("kms:CreateCustomKeyStore", request)]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<CreateCustomKeyStoreResponse, RunError> {
        let (wanted, request) = (wanted(permit.input())?, permit.request());
        if let Some(existing) = permit.subject() {
            let same = is_repeated(kms, request, &wanted, existing).await?;
            let taken = || faults::name_in_use(wanted.name);
            let id = same.then(|| existing.id.to_string()).ok_or_else(taken)?;
            return Ok(CreateCustomKeyStoreResponse { custom_key_store_id: Some(id) });
        }
        let places = places(request);
        let (stores, _) = kms.store.range(&KeyRange::prefix(&places.stores()), STORES_MAX).await?;
        if stores.len() >= STORES_MAX {
            let message = format!("The account has {STORES_MAX} custom key stores in the Region, the limit.");
            return Err(fault::limit_exceeded(message).into());
        }
        let cluster = usable_cluster(kms, request, &wanted).await?;
        let id = CustomKeyStoreId::random(&*kms.random);
        let record = KeyStoreRecord {
            name: wanted.name.to_owned(),
            created: request.now,
            cluster_id: wanted.cluster.to_owned(),
            certificate: cluster.certificate,
            trust_anchor: wanted.trust_anchor.to_owned(),
            credentials: Credentials::seal(kms, places, &id, wanted.password.as_bytes()).await?,
            connection: Connection::Disconnected,
        };
        let owner = rows::encode(&IdRow::V1(id.clone()))?;
        let txn = permit
            .txn()
            .create(places.name(wanted.name), owner.clone())
            .create(places.cluster(&cluster.certificate), owner)
            .create(places.store(&id), rows::encode(&KeyStoreRow::V1(record))?);
        kms.store.txn(txn).await?;
        Ok(CreateCustomKeyStoreResponse { custom_key_store_id: Some(id.to_string()) })
    }
}

/// The members of a CloudHSM key store, all of which are needed.
fn wanted(input: &CreateCustomKeyStoreRequest) -> Result<Wanted<'_>, Fault> {
    if input.custom_key_store_type == Some(CustomKeyStoreType::ExternalKeyStore) {
        let message =
            "Custom key stores of type EXTERNAL_KEY_STORE are not supported here. Use AWS_CLOUDHSM.";
        return Err(fault::unsupported(message));
    }
    let external = input.xks_proxy_uri_endpoint.is_some()
        || input.xks_proxy_uri_path.is_some()
        || input.xks_proxy_vpc_endpoint_service_name.is_some()
        || input.xks_proxy_vpc_endpoint_service_owner.is_some()
        || input.xks_proxy_authentication_credential.is_some()
        || input.xks_proxy_connectivity.is_some();
    refuse_external_members(external)?;
    let required = |member: &str| {
        fault::validation(format!("{member} is required for a custom key store of type AWS_CLOUDHSM."))
    };
    let password = input.key_store_password.as_ref().map(|password| password.expose().as_str());
    Ok(Wanted {
        name: &input.custom_key_store_name,
        cluster: input.cloud_hsm_cluster_id.as_deref().ok_or_else(|| required("CloudHsmClusterId"))?,
        trust_anchor: input
            .trust_anchor_certificate
            .as_deref()
            .ok_or_else(|| required("TrustAnchorCertificate"))?,
        password: password.ok_or_else(|| required("KeyStorePassword"))?,
    })
}

/// The wanted cluster, if a store can be made of it.
async fn usable_cluster(
    kms: &Kms,
    request: &RequestContext,
    wanted: &Wanted<'_>,
) -> Result<ActiveCluster, Fault> {
    let cluster = active_cluster(kms, request, wanted.cluster).await?;
    let user = kms.store.get(&places(request).cluster(&cluster.certificate)).await;
    if user.map_err(fault::internal)?.is_some() {
        return Err(faults::cluster_in_use(wanted.cluster));
    }
    cluster.require_two_zones()?;
    cluster.check_trust_anchor(wanted.trust_anchor)?;
    Ok(cluster)
}

/// Whether the request asks for the store that there is: then it is the answer, as long as it is not connected.
async fn is_repeated(
    kms: &Kms,
    request: &RequestContext,
    wanted: &Wanted<'_>,
    existing: &FoundStore,
) -> Result<bool, Fault> {
    let record = &existing.record;
    let same = record.connection == Connection::Disconnected
        && record.cluster_id == wanted.cluster
        && record.trust_anchor == wanted.trust_anchor;
    if !same {
        return Ok(false);
    }
    let sealed = &record.credentials.password;
    let password = record.credentials.open(kms, places(request), &existing.id, sealed).await?;
    Ok(aws_lc_rs::constant_time::verify_slices_are_equal(&password, wanted.password.as_bytes()).is_ok())
}

async fn named(
    kms: &Kms,
    request: &RequestContext,
    view: &mut View<'_>,
    name: &str,
) -> Result<Option<FoundStore>, Fault> {
    let Some(row) = view.get(&places(request).name(name)).await? else { return Ok(None) };
    let IdRow::V1(id) = rows::decode(&row.value)?;
    kms.load_store(view, places(request), id).await
}

/// Whether no store of the account and Region has the name.
pub(super) async fn check_name_is_free(
    request: &RequestContext,
    view: &mut View<'_>,
    name: &str,
) -> Result<(), Fault> {
    match view.get(&places(request).name(name)).await? {
        Some(_) => Err(faults::name_in_use(name)),
        None => Ok(()),
    }
}

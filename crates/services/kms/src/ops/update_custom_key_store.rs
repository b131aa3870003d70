//! `UpdateCustomKeyStore`: another name, another password of `kmsuser`, or another cluster of the same backup history.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    UpdateCustomKeyStore as Shape, UpdateCustomKeyStoreRequest, UpdateCustomKeyStoreResponse,
};

use super::create_custom_key_store::check_name_is_free;
use crate::fault;
use crate::keystore::{
    FoundStore, IdRow, NamedStore, active_cluster, check, faults, places, refuse_external_members,
};
use crate::kms::Kms;
use crate::quota;
use crate::rows;

/// The operation.
pub(crate) struct UpdateCustomKeyStore;

impl Operation for UpdateCustomKeyStore {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NamedStore;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::UPDATE_CUSTOM_KEY_STORE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &UpdateCustomKeyStoreRequest,
        view: &mut View<'_>,
    ) -> Result<(NamedStore, Vec<Check>), Fault> {
        check_members(input)?;
        let store = kms.find_store(request, view, &input.custom_key_store_id).await?;
        if let Ok(found) = store.get()
            && let Some(name) = new_name(input, found)
        {
            check_name_is_free(request, view, name).await?;
        }
        Ok((store, vec![check("kms:UpdateCustomKeyStore", request)]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<UpdateCustomKeyStoreResponse, RunError> {
        let (input, request, store) = (permit.input(), permit.request(), permit.subject().get()?);
        check_state(input, store)?;
        if let Some(cluster) = &input.cloud_hsm_cluster_id {
            check_cluster(kms, request, store, cluster).await?;
        }
        let places = places(request);
        let mut credentials = store.record.credentials.clone();
        if let Some(password) = &input.key_store_password {
            let password = password.expose().as_bytes();
            credentials.password = credentials.seal_another(kms, places, &store.id, password).await?;
            credentials.next = None;
        }
        let mut txn = store.changed(permit.txn(), places, |record| {
            record.credentials = credentials;
            record.cluster_id =
                input.cloud_hsm_cluster_id.clone().unwrap_or_else(|| record.cluster_id.clone());
            record.name = input.new_custom_key_store_name.clone().unwrap_or_else(|| record.name.clone());
        })?;
        if let Some(name) = new_name(input, store) {
            let row = rows::encode(&IdRow::V1(store.id.clone()))?;
            txn = txn.delete(places.name(&store.record.name)).create(places.name(name), row);
        }
        kms.store.txn(txn).await?;
        Ok(UpdateCustomKeyStoreResponse {})
    }
}

/// What goes with external key stores only, and whether there is anything to change.
fn check_members(input: &UpdateCustomKeyStoreRequest) -> Result<(), Fault> {
    let external = input.xks_proxy_uri_endpoint.is_some()
        || input.xks_proxy_uri_path.is_some()
        || input.xks_proxy_vpc_endpoint_service_name.is_some()
        || input.xks_proxy_vpc_endpoint_service_owner.is_some()
        || input.xks_proxy_authentication_credential.is_some()
        || input.xks_proxy_connectivity.is_some();
    refuse_external_members(external)?;
    let nothing = input.new_custom_key_store_name.is_none()
        && input.key_store_password.is_none()
        && input.cloud_hsm_cluster_id.is_none();
    if nothing {
        let message =
            "Specify at least one of NewCustomKeyStoreName, KeyStorePassword and CloudHsmClusterId.";
        return Err(fault::validation(message));
    }
    Ok(())
}

/// Only the name of a connected store can change.
fn check_state(input: &UpdateCustomKeyStoreRequest, store: &FoundStore) -> Result<(), Fault> {
    let connection = store.record.connection;
    let only_name = input.key_store_password.is_none() && input.cloud_hsm_cluster_id.is_none();
    let allowed = if only_name { connection.require_renamable() } else { connection.require_disconnected() };
    allowed.map_err(|refusal| faults::invalid_state(&store.id, refusal))
}

async fn check_cluster(
    kms: &Kms,
    request: &RequestContext,
    store: &FoundStore,
    id: &str,
) -> Result<(), Fault> {
    let cluster = active_cluster(kms, request, id).await?;
    if cluster.certificate != store.record.certificate {
        return Err(faults::cluster_not_related(id));
    }
    cluster.require_two_zones()
}

/// The name that the store is to have instead of its own.
fn new_name<'a>(input: &'a UpdateCustomKeyStoreRequest, store: &FoundStore) -> Option<&'a str> {
    input.new_custom_key_store_name.as_deref().filter(|name| *name != store.record.name)
}

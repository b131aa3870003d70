//! `ConnectCustomKeyStore`: has the service log in to the store's cluster. It answers at once; a duty does it.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    ConnectCustomKeyStore as Shape, ConnectCustomKeyStoreRequest, ConnectCustomKeyStoreResponse,
};

use crate::keystore::{Connection, NamedStore, active_cluster, check, faults, places};
use crate::kms::Kms;
use crate::quota;

/// The operation.
pub(crate) struct ConnectCustomKeyStore;

impl Operation for ConnectCustomKeyStore {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NamedStore;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::CONNECT_CUSTOM_KEY_STORE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ConnectCustomKeyStoreRequest,
        view: &mut View<'_>,
    ) -> Result<(NamedStore, Vec<Check>), Fault> {
        let store = kms.find_store(request, view, &input.custom_key_store_id).await?;
        Ok((store, vec![check("kms:ConnectCustomKeyStore", request)]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ConnectCustomKeyStoreResponse, RunError> {
        let store = permit.subject().get()?;
        let connection = store.record.connection.connect();
        let connection = connection.map_err(|refusal| faults::invalid_state(&store.id, refusal))?;
        if connection == Connection::Connecting {
            check_connectable(kms, permit.request(), &store.record.cluster_id).await?;
        }
        // What is on its way, or there, is not disturbed: SDKs repeat requests.
        let txn = match connection == store.record.connection {
            true => permit.txn(),
            false => store.changed(permit.txn(), places(permit.request()), |record| {
                record.connection = connection;
            })?,
        };
        kms.store.txn(txn).await?;
        Ok(ConnectCustomKeyStoreResponse {})
    }
}

/// Whether it makes sense to connect a store to this cluster. One that is gone is found out while connecting, and
/// whoever may not look at clusters may connect stores all the same.
async fn check_connectable(kms: &Kms, request: &RequestContext, cluster: &str) -> Result<(), Fault> {
    match active_cluster(kms, request, cluster).await {
        Ok(cluster) => cluster.require_hsm(),
        Err(fault)
            if matches!(fault.code(), "AccessDeniedException" | "CloudHsmClusterNotFoundException") =>
        {
            Ok(())
        }
        Err(fault) => Err(fault),
    }
}

//! `DisconnectCustomKeyStore`: ends the login, after which the keys of the store are unavailable. A duty does it.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    DisconnectCustomKeyStore as Shape, DisconnectCustomKeyStoreRequest, DisconnectCustomKeyStoreResponse,
};

use crate::keystore::{NamedStore, check, faults, places};
use crate::kms::Kms;
use crate::quota;

/// The operation.
pub(crate) struct DisconnectCustomKeyStore;

impl Operation for DisconnectCustomKeyStore {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NamedStore;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DISCONNECT_CUSTOM_KEY_STORE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DisconnectCustomKeyStoreRequest,
        view: &mut View<'_>,
    ) -> Result<(NamedStore, Vec<Check>), Fault> {
        let store = kms.find_store(request, view, &input.custom_key_store_id).await?;
        Ok((store, vec![check("kms:DisconnectCustomKeyStore", request)]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DisconnectCustomKeyStoreResponse, RunError> {
        let store = permit.subject().get()?;
        let connection = store.record.connection.disconnect();
        let connection = connection.map_err(|refusal| faults::invalid_state(&store.id, refusal))?;
        let txn = store.changed(permit.txn(), places(permit.request()), |record| {
            record.connection = connection;
        })?;
        kms.store.txn(txn).await?;
        Ok(DisconnectCustomKeyStoreResponse {})
    }
}

//! `DeleteCustomKeyStore`: forgets a disconnected key store without keys. Its cluster stays as it is.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    DeleteCustomKeyStore as Shape, DeleteCustomKeyStoreRequest, DeleteCustomKeyStoreResponse,
};
use keyward_store::KeyRange;

use crate::keystore::{NamedStore, check, faults, places};
use crate::kms::Kms;
use crate::quota;

/// How many keys of the cluster are forgotten with the store; more can not be in a cluster.
const ORPHANS_MAX: usize = 3_300;

/// The operation.
pub(crate) struct DeleteCustomKeyStore;

impl Operation for DeleteCustomKeyStore {
    type Shape = Shape;
    type Service = Kms;
    type Subject = NamedStore;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DELETE_CUSTOM_KEY_STORE);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DeleteCustomKeyStoreRequest,
        view: &mut View<'_>,
    ) -> Result<(NamedStore, Vec<Check>), Fault> {
        let store = kms.find_store(request, view, &input.custom_key_store_id).await?;
        Ok((store, vec![check("kms:DeleteCustomKeyStore", request)]))
    }

    /// No key can come in between: making one takes a connected store, whose row is another revision.
    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DeleteCustomKeyStoreResponse, RunError> {
        let (store, places) = (permit.subject().get()?, places(permit.request()));
        let disconnected = store.record.connection.require_disconnected();
        disconnected.map_err(|refusal| faults::invalid_state(&store.id, refusal))?;
        let (keys, _) = kms.store.range(&KeyRange::prefix(&places.keys(&store.id)), 1).await?;
        if !keys.is_empty() {
            return Err(faults::has_keys(&store.id).into());
        }
        let orphans = KeyRange::prefix(&places.orphans(&store.id));
        let (orphans, _) = kms.store.range(&orphans, ORPHANS_MAX).await?;
        let txn = orphans.into_iter().fold(permit.txn(), |txn, orphan| txn.delete(orphan.key));
        let txn = txn
            .delete(places.store(&store.id))
            .delete(places.name(&store.record.name))
            .delete(places.cluster(&store.record.certificate));
        kms.store.txn(txn).await?;
        Ok(DeleteCustomKeyStoreResponse {})
    }
}

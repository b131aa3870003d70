//! `DescribeCustomKeyStores`: the key stores of an account in a Region, or one of them.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Page, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    CustomKeyStoreType, CustomKeyStoresListEntry, DescribeCustomKeyStores as Shape,
    DescribeCustomKeyStoresRequest, DescribeCustomKeyStoresResponse,
};

use crate::fault;
use crate::keystore::{FoundStore, IdRow, KeyStoreRow, NamedStore, check, parse_store, places};
use crate::kms::Kms;
use crate::page::PageSize;
use crate::quota;
use crate::rows;

const PAGE: PageSize = PageSize { default: 1000, max: 1000 };

/// The operation.
pub(crate) struct DescribeCustomKeyStores;

impl Operation for DescribeCustomKeyStores {
    type Shape = Shape;
    type Service = Kms;
    /// The store that is asked for, if it is one.
    type Subject = Option<NamedStore>;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DESCRIBE_CUSTOM_KEY_STORES);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DescribeCustomKeyStoresRequest,
        view: &mut View<'_>,
    ) -> Result<(Option<NamedStore>, Vec<Check>), Fault> {
        let store = match (&input.custom_key_store_id, &input.custom_key_store_name) {
            (Some(_), Some(_)) => {
                let message = "Specify either CustomKeyStoreId or CustomKeyStoreName, but not both.";
                return Err(fault::validation(message));
            }
            (Some(id), None) => Some(kms.find_store(request, view, id).await?),
            (None, Some(name)) => Some(by_name(kms, request, view, name).await?),
            (None, None) => None,
        };
        Ok((store, vec![check("kms:DescribeCustomKeyStores", request)]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DescribeCustomKeyStoresResponse, RunError> {
        let (input, request) = (permit.input(), permit.request());
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(request, ("DescribeCustomKeyStores", &[]), PAGE, wanted)?;
        let stores = match permit.subject() {
            Some(store) => vec![entry(store.get()?)],
            None => all(kms, request, &page).await?,
        };
        let name = |entry: &CustomKeyStoresListEntry| entry.custom_key_store_id.clone().unwrap_or_default();
        let paged = page.cut(&kms.tokens, stores, name)?;
        Ok(DescribeCustomKeyStoresResponse {
            custom_key_stores: Some(paged.entries),
            truncated: Some(paged.next.is_some()),
            next_marker: paged.next,
        })
    }
}

async fn by_name(
    kms: &Kms,
    request: &RequestContext,
    view: &mut View<'_>,
    name: &str,
) -> Result<NamedStore, Fault> {
    let Some(row) = view.get(&places(request).name(name)).await? else {
        return Ok(NamedStore::new(name, None));
    };
    let IdRow::V1(id) = rows::decode(&row.value)?;
    Ok(NamedStore::new(name, kms.load_store(view, places(request), id).await?))
}

async fn all(
    kms: &Kms,
    request: &RequestContext,
    page: &Page,
) -> Result<Vec<CustomKeyStoresListEntry>, Fault> {
    let mut entries = Vec::new();
    for row in page.rows(&*kms.store, &places(request).stores()).await? {
        let KeyStoreRow::V1(record) = rows::decode(&row.value)?;
        let (_, _, id) = parse_store(&row.key).ok_or_else(|| fault::internal("a key store's place"))?;
        entries.push(entry(&FoundStore { id, record, revision: row.revision }));
    }
    Ok(entries)
}

fn entry(store: &FoundStore) -> CustomKeyStoresListEntry {
    let record = &store.record;
    CustomKeyStoresListEntry {
        custom_key_store_id: Some(store.id.to_string()),
        custom_key_store_name: Some(record.name.clone()),
        cloud_hsm_cluster_id: Some(record.cluster_id.clone()),
        trust_anchor_certificate: Some(record.trust_anchor.clone()),
        connection_state: Some(record.connection.shown()),
        connection_error_code: record.connection.failure().map(|code| code.shown()),
        creation_date: Some(record.created),
        custom_key_store_type: Some(CustomKeyStoreType::AwsCloudhsm),
        xks_proxy_configuration: None,
    }
}

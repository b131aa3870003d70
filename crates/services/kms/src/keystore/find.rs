//! From a request's members to a key store.

use keyward_base::Fault;
use keyward_gate::{Check, RequestContext, View};
use keyward_store::{Revision, Txn};

use super::{KeyStorePlaces, KeyStoreRecord, KeyStoreRow, faults};
use crate::fault;
use crate::key::CustomKeyStoreId;
use crate::kms::Kms;
use crate::loaded::whole_account;
use crate::rows;

/// A key store as a request meets it.
#[derive(Debug)]
pub(crate) struct FoundStore {
    /// Its id.
    pub(crate) id: CustomKeyStoreId,
    /// What is stored of it.
    pub(crate) record: KeyStoreRecord,
    /// Which version of its row that is.
    pub(crate) revision: Revision,
}

/// A key store that a request names. Whether it is there is told only to those who may ask.
#[derive(Debug)]
pub(crate) struct NamedStore {
    text: String,
    found: Option<FoundStore>,
}

impl NamedStore {
    /// The store of this name, found or not.
    pub(crate) fn new(text: &str, found: Option<FoundStore>) -> Self {
        Self { text: text.to_owned(), found }
    }

    /// The store, or that there is none.
    pub(crate) fn get(&self) -> Result<&FoundStore, Fault> {
        self.found.as_ref().ok_or_else(|| faults::no_such_store(&self.text))
    }
}

impl FoundStore {
    /// Adds to `txn` that the store's row is written with what `change` makes of it.
    pub(crate) fn changed(
        &self,
        txn: Txn,
        places: KeyStorePlaces<'_>,
        change: impl FnOnce(&mut KeyStoreRecord),
    ) -> Result<Txn, Fault> {
        let mut record = self.record.clone();
        change(&mut record);
        Ok(txn.put(places.store(&self.id), rows::encode(&KeyStoreRow::V1(record))?))
    }
}

/// Where the key stores are that `request` may name.
pub(crate) fn places(request: &RequestContext) -> KeyStorePlaces<'_> {
    KeyStorePlaces { account: request.account(), region: &request.region }
}

/// The permission to do `action` on key stores. They are no resources of their own in IAM.
pub(crate) fn check(action: &'static str, request: &RequestContext) -> Check {
    whole_account(action, request.account()).with("kms:CallerAccount", request.account().to_string())
}

/// What goes with a store of type `EXTERNAL_KEY_STORE` only.
pub(crate) fn refuse_external_members(given: bool) -> Result<(), Fault> {
    if given {
        let message = "Xks parameters are valid only for a custom key store of type EXTERNAL_KEY_STORE.";
        return Err(fault::validation(message));
    }
    Ok(())
}

impl Kms {
    /// The key store whose id `text` is in `request`.
    pub(crate) async fn find_store(
        &self,
        request: &RequestContext,
        view: &mut View<'_>,
        text: &str,
    ) -> Result<NamedStore, Fault> {
        let found = match CustomKeyStoreId::parse(text) {
            Some(id) => self.load_store(view, places(request), id).await?,
            None => None,
        };
        Ok(NamedStore::new(text, found))
    }

    /// The key store with this id, if there is one.
    pub(crate) async fn load_store(
        &self,
        view: &mut View<'_>,
        places: KeyStorePlaces<'_>,
        id: CustomKeyStoreId,
    ) -> Result<Option<FoundStore>, Fault> {
        let Some(row) = view.get(&places.store(&id)).await? else { return Ok(None) };
        let KeyStoreRow::V1(record) = rows::decode(&row.value)?;
        Ok(Some(FoundStore { id, record, revision: row.revision }))
    }
}

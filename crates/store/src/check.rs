//! Checks a transaction against the `limits` and for well-formedness, before anything is done.

use std::collections::HashSet;

use crate::limits::{KEY_BYTES_MAX, TXN_BYTES_MAX, TXN_OPERATIONS_MAX};
use crate::{Key, StoreError, Txn};

/// Refuses what etcd would refuse, so that every store refuses it.
pub(crate) fn check(txn: &Txn) -> Result<(), StoreError> {
    if txn.compares.len() + txn.puts.len() + txn.deletes.len() > TXN_OPERATIONS_MAX {
        return Err(StoreError::TooLarge("a transaction has too many operations"));
    }
    if size(txn) > TXN_BYTES_MAX {
        return Err(StoreError::TooLarge("a transaction has too many bytes"));
    }
    let compared = txn.compares.iter().map(|compare| &compare.key);
    compared.chain(written(txn)).try_for_each(check_key)?;
    let mut seen = HashSet::with_capacity(txn.puts.len() + txn.deletes.len());
    if !written(txn).all(|key| seen.insert(key)) {
        return Err(StoreError::Malformed("a transaction writes a key twice"));
    }
    Ok(())
}

/// Bytes of all keys and values.
pub(crate) fn size(txn: &Txn) -> usize {
    let compares: usize = txn.compares.iter().map(|compare| compare.key.as_bytes().len()).sum();
    let puts: usize = txn.puts.iter().map(|(key, value)| key.as_bytes().len() + value.len()).sum();
    let deletes: usize = txn.deletes.iter().map(|key| key.as_bytes().len()).sum();
    compares + puts + deletes
}

fn written(txn: &Txn) -> impl Iterator<Item = &Key> {
    txn.puts.iter().map(|(key, _)| key).chain(&txn.deletes)
}

fn check_key(key: &Key) -> Result<(), StoreError> {
    match key.as_bytes().len() {
        0 => Err(StoreError::Malformed("a key is empty")),
        1..=KEY_BYTES_MAX => Ok(()),
        _ => Err(StoreError::TooLarge("a key has too many bytes")),
    }
}

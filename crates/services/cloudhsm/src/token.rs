//! Page tokens: where a list goes on, sealed so that nobody can forge or read one.
//!
//! A token names the last entry of a page and is bound to its list (operation, account, Region, filters), so that one
//! list's token is refused by another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::BASE64URL_NOPAD;
use keyward_base::{Fault, Random};
use keyward_store::{Store, Txn, TxnError};
use serde::{Deserialize, Serialize};

use crate::{fault, rows};

/// Bytes of the sealing key.
const KEY_BYTES: usize = 32;

/// The sealing key, as stored.
#[derive(Serialize, Deserialize)]
enum TokenKeyRow {
    V1([u8; KEY_BYTES]),
}

/// Seals and opens page tokens.
#[derive(Debug)]
pub(crate) struct Tokens(RandomizedNonceKey);

impl Tokens {
    /// The deployment's tokens; whoever comes first makes the key.
    pub(crate) async fn open(store: &dyn Store, random: &dyn Random) -> Result<Self, Fault> {
        let place = rows::token_key();
        loop {
            if let Some(row) = store.get(&place).await.map_err(fault::internal)? {
                let TokenKeyRow::V1(key) = rows::decode(&row.value)?;
                return Self::new(&key);
            }
            let mut key = [0; KEY_BYTES];
            random.fill(&mut key);
            let row = rows::encode(&TokenKeyRow::V1(key))?;
            match store.txn(Txn::default().create(place.clone(), row)).await {
                Ok(_) | Err(TxnError::Conflict) => {}
                Err(error) => return Err(fault::internal(error)),
            }
        }
    }

    fn new(key: &[u8; KEY_BYTES]) -> Result<Self, Fault> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(fault::internal)
    }

    /// The token after `last` in the list that `scope` names.
    pub(crate) fn seal(&self, scope: &str, last: &str) -> Result<String, Fault> {
        let mut sealed = last.as_bytes().to_vec();
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(scope), &mut sealed).map_err(fault::internal)?;
        Ok(BASE64URL_NOPAD.encode(&[nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// The last entry of the page before.
    pub(crate) fn unseal(&self, scope: &str, token: &str) -> Result<String, Fault> {
        self.opened(scope, token)
            .ok_or_else(|| fault::invalid("The NextToken is not one that this list gave."))
    }

    fn opened(&self, scope: &str, token: &str) -> Option<String> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let last = self.0.open_in_place(Nonce::from(nonce), Aad::from(scope), &mut sealed).ok()?;
        String::from_utf8(last.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyward_base::{SeededRandom, SimulatedClock, Timestamp};
    use keyward_store::SimulatedStore;

    use super::*;

    #[test]
    fn a_token_opens_in_its_own_list_only() {
        let tokens = Tokens::new(&[7; KEY_BYTES]).unwrap();
        let token = tokens.seal("a", "last").unwrap();
        assert_eq!(tokens.unseal("a", &token).unwrap(), "last");
        for (scope, token) in [("b", token.as_str()), ("a", ""), ("a", "%"), ("a", &token[1..])] {
            let fault = tokens.unseal(scope, token).unwrap_err();
            assert_eq!(fault.code(), "CloudHsmInvalidRequestException", "{scope} {token}");
        }
    }

    #[tokio::test]
    async fn the_key_is_made_once() {
        let store = SimulatedStore::new(Arc::new(SimulatedClock::new(Timestamp::EPOCH)));
        let first = Tokens::open(&store, &SeededRandom::new(1)).await.unwrap();
        let second = Tokens::open(&store, &SeededRandom::new(2)).await.unwrap();
        assert_eq!(second.unseal("a", &first.seal("a", "x").unwrap()).unwrap(), "x");
    }

    /// Rows written by released versions stay readable: these bytes never change.
    #[test]
    fn a_token_key_row_of_version_1_keeps_its_bytes() {
        let bytes = rows::encode(&TokenKeyRow::V1([7; KEY_BYTES])).unwrap();
        assert_eq!(bytes, [&[0][..], &[7; KEY_BYTES]].concat());
    }
}

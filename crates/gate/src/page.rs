//! Lists in pages: which part of a list a request gets, and the token with which the next one goes on.
//!
//! A token names the last entry of a page, not a place in a list, so that it survives changes: the next page begins
//! after that entry whether it is still there or not. It is sealed, so that nobody can forge or read one, and bound
//! to its list (operation, account, Region, what was asked for), so that one list's token is refused by another.
//! Deliberately absent: the names of the members and of the errors, which each service has its own of.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::BASE64URL_NOPAD;
use keyward_base::{AccountId, Fault, Random, Region};
use keyward_store::{Key, KeyRange, Row, Store, Txn, TxnError};
use serde::{Deserialize, Serialize};

use crate::RequestContext;

/// Bytes of the sealing key.
const KEY_BYTES: usize = 32;

/// The sealing key, as stored.
#[derive(Serialize, Deserialize)]
enum TokenKeyRow {
    V1([u8; KEY_BYTES]),
}

/// Seals and opens the tokens of a service's lists, and whatever else a service hands out to get back as it was.
/// Clones are the same.
#[derive(Clone, Debug)]
pub struct PageTokens(Arc<RandomizedNonceKey>);

/// The token is not one that was given for this purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignToken;

impl fmt::Display for ForeignToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token was not given here")
    }
}

impl std::error::Error for ForeignToken {}

impl PageTokens {
    /// Where the key is that services share which have none of their own.
    pub fn shared_place() -> Key {
        Key::of(&["gate", "token-key"])
    }

    /// The tokens under the key in the row at `place`, which all processes of a deployment share; whoever comes first
    /// makes it.
    ///
    /// # Errors
    /// When the store fails, or holds something else there.
    pub async fn open(store: &dyn Store, random: &dyn Random, place: Key) -> Result<Self, Fault> {
        loop {
            if let Some(row) = store.get(&place).await.map_err(Fault::ours)? {
                let TokenKeyRow::V1(key) = postcard::from_bytes(&row.value).map_err(Fault::ours)?;
                return Self::under(&key);
            }
            let mut key = [0; KEY_BYTES];
            random.fill(&mut key);
            let row = postcard::to_allocvec(&TokenKeyRow::V1(key)).map_err(Fault::ours)?;
            match store.txn(Txn::default().create(place.clone(), row)).await {
                Ok(_) | Err(TxnError::Conflict) => {}
                Err(error) => return Err(Fault::ours(error)),
            }
        }
    }

    /// The tokens under `key`.
    ///
    /// # Errors
    /// None in practice; the library's interface has one.
    pub fn under(key: &[u8; KEY_BYTES]) -> Result<Self, Fault> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(|key| Self(Arc::new(key))).map_err(Fault::ours)
    }

    /// A token that says `text` to whoever opens it for the same `purpose`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<String, Fault> {
        let mut sealed = text.as_bytes().to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(purpose), &mut sealed).map_err(Fault::ours)?;
        Ok(BASE64URL_NOPAD.encode(&[nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// What the token says.
    ///
    /// # Errors
    /// When it was not sealed for this `purpose`, or was changed.
    pub fn unseal(&self, purpose: &str, token: &str) -> Result<String, ForeignToken> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| ForeignToken)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(ForeignToken)?;
        let mut sealed = sealed.to_vec();
        let text = self.0.open_in_place(Nonce::from(nonce), Aad::from(purpose), &mut sealed);
        String::from_utf8(text.map_err(|_| ForeignToken)?.to_vec()).map_err(|_| ForeignToken)
    }
}

/// Which page of which list is asked for.
#[derive(Debug)]
pub struct Page {
    limit: usize,
    after: Option<String>,
    list: String,
}

/// A page's entries, and the token of the next page if there is one.
#[derive(Debug)]
pub struct Paged<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// The token.
    pub next: Option<String>,
}

impl Page {
    /// A page of `limit` entries at most of what `operation` lists to this caller in this Region, when it is asked
    /// for `asked`: the first one, or the one after `token`.
    ///
    /// # Errors
    /// When another list gave the token, or nobody.
    pub fn read(
        tokens: &PageTokens,
        request: &RequestContext,
        (operation, asked): (&str, &[&str]),
        limit: usize,
        token: Option<&str>,
    ) -> Result<Self, ForeignToken> {
        let operation = format!("{}/{operation}", request.service.name);
        Self::of(tokens, list(request.account(), &request.region, &operation, asked), limit, token)
    }

    fn of(
        tokens: &PageTokens,
        list: String,
        limit: usize,
        token: Option<&str>,
    ) -> Result<Self, ForeignToken> {
        let after = token.map(|token| tokens.unseal(&list, token)).transpose()?;
        Ok(Self { limit, after, list })
    }

    /// How many entries it has at most.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The last entry of the page before.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Whether an entry comes after the page before, in a list that ascends in its entries' places.
    pub fn is_after(&self, place: &str) -> bool {
        self.after().is_none_or(|after| place > after)
    }

    /// Whether an entry comes after the page before, in a list that descends.
    pub fn is_below(&self, place: &str) -> bool {
        self.after().is_none_or(|after| place < after)
    }

    /// Where the rows below `prefix` go on after the page before.
    pub fn range(&self, prefix: &Key) -> KeyRange {
        match &self.after {
            Some(after) => {
                let last = Key::new([prefix.as_bytes(), after.as_bytes()].concat());
                KeyRange::prefix_after(prefix, &last)
            }
            None => KeyRange::prefix(prefix),
        }
    }

    /// The rows below `prefix` that come after the page before: one more than the page holds, if there is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rows(&self, store: &dyn Store, prefix: &Key) -> Result<Vec<Row>, Fault> {
        let (rows, _) = store.range(&self.range(prefix), self.limit + 1).await.map_err(Fault::ours)?;
        Ok(rows)
    }

    /// Cuts `entries`, those after the page before, to the page. `place` tells an entry's place, unlike any other's.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn cut<T>(
        &self,
        tokens: &PageTokens,
        entries: impl IntoIterator<Item = T>,
        place: impl Fn(&T) -> String,
    ) -> Result<Paged<T>, Fault> {
        let mut rest = entries.into_iter();
        let entries: Vec<T> = rest.by_ref().take(self.limit).collect();
        let last = entries.last().filter(|_| rest.next().is_some());
        let next = last.map(|last| tokens.seal(&self.list, &place(last))).transpose()?;
        Ok(Paged { entries, next })
    }
}

/// What a token is bound to: no two lists have one name.
fn list(account: AccountId, region: &Region, operation: &str, asked: &[&str]) -> String {
    // Rust's way to write a list of texts is another for each.
    format!("{account}/{region}/{operation}/{asked:?}")
}

#[cfg(test)]
mod tests;

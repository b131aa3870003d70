//! Lists in pages: `Limit` and `Marker` in, `NextMarker` and `Truncated` out.

use keyward_base::Fault;
use keyward_gate::RequestContext;
use keyward_store::{Key, KeyRange, Row};

use crate::fault;
use crate::kms::Kms;

/// How long a page is when the request doesn't say, and at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSize {
    /// Without `Limit`.
    pub(crate) default: usize,
    /// The greatest `Limit`.
    pub(crate) max: usize,
}

/// Which page of which list is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    /// How many entries it has at most.
    pub(crate) limit: usize,
    /// The last entry of the page before.
    pub(crate) after: Option<String>,
    scope: String,
}

/// A page's entries, and the marker of the next page if there is one.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    /// The entries.
    pub(crate) entries: Vec<T>,
    /// `NextMarker`; `Truncated` says whether there is one.
    pub(crate) next: Option<String>,
}

impl Page {
    /// Reads `Limit` and `Marker`. `list` names the list: markers of other lists are refused.
    pub(crate) fn read(
        kms: &Kms,
        request: &RequestContext,
        list: &str,
        size: PageSize,
        (limit, marker): (Option<i32>, Option<&str>),
    ) -> Result<Self, Fault> {
        let limit = match limit {
            None => size.default,
            Some(limit) => usize::try_from(limit).unwrap_or(0),
        };
        if limit > size.max {
            let rule = format!("Member must have value less than or equal to {}", size.max);
            return Err(fault::constraint(&limit, "limit", &rule));
        }
        let scope = format!("{}/{}/{list}", request.account(), request.region);
        let after = marker.map(|marker| kms.markers.open(&scope, marker)).transpose()?;
        Ok(Self { limit, after, scope })
    }

    /// Whether the entry called `name` comes after the page before.
    pub(crate) fn is_after(&self, name: &str) -> bool {
        self.after.as_deref().is_none_or(|after| name > after)
    }

    /// The entries after the page before, in a list whose order is not that of its names.
    pub(crate) fn rest<T>(&self, mut entries: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
        let last = self.after.as_deref().and_then(|after| entries.iter().position(|one| name(one) == after));
        if let Some(last) = last {
            entries.drain(..=last);
        }
        entries
    }

    /// Where the rows below `prefix` go on after the page before.
    pub(crate) fn range(&self, prefix: &Key) -> KeyRange {
        match &self.after {
            Some(after) => {
                let last = Key::new([prefix.as_bytes(), after.as_bytes()].concat());
                KeyRange::prefix_after(prefix, &last)
            }
            None => KeyRange::prefix(prefix),
        }
    }

    /// The rows below `prefix` that come after the page before: one more than the page holds, if there is.
    pub(crate) async fn rows(&self, kms: &Kms, prefix: &Key) -> Result<Vec<Row>, Fault> {
        let (rows, _) =
            kms.store.range(&self.range(prefix), self.limit + 1).await.map_err(fault::internal)?;
        Ok(rows)
    }

    /// Cuts `entries`, of which one more than `limit` was read, to the page; `name` names an entry.
    pub(crate) fn cut<T>(
        &self,
        kms: &Kms,
        mut entries: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> Result<Paged<T>, Fault> {
        let more = entries.len() > self.limit;
        entries.truncate(self.limit);
        let last = entries.last().filter(|_| more);
        let next = last.map(|last| kms.markers.seal(&self.scope, name(last))).transpose()?;
        Ok(Paged { entries, next })
    }
}

//! Lists in pages: `Limit` and `Marker` in, `NextMarker` and `Truncated` out.

use keyward_base::Fault;
use keyward_gate::{Page, RequestContext};

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

impl Kms {
    /// Reads `Limit` and `Marker`. `list` is the operation and what it is asked for: markers of other lists are refused.
    pub(crate) fn page(
        &self,
        request: &RequestContext,
        list: (&str, &[&str]),
        size: PageSize,
        (limit, marker): (Option<i32>, Option<&str>),
    ) -> Result<Page, Fault> {
        let limit = match limit {
            None => size.default,
            Some(limit) => usize::try_from(limit).unwrap_or(0),
        };
        if limit > size.max {
            let rule = format!("Member must have value less than or equal to {}", size.max);
            return Err(fault::constraint(&limit, "limit", &rule));
        }
        Page::read(&self.tokens, request, list, limit, marker)
            .map_err(|_| Fault::caller("InvalidMarkerException", "The marker is not valid."))
    }
}

/// The entries after the page before, in a list whose order is not that of its names.
pub(crate) fn rest<T>(page: &Page, mut entries: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let last = page.after().and_then(|after| entries.iter().position(|one| name(one) == after));
    if let Some(last) = last {
        entries.drain(..=last);
    }
    entries
}

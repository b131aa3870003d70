//! Lists in pages: `MaxItems` and `Marker` in, `NextPageMarker` out; upwards or downwards.

use keyward_base::Fault;
use keyward_gate::{Page, Paged, RequestContext};
use keyward_schema::route53domains::SortOrder;

use crate::fault::invalid_input;
use crate::service::Domains;

/// How long a page is when the request doesn't say (API reference, ListDomains).
const DEFAULT: usize = 20;

impl Domains {
    /// The page of `all` that a request wants, in the order of the entries' places. `list` is the operation and what it is
    /// asked for: markers of other lists are refused.
    pub(crate) fn page<T>(
        &self,
        request: &RequestContext,
        list: (&str, &[&str]),
        (mut all, order): (Vec<T>, SortOrder),
        place: impl Fn(&T) -> String,
        (max_items, marker): (Option<i32>, Option<&str>),
    ) -> Result<Paged<T>, Fault> {
        let limit = max_items.map_or(Ok(DEFAULT), usize::try_from).unwrap_or(0);
        if limit == 0 {
            return Err(invalid_input("MaxItems must be at least 1."));
        }
        let page = Page::read(&self.tokens, request, list, limit, marker)
            .map_err(|_| invalid_input("The Marker is not one that this list gave."))?;
        all.sort_by_cached_key(&place);
        if order == SortOrder::Desc {
            all.reverse();
            all.retain(|entry| page.is_below(&place(entry)));
        } else {
            all.retain(|entry| page.is_after(&place(entry)));
        }
        page.cut(&self.tokens, all, place)
    }
}

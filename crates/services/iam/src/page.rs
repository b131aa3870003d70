//! Pages of lists: `MaxItems` and `Marker` in, `Marker` and `IsTruncated` out.

use keyward_base::Fault;
use keyward_gate::{Page, Paged, RequestContext};

use crate::fault;
use crate::iam::Iam;

const ITEMS_DEFAULT: usize = 100;

impl Iam {
    /// The page of `items`, in the order of their names, that a request wants. `list` is the operation and what it is
    /// asked for: markers of other lists are refused.
    pub(crate) fn page<T>(
        &self,
        request: &RequestContext,
        list: (&str, &[&str]),
        items: impl IntoIterator<Item = T>,
        name: impl Fn(&T) -> String,
        (marker, max_items): (Option<&str>, Option<i32>),
    ) -> Result<Paged<T>, Fault> {
        let limit = max_items.and_then(|max| usize::try_from(max).ok()).unwrap_or(ITEMS_DEFAULT);
        let page = Page::read(&self.tokens, request, list, limit, marker)
            .map_err(|_| fault::validation("Invalid Marker."))?;
        let rest = items.into_iter().filter(|item| page.is_after(&name(item)));
        page.cut(&self.tokens, rest, &name)
    }
}

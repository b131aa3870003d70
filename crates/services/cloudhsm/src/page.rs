//! Lists in pages: `MaxResults` and `NextToken` in, `NextToken` out.

use keyward_base::Fault;
use keyward_gate::{Page, RequestContext};

use crate::fault;
use crate::service::CloudHsm;

impl CloudHsm {
    /// Reads `MaxResults` (`size_max` when it is not given) and `NextToken`. `list` is the operation and what it is
    /// asked for: tokens of other lists are refused.
    pub(crate) fn page(
        &self,
        request: &RequestContext,
        list: (&str, &[&str]),
        size_max: usize,
        (limit, token): (Option<i32>, Option<&str>),
    ) -> Result<Page, Fault> {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(size_max);
        Page::read(&self.tokens, request, list, limit, token)
            .map_err(|_| fault::invalid("The NextToken is not one that this list gave."))
    }
}

//! Lists in pages: `MaxResults` and `NextToken` in, `NextToken` out.

use keyward_base::Fault;

use crate::token::Tokens;

/// Which page of which list is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    after: Option<String>,
    scope: String,
}

impl Page {
    /// Reads `MaxResults` (`size_max` when it is not given) and `NextToken`. `scope` names the list with its filters.
    pub(crate) fn read(
        tokens: &Tokens,
        scope: String,
        size_max: usize,
        (limit, token): (Option<i32>, Option<&str>),
    ) -> Result<Self, Fault> {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(size_max);
        let after = token.map(|token| tokens.unseal(&scope, token)).transpose()?;
        Ok(Self { limit, after, scope })
    }

    /// Cuts the whole list to the page, and gives the next page's token. `place` tells each entry's place, unlike any
    /// other's and ascending in the list's order, so that the list goes on after an entry that is gone meanwhile.
    pub(crate) fn cut<T>(
        &self,
        tokens: &Tokens,
        all: Vec<T>,
        place: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        let after = self.after.as_deref();
        let mut rest =
            all.into_iter().filter(|entry| after.is_none_or(|after| place(entry).as_str() > after));
        let page: Vec<T> = rest.by_ref().take(self.limit).collect();
        let more = rest.next().is_some();
        let last = page.last().filter(|_| more);
        let next = last.map(|last| tokens.seal(&self.scope, &place(last))).transpose()?;
        Ok((page, next))
    }
}

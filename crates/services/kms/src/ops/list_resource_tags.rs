//! `ListResourceTags`: a key's tags, in order of their keys.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{
    ListResourceTags as Shape, ListResourceTagsRequest, ListResourceTagsResponse, Tag,
};

use crate::kms::Kms;
use crate::page::PageSize;
use crate::quota;
use crate::resolve::{Access, Target};

const ACCESS: Access = Access::manage("kms:ListResourceTags");
const PAGE: PageSize = PageSize { default: 50, max: 50 };

/// The operation.
pub(crate) struct ListResourceTags;

impl Operation for ListResourceTags {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Target;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::LIST_RESOURCE_TAGS);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &ListResourceTagsRequest,
        view: &mut View<'_>,
    ) -> Result<(Target, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((target, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<ListResourceTagsResponse, RunError> {
        let (input, key) = (permit.input(), &permit.subject().key);
        let id = key.arn.id.to_string();
        let wanted = (input.limit, input.marker.as_deref());
        let page = kms.page(permit.request(), ("ListResourceTags", &[&id]), PAGE, wanted)?;
        let tags = key.record.tags.after(page.after());
        let tags = tags.map(|(key, value)| Tag { tag_key: key.to_owned(), tag_value: value.to_owned() });
        let paged = page.cut(&kms.tokens, tags, |tag| tag.tag_key.clone())?;
        Ok(ListResourceTagsResponse {
            truncated: Some(paged.next.is_some()),
            tags: Some(paged.entries),
            next_marker: paged.next,
        })
    }
}

#[cfg(test)]
mod tests;

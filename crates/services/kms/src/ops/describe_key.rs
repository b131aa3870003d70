//! `DescribeKey`: a key's metadata, in every state. A service's alias that has no AWS managed key yet gets one.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{DescribeKey as Shape, DescribeKeyRequest, DescribeKeyResponse, KeyMetadata};

use crate::crypto::check_grant_tokens;
use crate::kms::Kms;
use crate::managed::MissingManagedKey;
use crate::quota;
use crate::resolve::Access;

const ACCESS: Access = Access::describe("kms:DescribeKey");

/// The operation.
pub(crate) struct DescribeKey;

/// What is described.
pub(crate) enum Described {
    /// A key that is there, as it shows.
    There(Box<KeyMetadata>),
    /// An AWS managed key that is to be made.
    Missing(MissingManagedKey),
}

impl Operation for DescribeKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = Described;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DESCRIBE_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DescribeKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(Described, Vec<Check>), Fault> {
        if let Some(new) = kms.missing_managed_key(request, view, &ACCESS, &input.key_id).await? {
            let check = new.target.check(&ACCESS);
            return Ok((Described::Missing(new), vec![check]));
        }
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS);
        Ok((Described::There(Box::new(kms.describe(view, &target.key).await?)), vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DescribeKeyResponse, RunError> {
        check_grant_tokens(kms, permit.input().grant_tokens.as_ref())?;
        let (txn, now) = (permit.txn(), permit.request().now);
        let shown = match permit.into_subject() {
            Described::There(shown) => *shown,
            Described::Missing(new) => kms.make_managed_key(txn, &new, now).await?,
        };
        Ok(DescribeKeyResponse { key_metadata: Some(shown) })
    }
}

#[cfg(test)]
mod tests;

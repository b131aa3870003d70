//! `DescribeKey`: a key's metadata, in every state.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, QuotaClass, RequestContext, RunError, View};
use keyward_schema::kms::{DescribeKey as Shape, DescribeKeyRequest, DescribeKeyResponse, KeyMetadata};

use crate::crypto::check_grant_tokens;
use crate::kms::Kms;
use crate::quota;
use crate::resolve::Access;

const ACCESS: Access = Access::describe("kms:DescribeKey");

/// The operation.
pub(crate) struct DescribeKey;

impl Operation for DescribeKey {
    type Shape = Shape;
    type Service = Kms;
    type Subject = KeyMetadata;
    const QUOTA: Option<&'static QuotaClass> = Some(&quota::DESCRIBE_KEY);

    async fn resolve(
        kms: &Kms,
        request: &RequestContext,
        input: &DescribeKeyRequest,
        view: &mut View<'_>,
    ) -> Result<(KeyMetadata, Vec<Check>), Fault> {
        let target = kms.find(request, view, &ACCESS, &input.key_id).await?;
        let check = target.check(&ACCESS, request);
        Ok((kms.describe(view, &target.key).await?, vec![check]))
    }

    async fn run(kms: &Kms, permit: Permit<Self>) -> Result<DescribeKeyResponse, RunError> {
        check_grant_tokens(kms, permit.input().grant_tokens.as_ref())?;
        Ok(DescribeKeyResponse { key_metadata: Some(permit.into_subject()) })
    }
}

#[cfg(test)]
mod tests;

//! Grant tokens: opaque, another one each time, and none that `CreateGrant` did not make.
//!
//! A grant is effective when it is made, so that a token adds nothing to it here; it must be sound all the
//! same, and it names its grant to `RetireGrant`.

use keyward_base::Fault;
use keyward_gate::RequestContext;

use crate::grant::GrantId;
use crate::key::{KeyArn, KeyId};
use crate::kms::Kms;

/// Grant tokens are no markers of any list.
const SCOPE: &str = "grant-token";

/// A token of the grant `id` on the key at `arn`.
pub(crate) fn seal(kms: &Kms, arn: &KeyArn, id: &GrantId) -> Result<String, Fault> {
    kms.tokens.seal(SCOPE, &format!("{}/{}/{}/{id}", arn.region, arn.account, arn.id))
}

/// The key and the grant that a token of this Region names.
pub(crate) fn open(kms: &Kms, request: &RequestContext, token: &str) -> Option<(KeyArn, GrantId)> {
    let text = kms.tokens.unseal(SCOPE, token).ok()?;
    let mut parts = text.split('/');
    let region = parts.next()?;
    let account = parts.next()?.parse().ok()?;
    let key = KeyId::parse(parts.next()?)?;
    let id = GrantId::parse(parts.next()?)?;
    (region == request.region.as_str()).then(|| (crate::resolve::arn(request, account, key), id))
}

/// Every token must be one that `CreateGrant` made; one that belongs to something else grants nothing.
pub(crate) fn check(kms: &Kms, tokens: Option<&Vec<String>>) -> Result<(), Fault> {
    let sound = |token: &String| kms.tokens.unseal(SCOPE, token).is_ok();
    if tokens.into_iter().flatten().all(sound) { Ok(()) } else { Err(invalid()) }
}

/// `InvalidGrantTokenException`.
pub(crate) fn invalid() -> Fault {
    Fault::caller("InvalidGrantTokenException", "The grant token is not valid.")
}

//! `iam:ListAccessKeys`: lists the access keys of a user, or of the caller.

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::rows::AccessKeyRecord;
use crate::{entity, owner, place};

/// Lists the access keys of a user, or of the caller.
pub(crate) struct ListAccessKeys;

impl Operation for ListAccessKeys {
    type Shape = iam::ListAccessKeys;
    type Service = Iam;
    type Subject = Keys;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &iam::ListAccessKeysRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        let (named, checks) =
            owner::find(request, view, "iam:ListAccessKeys", input.user_name.as_deref()).await?;
        let mut keys = Vec::new();
        for id in named.access_keys() {
            let key = place::access_key(request.account(), id);
            if let Some(record) = entity::load::<AccessKeyRecord>(view, &key).await? {
                keys.push((id.clone(), record));
            }
        }
        Ok((Keys { named, keys }, checks))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<iam::ListAccessKeysResponse, RunError> {
        let (request, input) = (permit.request().clone(), permit.shared_input());
        let Keys { named, keys } = permit.into_subject();
        let owner = named.existing()?;
        let wanted = (input.marker.as_deref(), input.max_items);
        let page =
            iam.page(&request, ("ListAccessKeys", &[owner.name()]), keys, |(id, _)| id.clone(), wanted)?;
        let shown = |(id, record): (String, AccessKeyRecord)| iam::AccessKeyMetadata {
            user_name: Some(owner.name().to_owned()),
            access_key_id: Some(id),
            status: Some(owner::status(record.active)),
            create_date: Some(record.created),
        };
        Ok(iam::ListAccessKeysResponse {
            access_key_metadata: page.entries.into_iter().map(shown).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}

/// An owner and its keys, by id.
pub(crate) struct Keys {
    named: owner::Named,
    keys: Vec<(String, AccessKeyRecord)>,
}

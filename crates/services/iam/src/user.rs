//! Users: their ARNs, and how answers show them.

use keyward_base::{AccountId, Fault, Partition};
use keyward_gate::{Check, RequestContext, View};
use keyward_schema::iam;

use crate::rows::UserRecord;
use crate::{entity, fault, place};

/// A user that a request names: its name, and its row if there is one.
pub(crate) struct Named {
    name: String,
    record: Option<UserRecord>,
}

impl Named {
    /// The record, or AWS's error that there is none.
    pub(crate) fn existing(self) -> Result<UserRecord, Fault> {
        self.record.ok_or_else(|| fault::no_such_user(&self.name))
    }

    /// Refuses when there is one.
    pub(crate) fn absent(self) -> Result<(), Fault> {
        self.record.map_or(Ok(()), |record| Err(fault::exists("User", &record.name)))
    }
}

/// Finds the user `name` of the caller's account, and the check for doing `action` to it.
pub(crate) async fn find(
    request: &RequestContext,
    view: &mut View<'_>,
    action: &'static str,
    name: &str,
) -> Result<(Named, Vec<Check>), Fault> {
    let account = request.account();
    let record: Option<UserRecord> = entity::load(view, &place::user(account, name)).await?;
    let (path, tags) = record.as_ref().map_or(("/", &[][..]), |record| (&record.path, &record.tags));
    let resource = arn(&request.partition, account, path, name);
    let check = Check::identity(action, resource, account).with_conditions(entity::resource_conditions(tags));
    Ok((Named { name: name.to_owned(), record }, vec![check]))
}

/// A user's ARN.
pub(crate) fn arn(partition: &Partition, account: AccountId, path: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:user{path}{name}")
}

/// As answers show it.
pub(crate) fn shown(record: UserRecord, request: &RequestContext) -> iam::User {
    iam::User {
        arn: arn(&request.partition, request.account(), &record.path, &record.name),
        path: record.path,
        user_name: record.name,
        user_id: record.id,
        create_date: record.created,
        password_last_used: None,
        permissions_boundary: None,
        tags: entity::shown_tags(&record.tags),
    }
}

/// As lists show it: without tags.
pub(crate) fn listed(record: UserRecord, request: &RequestContext) -> iam::User {
    iam::User { tags: None, ..shown(record, request) }
}

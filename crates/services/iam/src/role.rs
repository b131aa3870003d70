//! Roles: their ARNs, their trust policies, and how answers show them.

use keyward_base::{AccountId, Fault, Partition};
use keyward_gate::{Check, RequestContext, View};
use keyward_policy::{Flavour, Policy, rename_principals};
use keyward_schema::iam;

use crate::iam::Iam;
use crate::rows::{RoleRecord, TrustPolicy};
use crate::{document, entity, fault, place};

/// Characters of a trust policy, without white space.
const TRUST_CHARS_MAX: usize = 2048;

/// A role that a request names: its name, and its row if there is one.
pub(crate) struct Named {
    name: String,
    record: Option<RoleRecord>,
}

impl Named {
    /// The record, or AWS's error that there is none.
    pub(crate) fn existing(self) -> Result<RoleRecord, Fault> {
        self.record.ok_or_else(|| fault::no_such_role(&self.name))
    }

    /// Refuses when there is one.
    pub(crate) fn absent(self) -> Result<(), Fault> {
        self.record.map_or(Ok(()), |record| Err(fault::exists("Role", &record.name)))
    }
}

/// Finds the role `name` of the caller's account, and the check for doing `action` to it.
pub(crate) async fn find(
    request: &RequestContext,
    view: &mut View<'_>,
    action: &'static str,
    name: &str,
) -> Result<(Named, Vec<Check>), Fault> {
    let account = request.account();
    let record: Option<RoleRecord> = entity::load(view, &place::role(account, name)).await?;
    let (path, tags) = record.as_ref().map_or(("/", &[][..]), |record| (&record.path, &record.tags));
    let resource = arn(&request.partition, account, path, name);
    let check = Check::identity(action, resource, account).with_conditions(entity::resource_conditions(tags));
    Ok((Named { name: name.to_owned(), record }, vec![check]))
}

/// A role's ARN.
pub(crate) fn arn(partition: &Partition, account: AccountId, path: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:role{path}{name}")
}

/// As answers show it.
pub(crate) fn shown(record: RoleRecord, request: &RequestContext) -> iam::Role {
    iam::Role {
        arn: arn(&request.partition, request.account(), &record.path, &record.name),
        path: record.path,
        role_name: record.name,
        role_id: record.id,
        create_date: record.created,
        assume_role_policy_document: Some(document::encoded(&record.trust.document)),
        description: record.description,
        max_session_duration: i32::try_from(record.session_seconds_max).ok(),
        permissions_boundary: None,
        tags: entity::shown_tags(&record.tags),
        role_last_used: None,
        source_role_template: None,
    }
}

/// As lists show it: without tags.
pub(crate) fn listed(record: RoleRecord, request: &RequestContext) -> iam::Role {
    iam::Role { tags: None, ..shown(record, request) }
}

impl TrustPolicy {
    /// Checks a trust policy and binds the users and roles that it names to their unique ids.
    pub(crate) async fn bind(iam: &Iam, document: &str) -> Result<Self, Fault> {
        if document::size(document) > TRUST_CHARS_MAX {
            return Err(fault::quota("ACLSizePerRole", TRUST_CHARS_MAX));
        }
        let policy = document::parse(document, Flavour::Trust)?;
        let mut bound = Vec::new();
        for name in policy.principal_entities() {
            match iam.unique_id_of(name).await? {
                Some(id) if id != name => bound.push((name.to_owned(), id)),
                Some(_) => {}
                None => {
                    let text = format!("Invalid principal in policy: \"AWS\":\"{name}\"");
                    return Err(fault::malformed_policy(&text));
                }
            }
        }
        Ok(Self { document: document.to_owned(), bound })
    }

    /// The policy with its names as unique ids.
    pub(crate) fn compile(&self) -> Result<Policy, Fault> {
        let mut policy = Policy::parse(&self.document, Flavour::Trust).map_err(Fault::ours)?;
        policy
            .bind_principals(|name| self.bound.iter().find(|(arn, _)| arn == name).map(|(_, id)| id.clone()));
        Ok(policy)
    }

    /// The document with the unique id in place of the name of whoever is gone or is another one now.
    pub(crate) async fn shown(&self, iam: &Iam) -> Result<String, Fault> {
        let mut gone = Vec::new();
        for (arn, id) in &self.bound {
            if iam.unique_id_of(arn).await?.as_ref() != Some(id) {
                gone.push((arn, id));
            }
        }
        let id_of = |name: &str| gone.iter().find(|(arn, _)| *arn == name).map(|(_, id)| (*id).clone());
        Ok(rename_principals(&self.document, id_of))
    }
}

//! `sts:AssumeRole`: gives the caller credentials of a role whose trust policy lets it.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::{AccountId, Arn, Fault};
use keyward_gate::{Check, Judge, Operation, Permit, Principal, RequestContext, RunError, View};
use keyward_policy::{ConditionValues, Flavour, Policy};
use keyward_schema::{Sensitive, sts};
use zeroize::Zeroizing;

use crate::iam::Iam;
use crate::rows::{RoleRecord, SessionRecord, SessionSecrets, Stored};
use crate::{document, entity, fault, ids, place};

/// What a session lasts when nobody says, and at most when a session assumes a role.
const HOUR_SECONDS: u32 = 3600;

/// Gives the caller credentials of a role.
pub(crate) struct AssumeRole;

/// A role of some account.
pub(crate) struct Assumed {
    account: AccountId,
    role: RoleRecord,
}

impl Operation for AssumeRole {
    type Shape = sts::AssumeRole;
    type Service = Iam;
    /// `None` when there is no such role: the checks then refuse.
    type Subject = Option<Assumed>;

    async fn resolve(
        _iam: &Iam,
        request: &RequestContext,
        input: &sts::AssumeRoleRequest,
        view: &mut View<'_>,
    ) -> Result<(Self::Subject, Vec<Check>), Fault> {
        if matches!(request.caller.principal(), Principal::Root { .. }) {
            return Err(Fault::caller("AccessDeniedException", "Roles may not be assumed by root accounts."));
        }
        let wrong = || fault::validation(&format!("{} is invalid", input.role_arn));
        let (account, path, name) = parse(&input.role_arn).ok_or_else(wrong)?;
        let found: Option<RoleRecord> = entity::load(view, &place::role(account, &name)).await?;
        let found = found.filter(|role| role.path == path && role.name == name);
        let trust = match &found {
            Some(role) => role.trust.compile()?,
            // An empty trust policy refuses as that of a role that trusts somebody else.
            None => Policy::default(),
        };
        let check = Check::new(
            "sts:AssumeRole",
            input.role_arn.as_str(),
            account,
            Judge::TrustPolicy(Arc::new(trust)),
        );
        let tags = found.as_ref().map_or(&[][..], |role| &role.tags);
        let check =
            check.with_conditions(entity::resource_conditions(tags)).with_conditions(conditions(input));
        Ok((found.map(|role| Assumed { account, role }), checks(check, input)))
    }

    async fn run(iam: &Iam, permit: Permit<Self>) -> Result<sts::AssumeRoleResponse, RunError> {
        let (request, input, txn) = (permit.request().clone(), permit.shared_input(), permit.txn());
        let subject = permit.into_subject();
        let Assumed { account, role } =
            subject.ok_or_else(|| Fault::ours("a role that is not there was allowed"))?;
        refuse_unserved(&input)?;
        let seconds = duration_seconds(&request, &input, &role)?;
        let id = ids::fresh(ids::Kind::SessionKey, account, &*iam.random);
        let (secret, token) = (ids::secret(&*iam.random), ids::session_token(&*iam.random));
        let expires = request.now.plus(Duration::from_secs(u64::from(seconds)));
        let session = SessionRecord {
            role_id: role.id.clone(),
            role_name: role.name.clone(),
            name: input.role_session_name.clone(),
            secrets: SessionSecrets::seal(&id, &secret, &token, &iam.secrets).await?,
            issued: request.now,
            expires,
            policy: session_policy(&input)?,
            tags: input.tags.iter().flatten().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            source_identity: input.source_identity.clone(),
        };
        iam.commit(txn.create(place::session(account, &id), session.encode()?)).await?;
        iam.drop_ended_sessions(account, &id, request.now).await;
        let credentials = sts::Credentials {
            access_key_id: id,
            secret_access_key: Sensitive::new(take(secret)),
            session_token: take(token),
            expiration: expires,
        };
        Ok(answer(&request, account, &role, &input, credentials))
    }
}

fn take(mut secret: Zeroizing<String>) -> String {
    std::mem::take(&mut *secret)
}

fn answer(
    request: &RequestContext,
    account: AccountId,
    role: &RoleRecord,
    input: &sts::AssumeRoleRequest,
    credentials: sts::Credentials,
) -> sts::AssumeRoleResponse {
    let session = &input.role_session_name;
    let partition = &request.partition;
    sts::AssumeRoleResponse {
        credentials: Some(credentials),
        assumed_role_user: Some(sts::AssumedRoleUser {
            assumed_role_id: format!("{}:{session}", role.id),
            arn: format!("arn:{partition}:sts::{account}:assumed-role/{}/{session}", role.name),
        }),
        packed_policy_size: None,
        source_identity: input.source_identity.clone(),
        session_token_utilization: None,
        session_token_size: None,
    }
}

/// The account, path and name in a role's ARN.
fn parse(text: &str) -> Option<(AccountId, String, String)> {
    let arn: Arn = text.parse().ok()?;
    let rest = arn.resource.strip_prefix("role/")?;
    let (path, name) =
        rest.rsplit_once('/').map_or(("/".to_owned(), rest), |(path, name)| (format!("/{path}/"), name));
    Some((arn.account.filter(|_| arn.service == "iam")?, path, name.to_owned()))
}

/// Tags and a source identity need permissions of their own.
fn checks(check: Check, input: &sts::AssumeRoleRequest) -> Vec<Check> {
    let also = |wanted: bool, action: &'static str| {
        let mut check = check.clone();
        check.action = action;
        wanted.then_some(check)
    };
    let tags = also(input.tags.as_ref().is_some_and(|tags| !tags.is_empty()), "sts:TagSession");
    let identity = also(input.source_identity.is_some(), "sts:SetSourceIdentity");
    [Some(check), tags, identity].into_iter().flatten().collect()
}

fn conditions(input: &sts::AssumeRoleRequest) -> ConditionValues {
    let mut keys = ConditionValues::new().with("sts:RoleSessionName", input.role_session_name.clone());
    if let Some(id) = &input.external_id {
        keys.set("sts:ExternalId", id.clone());
    }
    if let Some(identity) = &input.source_identity {
        keys.set("sts:SourceIdentity", identity.clone());
    }
    let tags = input.tags.as_deref().unwrap_or_default();
    for tag in tags {
        keys.set(format!("aws:RequestTag/{}", tag.key), tag.value.clone());
    }
    keys.set_list("aws:TagKeys", tags.iter().map(|tag| tag.key.clone()));
    keys.set_list("sts:TransitiveTagKeys", input.transitive_tag_keys.clone().unwrap_or_default());
    keys
}

/// There are no managed policies and no MFA devices, so what names one is refused.
fn refuse_unserved(input: &sts::AssumeRoleRequest) -> Result<(), Fault> {
    if let Some(policy) = input.policy_arns.as_ref().and_then(|policies| policies.first()) {
        return Err(fault::no_managed_policy(policy.arn.as_deref().unwrap_or_default()));
    }
    if input.serial_number.is_some() || input.token_code.is_some() {
        let text = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
        return Err(Fault::caller("AccessDeniedException", text));
    }
    Ok(())
}

fn session_policy(input: &sts::AssumeRoleRequest) -> Result<Option<String>, Fault> {
    let Some(policy) = &input.policy else { return Ok(None) };
    document::parse(policy, Flavour::Identity)?;
    Ok(Some(policy.clone()))
}

fn duration_seconds(
    request: &RequestContext,
    input: &sts::AssumeRoleRequest,
    role: &RoleRecord,
) -> Result<u32, Fault> {
    let wanted = input.duration_seconds.and_then(|seconds| u32::try_from(seconds).ok());
    let seconds = wanted.unwrap_or(HOUR_SECONDS);
    if seconds > role.session_seconds_max {
        return Err(fault::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    if request.caller.session().is_some() && seconds > HOUR_SECONDS {
        return Err(fault::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests;

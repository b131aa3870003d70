//! The global condition keys: what every policy may ask of a caller and of a request.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use keyward_base::{Region, Timestamp};
use keyward_policy::{ConditionValues, KeySource};

use crate::{Attributes, Principal};

/// The keys that say who calls; made once, when a credential is loaded.
pub(crate) fn of_caller(
    principal: &Principal,
    arn: &str,
    role_arn: Option<&str>,
    attributes: &Attributes,
) -> ConditionValues {
    let mut keys = ConditionValues::new()
        .with("aws:PrincipalType", kind(principal))
        .with("aws:PrincipalIsAWSService", truth(matches!(principal, Principal::Service(_))));
    keys.set("kms:CallerAccount", principal.account().to_string());
    match principal {
        Principal::Service(service) => {
            keys.set("aws:PrincipalServiceName", service.name);
            keys.set("aws:SourceArn", service.source_arn.to_string());
            keys.set("aws:SourceAccount", service.source_account.to_string());
        }
        _ => {
            // Of a session, AWS shows the role here.
            keys.set("aws:PrincipalArn", role_arn.unwrap_or(arn).to_owned());
            keys.set("aws:PrincipalAccount", principal.account().to_string());
            keys.set("aws:userid", principal.user_id());
        }
    }
    if let Principal::User { name, .. } = principal {
        keys.set("aws:username", name.clone());
    }
    for (key, value) in &attributes.tags {
        keys.set(format!("aws:PrincipalTag/{key}"), value.clone());
    }
    if let Some(session) = &attributes.session {
        keys.set("aws:TokenIssueTime", session.issued.iso8601_seconds());
        keys.set("aws:MultiFactorAuthPresent", "false");
        if let Some(identity) = &session.source_identity {
            keys.set("aws:SourceIdentity", identity.clone());
        }
    }
    keys
}

fn kind(principal: &Principal) -> &'static str {
    match principal {
        Principal::Root { .. } => "Account",
        Principal::User { .. } => "User",
        Principal::AssumedRole { .. } => "AssumedRole",
        Principal::Service(_) => "AWSService",
    }
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// What is known of a request beside its caller.
#[derive(Debug)]
pub(crate) struct Globals {
    pub(crate) now: Timestamp,
    pub(crate) region: Region,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) user_agent: Option<Arc<str>>,
    pub(crate) referer: Option<String>,
    pub(crate) secure: bool,
    /// The service that calls on the caller's behalf.
    pub(crate) via: Option<&'static str>,
    pub(crate) keys: OnceLock<ConditionValues>,
}

impl Globals {
    fn make(&self) -> ConditionValues {
        let mut keys = ConditionValues::new()
            .with("aws:CurrentTime", self.now.iso8601_seconds())
            .with("aws:EpochTime", self.now.unix_seconds().to_string())
            .with("aws:RequestedRegion", self.region.as_str().to_owned())
            .with("aws:SecureTransport", truth(self.secure))
            .with("aws:ViaAWSService", truth(self.via.is_some()));
        if let Some(address) = self.source_ip {
            keys.set("aws:SourceIp", address.to_canonical().to_string());
        }
        if let Some(agent) = &self.user_agent {
            keys.set("aws:UserAgent", agent.to_string());
        }
        if let Some(referer) = &self.referer {
            keys.set("aws:Referer", referer.clone());
        }
        if let Some(via) = self.via {
            let name = format!("{via}.amazonaws.com");
            keys.set("kms:ViaService", format!("{via}.{}.amazonaws.com", self.region));
            keys.set("aws:CalledViaFirst", name.clone());
            keys.set("aws:CalledViaLast", name.clone());
            keys.set_list("aws:CalledVia", [name]);
        }
        keys
    }
}

impl KeySource for Globals {
    fn keys(&self) -> &ConditionValues {
        self.keys.get_or_init(|| self.make())
    }
}

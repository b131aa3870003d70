//! `quorum token-sign …`.

use keyward_hsm::{Cluster, QuorumService};
use serde_json::{Map, Value, json};

use crate::cloudhsm::Outcome;
use crate::cloudhsm::run::{Desk, Failure, token_file};
use crate::cloudhsm::words::{QuorumWords, TokenScope, TokenWords};

/// The services that have a quorum value.
const VALUED: [QuorumService; 2] = [QuorumService::User, QuorumService::Quorum];

pub(crate) async fn perform(cluster: &Cluster, desk: &Desk, words: QuorumWords) -> Result<Outcome, Failure> {
    let QuorumWords::TokenSign(words) = words;
    match words {
        TokenWords::Generate { service, token: path } => {
            let session = desk.session(cluster.id())?;
            let token = session.make_quorum_token(service_named(&service)?).await?;
            let data = json!({ "path": path.display().to_string() });
            Ok(Outcome::with_file(data, token_file::of(&token)?))
        }
        TokenWords::List => {
            desk.session(cluster.id())?;
            let tokens = cluster.quorum_tokens().await?;
            let tokens: Vec<_> = tokens
                .iter()
                .map(|token| {
                    json!({
                        "username": token.user.as_str(),
                        "service": token.service.name(),
                        "approvals-required": token.approvals_min,
                        "number-of-approvals": 0,
                        "token-timeout-seconds": token.seconds_left,
                        "cluster-coverage": "full",
                    })
                })
                .collect();
            Ok(Outcome::done(json!({ "tokens": tokens })))
        }
        TokenWords::ListQuorumValues => {
            let values = cluster.quorum_values().await?;
            let value = |service| values.iter().find(|(of, _)| *of == service).map_or(1, |(_, value)| *value);
            let data: Map<_, _> = VALUED
                .into_iter()
                .map(|service| (service.name().to_owned(), Value::from(value(service))))
                .collect();
            Ok(Outcome::done(Value::Object(data)))
        }
        TokenWords::SetQuorumValue { service, value, approval } => {
            let session = desk.session(cluster.id())?;
            let approvals = approval.map_or_else(|| Ok(Vec::new()), |file| token_file::approvals(&file))?;
            session.set_quorum_value(service_named(&service)?, value, &approvals).await?;
            Ok(Outcome::done(json!("Set Quorum Value successful")))
        }
        TokenWords::Delete { scope: TokenScope::User } => {
            let session = desk.session(cluster.id())?;
            for service in [QuorumService::User, QuorumService::Quorum, QuorumService::Registration] {
                session.delete_quorum_token(service).await?;
            }
            Ok(Outcome::done(json!("Deletion of quorum token(s) successful")))
        }
        TokenWords::Delete { scope: TokenScope::All } => {
            Err(Failure::new("a user can delete its own tokens only: use --scope user"))
        }
    }
}

fn service_named(name: &str) -> Result<QuorumService, Failure> {
    let services = [QuorumService::User, QuorumService::Quorum, QuorumService::Registration];
    let found = services.into_iter().find(|service| service.name() == name);
    found.ok_or_else(|| Failure::new(format!("there is no service {name}: user, quorum or registration")))
}

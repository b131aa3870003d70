//! `login` and `user …`.

use keyward_hsm::{Approval, Cluster, HsmError, Role, UserName};
use serde_json::json;

use crate::cloudhsm::Outcome;
use crate::cloudhsm::run::{Desk, Failure, given, shown, token_file};
use crate::cloudhsm::words::{FileBytes, QuorumStrategy, RoleWord, Secret, TokenSignWords, UserWords};

/// Logs in, in place of whoever is logged in.
pub(crate) async fn login(
    cluster: &Cluster,
    desk: &mut Desk,
    username: &str,
    role: RoleWord,
    password: Option<Secret>,
) -> Result<Outcome, Failure> {
    let name: UserName = username.parse()?;
    let session = cluster.login(&name, &given(password)?).await?;
    if session.role() != Role::from(role) {
        session.close().await;
        return Err(HsmError::NoSuchUser.into());
    }
    let before = std::mem::replace(desk, Desk { login: Some((cluster.id().clone(), session)) });
    before.close().await;
    Ok(named(&name, role))
}

pub(crate) async fn perform(cluster: &Cluster, desk: &Desk, words: UserWords) -> Result<Outcome, Failure> {
    match words {
        UserWords::List => {
            let users: Vec<_> = cluster.users().await?.iter().map(shown::user).collect();
            Ok(Outcome::done(json!({ "users": users })))
        }
        UserWords::Create { username, role, password, approval } => {
            let (session, name) = (desk.session(cluster.id())?, username.parse()?);
            let approvals = approvals(approval)?;
            session.create_user(&name, role.into(), &given(password)?, &approvals).await?;
            Ok(named(&name, role))
        }
        UserWords::Delete { username, role, approval } => {
            let session = desk.session(cluster.id())?;
            let name = existing(cluster, &username, role).await?;
            session.delete_user(&name, &approvals(approval)?).await?;
            Ok(named(&name, role))
        }
        UserWords::ChangePassword { username, role, password, approval } => {
            let session = desk.session(cluster.id())?;
            let name = existing(cluster, &username, role).await?;
            session.change_password(&name, &given(password)?, &approvals(approval)?).await?;
            Ok(named(&name, role))
        }
        UserWords::ChangeQuorum(QuorumStrategy::TokenSign(TokenSignWords::Register {
            public_key,
            signed_token,
        })) => {
            let session = desk.session(cluster.id())?;
            let spki = token_file::public_key(&public_key)?;
            let signature = token_file::registration_signature(&signed_token)?;
            session.register_token_sign(&spki, &signature).await?;
            let data = json!({ "username": session.user().as_str(), "role": session.role().name() });
            Ok(Outcome::done(data))
        }
    }
}

/// The user of that name and role.
async fn existing(cluster: &Cluster, username: &str, role: RoleWord) -> Result<UserName, Failure> {
    let name: UserName = username.parse()?;
    let users = cluster.users().await?;
    let found = users.iter().any(|user| user.name == name && user.role == Role::from(role));
    if found { Ok(name) } else { Err(HsmError::NoSuchUser.into()) }
}

fn approvals(file: Option<FileBytes>) -> Result<Vec<Approval>, Failure> {
    file.map_or_else(|| Ok(Vec::new()), |file| token_file::approvals(&file))
}

fn named(name: &UserName, role: RoleWord) -> Outcome {
    Outcome::done(json!({ "username": name.as_str(), "role": Role::from(role).name() }))
}

impl From<RoleWord> for Role {
    fn from(role: RoleWord) -> Self {
        match role {
            RoleWord::Admin => Self::Admin,
            RoleWord::CryptoUser => Self::CryptoUser,
        }
    }
}

//! One method for each thing that an HSM does with its users: logins, roles, quorum authentication.

use crate::api::error::HsmError;
use crate::api::ids::{OperationId, SessionId, UserName};
use crate::api::password::Password;
use crate::api::quorum::{Approval, ApprovalToken, QuorumService};
use crate::api::user::{Role, UserInfo};
use crate::client::calls::{done, nothing, unfitting};
use crate::client::{HsmClient, Mutated};
use crate::protocol::answer::{Answer, Value};
use crate::protocol::request::{Mutation, Request};

/// Users and sessions.
impl HsmClient {
    /// Logs in on this HSM: [`HsmError::WrongPassword`], [`HsmError::UserLocked`], [`HsmError::NoSuchUser`].
    pub async fn login(&self, user: &UserName, password: &Password) -> Result<(SessionId, Role), HsmError> {
        let request = Request::Login { user: user.clone(), password: password.clone() };
        match self.call(&request).await? {
            Answer::LoggedIn { session, role } => Ok((session, role)),
            _ => Err(unfitting()),
        }
    }

    /// Logs out; a session that is gone already is no error.
    pub async fn logout(&self, session: SessionId) -> Result<(), HsmError> {
        done(self.call(&Request::Logout(session)).await?)
    }

    /// All users, by name. Needs no login, as in CloudHSM's CLI.
    pub async fn users(&self) -> Result<Vec<UserInfo>, HsmError> {
        match self.call(&Request::Users).await? {
            Answer::Users(users) => Ok(users),
            _ => Err(unfitting()),
        }
    }

    /// Sets the password of the unactivated admin, which makes it an admin. [`HsmError::NotPermitted`] once that was done.
    pub async fn activate(
        &self,
        operation: OperationId,
        password: &Password,
    ) -> Result<Mutated<()>, HsmError> {
        let request = Request::Activate { operation, password: password.clone() };
        nothing(self.call(&request).await?)
    }

    /// Makes a user (an admin's right).
    pub async fn create_user(
        &self,
        session: SessionId,
        operation: OperationId,
        name: &UserName,
        role: Role,
        password: &Password,
        approvals: &[Approval],
    ) -> Result<Mutated<()>, HsmError> {
        let mutation = Mutation::CreateUser {
            name: name.clone(),
            role,
            password: password.clone(),
            approvals: approvals.to_vec(),
        };
        nothing(self.mutate(session, operation, mutation).await?)
    }

    /// Deletes a user who owns no keys (an admin's right). [`HsmError::UserInUse`].
    pub async fn delete_user(
        &self,
        session: SessionId,
        operation: OperationId,
        name: &UserName,
        approvals: &[Approval],
    ) -> Result<Mutated<()>, HsmError> {
        let mutation = Mutation::DeleteUser { name: name.clone(), approvals: approvals.to_vec() };
        nothing(self.mutate(session, operation, mutation).await?)
    }

    /// Changes one's own password, or another's as an admin, which unlocks the user everywhere. Sessions stay open.
    pub async fn change_password(
        &self,
        session: SessionId,
        operation: OperationId,
        name: &UserName,
        password: &Password,
        approvals: &[Approval],
    ) -> Result<Mutated<()>, HsmError> {
        let (name, password, approvals) = (name.clone(), password.clone(), approvals.to_vec());
        let mutation = Mutation::ChangePassword { name, password, approvals };
        nothing(self.mutate(session, operation, mutation).await?)
    }
}

/// Quorum authentication.
impl HsmClient {
    /// The quorum values; a service that is not named has 1, which means none.
    pub async fn quorum_values(&self) -> Result<Vec<(QuorumService, u8)>, HsmError> {
        match self.call(&Request::QuorumValues).await? {
            Answer::QuorumValues(values) => Ok(values),
            _ => Err(unfitting()),
        }
    }

    /// The tokens that are alive.
    pub async fn quorum_tokens(&self) -> Result<Vec<ApprovalToken>, HsmError> {
        match self.call(&Request::QuorumTokens).await? {
            Answer::QuorumTokens(tokens) => Ok(tokens),
            _ => Err(unfitting()),
        }
    }

    /// Makes the session's user a token for a service, in place of one that it had.
    pub async fn make_quorum_token(
        &self,
        session: SessionId,
        operation: OperationId,
        service: QuorumService,
    ) -> Result<Mutated<ApprovalToken>, HsmError> {
        match self.mutate(session, operation, Mutation::MakeQuorumToken(service)).await? {
            Answer::Mutated { value: Value::Token(value), records } => Ok(Mutated { value, records }),
            _ => Err(unfitting()),
        }
    }

    /// Deletes the session's user's token for a service; none is no error.
    pub async fn delete_quorum_token(
        &self,
        session: SessionId,
        operation: OperationId,
        service: QuorumService,
    ) -> Result<Mutated<()>, HsmError> {
        nothing(self.mutate(session, operation, Mutation::DeleteQuorumToken(service)).await?)
    }

    /// Registers the session's user's public key (RSA 2048, SPKI DER) to sign tokens with. `signature` is of the user's token
    /// for [`QuorumService::Registration`], which is spent.
    pub async fn register_token_sign(
        &self,
        session: SessionId,
        operation: OperationId,
        public_spki: &[u8],
        signature: &[u8],
    ) -> Result<Mutated<()>, HsmError> {
        let (public_spki, signature) = (public_spki.to_vec(), signature.to_vec());
        let mutation = Mutation::RegisterTokenSign { public_spki, signature };
        nothing(self.mutate(session, operation, mutation).await?)
    }

    /// Sets how many approvals a service's operations need (an admin's right): 1 for none, or 2 to 8, and no more than there are
    /// admins with a registered key.
    pub async fn set_quorum_value(
        &self,
        session: SessionId,
        operation: OperationId,
        service: QuorumService,
        value: u8,
        approvals: &[Approval],
    ) -> Result<Mutated<()>, HsmError> {
        let mutation = Mutation::SetQuorumValue { service, value, approvals: approvals.to_vec() };
        nothing(self.mutate(session, operation, mutation).await?)
    }
}

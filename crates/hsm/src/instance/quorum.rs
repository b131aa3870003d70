//! Quorum authentication: values, tokens, approvals (M of N).

use std::collections::BTreeSet;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::api::error::HsmError;
use crate::api::ids::UserName;
use crate::api::quorum::{Approval, ApprovalToken, QuorumService};
use crate::api::record::RecordKey;
use crate::api::user::Role;
use crate::instance::Instance;
use crate::instance::body::{Body, QuorumTokenRow, UserRow};
use crate::instance::commit::{Asked, Change};
use crate::instance::mind::Mind;
use crate::instance::users::{admin, user_change};
use crate::protocol::answer::{Answer, Value};

/// How long a token lives.
const TOKEN_MILLIS: i64 = 600 * 1000;
const TOKEN_BYTES: usize = 32;
/// More approvals than this can not be asked for.
const VALUE_MAX: u8 = 8;
/// An approver's key: RSA 2048 in SPKI DER has 294 bytes.
const SPKI_BYTES_MAX: usize = 1024;

impl Instance {
    /// The values above 1.
    pub(crate) fn quorum_values(&self) -> Result<Answer, HsmError> {
        let mind = self.member()?;
        Ok(Answer::QuorumValues(mind.quorum.iter().map(|(service, value)| (*service, *value)).collect()))
    }

    /// The tokens that are alive.
    pub(crate) fn quorum_tokens(&self) -> Result<Answer, HsmError> {
        let now = self.now_millis();
        let mind = self.member()?;
        let alive = mind.tokens.iter().filter_map(|((service, user), row)| shown(*service, user, row, now));
        Ok(Answer::QuorumTokens(alive.collect()))
    }

    pub(crate) fn make_quorum_token(&self, asked: Asked, service: QuorumService) -> Result<Answer, HsmError> {
        let mut approval_data = vec![0; TOKEN_BYTES];
        self.token.random(&mut approval_data)?;
        let now = self.now_millis();
        let turn = self.turn()?;
        let change = {
            let mind = self.mind();
            let user = match service {
                QuorumService::Registration => asked.user.as_ref().ok_or(HsmError::NotLoggedIn)?,
                _ => admin(&mind, &asked)?,
            };
            let approvals_min = value(&mind, service);
            let row = QuorumTokenRow { approval_data, approvals_min, created_millis: now };
            let token = shown(service, user, &row, now);
            let token = token.ok_or_else(|| HsmError::Internal("a new token is too old".to_owned()))?;
            let key = RecordKey::QuorumToken(service, user.clone());
            Change { drafts: vec![(key, Body::QuorumTokenV1(row))], value: Value::Token(token) }
        };
        self.make(turn, asked, change)
    }

    pub(crate) fn delete_quorum_token(
        &self,
        asked: Asked,
        service: QuorumService,
    ) -> Result<Answer, HsmError> {
        let turn = self.turn()?;
        let user = asked.user.clone().ok_or(HsmError::NotLoggedIn)?;
        let present = self.mind().tokens.contains_key(&(service, user.clone()));
        let draft = (RecordKey::QuorumToken(service, user), Body::Tombstone);
        let drafts = if present { vec![draft] } else { vec![] };
        self.make(turn, asked, Change { drafts, value: Value::Nothing })
    }

    pub(crate) fn register_token_sign(
        &self,
        asked: Asked,
        spki: &[u8],
        signature: &[u8],
    ) -> Result<Answer, HsmError> {
        let turn = self.turn()?;
        let change = {
            let mind = self.mind();
            let user = asked.user.as_ref().ok_or(HsmError::NotLoggedIn)?;
            let service = QuorumService::Registration;
            let token = alive(&mind, service, user, self.now_millis())?;
            if spki.len() > SPKI_BYTES_MAX || !verifies(spki, &token.approval_data, signature) {
                return Err(HsmError::InvalidSignature);
            }
            let row = mind.users.get(user).ok_or(HsmError::NotLoggedIn)?.clone();
            let mut change = user_change(user.clone(), UserRow { token_sign: Some(spki.to_vec()), ..row });
            change.drafts.push((RecordKey::QuorumToken(service, user.clone()), Body::Tombstone));
            change
        };
        self.make(turn, asked, change)
    }

    pub(crate) fn set_quorum_value(
        &self,
        asked: Asked,
        service: QuorumService,
        value: u8,
        approvals: &[Approval],
    ) -> Result<Answer, HsmError> {
        let turn = self.turn()?;
        let change = {
            let mind = self.mind();
            let who = admin(&mind, &asked)?;
            let able = mind.users.values().filter(|row| is_approver(row)).count();
            let fits = (1..=VALUE_MAX).contains(&value) && (value == 1 || usize::from(value) <= able);
            if service == QuorumService::Registration || !fits {
                let why = "a quorum value is 1 to 8, and at most the number of admins with a registered key";
                return Err(HsmError::Invalid(why.to_owned()));
            }
            let body = if value == 1 { Body::Tombstone } else { Body::QuorumV1(value) };
            let mut drafts = vec![(RecordKey::Quorum(service), body)];
            drafts.extend(spent(&mind, QuorumService::Quorum, who, approvals, self.now_millis())?);
            Change { drafts, value: Value::Nothing }
        };
        self.make(turn, asked, change)
    }
}

/// Checks the approvals of an operation; gives what spends the token with it. Nothing where no quorum is asked for.
pub(crate) fn spent(
    mind: &Mind,
    service: QuorumService,
    user: &UserName,
    approvals: &[Approval],
    now: i64,
) -> Result<Option<(RecordKey, Body)>, HsmError> {
    let approvals_min = value(mind, service);
    if approvals_min <= 1 {
        return Ok(None);
    }
    let needed = || HsmError::ApprovalNeeded { service, approvals_min };
    let token = alive(mind, service, user, now).map_err(|_| needed())?;
    let good = approvals.iter().filter(|approval| {
        let key = mind.users.get(&approval.user).filter(|row| is_approver(row));
        let key = key.and_then(|row| row.token_sign.as_deref());
        key.is_some_and(|key| verifies(key, &token.approval_data, &approval.signature))
    });
    let approvers: BTreeSet<_> = good.map(|approval| &approval.user).collect();
    if approvers.len() < usize::from(approvals_min) {
        return Err(needed());
    }
    Ok(Some((RecordKey::QuorumToken(service, user.clone()), Body::Tombstone)))
}

fn is_approver(row: &UserRow) -> bool {
    row.role == Role::Admin && row.token_sign.is_some()
}

fn value(mind: &Mind, service: QuorumService) -> u8 {
    mind.quorum.get(&service).copied().unwrap_or(1)
}

fn alive<'a>(
    mind: &'a Mind,
    service: QuorumService,
    user: &UserName,
    now: i64,
) -> Result<&'a QuorumTokenRow, HsmError> {
    let token = mind.tokens.get(&(service, user.clone())).filter(|row| millis_left(row, now) > 0);
    token.ok_or_else(|| HsmError::ApprovalNeeded { service, approvals_min: value(mind, service) })
}

/// A token from the future (the other HSM's clock) is as good as new, and never better.
fn millis_left(row: &QuorumTokenRow, now: i64) -> i64 {
    row.created_millis.saturating_add(TOKEN_MILLIS).saturating_sub(now).min(TOKEN_MILLIS)
}

fn shown(service: QuorumService, user: &UserName, row: &QuorumTokenRow, now: i64) -> Option<ApprovalToken> {
    let left = u32::try_from(millis_left(row, now)).ok().filter(|left| *left > 0)?;
    Some(ApprovalToken {
        service,
        user: user.clone(),
        approval_data: row.approval_data.clone(),
        approvals_min: row.approvals_min,
        seconds_left: left.div_ceil(1000),
    })
}

fn verifies(spki: &[u8], data: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki).verify(data, signature).is_ok()
}

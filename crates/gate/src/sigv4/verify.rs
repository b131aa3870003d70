//! Judges a presented signature with the secret that it claims, in AWS's order.

use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::HEXLOWER;
use keyward_base::{Region, Timestamp};

use super::canonical::{sha256_hex, string_to_sign};
use super::error::WRONG_SIGNATURE;
use super::{AuthError, Presented, RawRequest};
use crate::Credential;

/// How far a signature's time may be from ours.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// What a signature must be for.
pub(crate) struct Expected<'a> {
    /// The service in the scope.
    pub(crate) signing_name: &'a str,
    /// The regions of this deployment.
    pub(crate) regions: &'a [Region],
    /// Whether presigned requests are good for the window, whatever they ask for (STS).
    pub(crate) ignores_expires: bool,
    pub(crate) now: Timestamp,
}

/// Verifies `presented` on `request` with the credential of its access key; answers the scope's region.
pub(crate) fn verify(
    request: &RawRequest<'_>,
    presented: &Presented<'_>,
    credential: &Credential,
    expected: &Expected<'_>,
) -> Result<Region, AuthError> {
    check_token(presented, credential, expected.now)?;
    check_time(presented, expected)?;
    check_signed_headers(request, presented)?;
    let region = check_scope(presented, expected)?;
    check_signature(request, presented, credential)?;
    Ok(region)
}

/// Temporary keys need their token, long-term keys have none.
fn check_token(presented: &Presented<'_>, credential: &Credential, now: Timestamp) -> Result<(), AuthError> {
    let right = match (&credential.session_token, &presented.session_token) {
        (None, None) => true,
        (Some(right), Some(given)) => {
            constant_time::verify_slices_are_equal(right.as_bytes(), given.as_bytes()).is_ok()
        }
        _ => false,
    };
    if !right {
        return Err(AuthError::InvalidToken);
    }
    let ended = credential.caller.session().is_some_and(|session| session.expires <= now);
    if ended { Err(AuthError::ExpiredToken) } else { Ok(()) }
}

fn check_time(presented: &Presented<'_>, expected: &Expected<'_>) -> Result<(), AuthError> {
    let (time, now) = (presented.time, expected.now);
    let latest = now.plus(WINDOW);
    if time > latest {
        return Err(AuthError::Mismatch(format!(
            "Signature not yet current: {} is still later than {} ({} + 15 min.)",
            presented.time_basic,
            latest.iso8601_basic(),
            now.iso8601_basic()
        )));
    }
    if let Some(seconds) = presented.expires_seconds.filter(|_| !expected.ignores_expires) {
        let end = time.plus(Duration::from_secs(u64::from(seconds)));
        return if end < now { Err(AuthError::Expired) } else { Ok(()) };
    }
    let earliest = now.minus(WINDOW);
    if time < earliest {
        return Err(AuthError::Mismatch(format!(
            "Signature expired: {} is now earlier than {} ({} - 15 min.)",
            presented.time_basic,
            earliest.iso8601_basic(),
            now.iso8601_basic()
        )));
    }
    Ok(())
}

/// The host is signed always; the operation's name where a header holds it, lest it be exchanged.
fn check_signed_headers(request: &RawRequest<'_>, presented: &Presented<'_>) -> Result<(), AuthError> {
    let signed = |name: &str| presented.signed_headers.split(';').any(|signed| signed == name);
    let refuse = |what: &str| {
        let text = format!("{what} must be a 'SignedHeader' in the AWS Authorization.");
        Err(AuthError::Mismatch(text))
    };
    if !signed("host") && !signed(":authority") {
        return refuse("'Host' or ':authority'");
    }
    if request.headers.contains_key("x-amz-target") && !signed("x-amz-target") {
        return refuse("'X-Amz-Target'");
    }
    Ok(())
}

fn check_scope(presented: &Presented<'_>, expected: &Expected<'_>) -> Result<Region, AuthError> {
    let time = &presented.time_basic;
    let day = time.get(..8).unwrap_or("");
    if presented.date != day {
        return Err(AuthError::Mismatch(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '{}' != '{day}', from '{time}'.",
            presented.date
        )));
    }
    let known = expected.regions.iter().find(|region| *region.as_str() == presented.region);
    let region = known.ok_or_else(|| {
        AuthError::Mismatch(format!(
            "Credential should be scoped to a valid region, not '{}'. ",
            presented.region
        ))
    })?;
    if presented.service != expected.signing_name {
        return Err(AuthError::Mismatch(format!(
            "Credential should be scoped to correct service: '{}'. ",
            expected.signing_name
        )));
    }
    Ok(region.clone())
}

fn check_signature(
    request: &RawRequest<'_>,
    presented: &Presented<'_>,
    credential: &Credential,
) -> Result<(), AuthError> {
    let wrong = || AuthError::Mismatch(WRONG_SIGNATURE.to_owned());
    let payload_hash = sha256_hex(request.body);
    // A payload hash that is sent is signed too; only the true one is good.
    if request.header("x-amz-content-sha256").is_some_and(|sent| sent != payload_hash) {
        return Err(wrong());
    }
    let given = HEXLOWER.decode(presented.signature.as_bytes()).map_err(|_| wrong())?;
    let scope = presented.scope();
    let key = credential.signing_keys.of(credential.secret.as_bytes(), &scope);
    let signed = string_to_sign(request, presented, &payload_hash, &scope);
    hmac::verify(&key, signed.as_bytes(), &given).map_err(|_| wrong())
}

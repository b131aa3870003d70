//! `key …`, but wrapping.

use keyward_hsm::{ClusterSession, Curve, HsmError, KeySpec, KeyTemplate, PairTemplate, Role, UserName};
use serde_json::json;

use crate::cloudhsm::Outcome;
use crate::cloudhsm::run::filter::{change, changes, filter, only};
use crate::cloudhsm::run::{Failure, shown, wrap};
use crate::cloudhsm::words::{
    GenerateWords, KeyWords, NewKeyWords, PairCommon, PairWords, RoleWord, SymmetricWords,
};

/// CloudHSM's clients want a new key on two HSMs.
const COPIES_MIN: usize = 2;

pub(crate) async fn perform(session: &ClusterSession, words: KeyWords) -> Result<Outcome, Failure> {
    match words {
        KeyWords::List { filter, max_items, starting_token, verbose } => {
            list(session, &filter, max_items, starting_token, verbose).await
        }
        KeyWords::GenerateSymmetric(words) => generate(session, words).await,
        KeyWords::GenerateAsymmetricPair(words) => generate_pair(session, words).await,
        KeyWords::GenerateFile { path, filter: words, .. } => {
            let key = find(session, &words).await?;
            let spki =
                key.public_key.ok_or_else(|| Failure::new("only a public key can be written to a file"))?;
            let data =
                json!({ "message": "Successfully generated key file", "path": path.display().to_string() });
            Ok(Outcome::with_file(data, pem(&spki)))
        }
        KeyWords::SetAttribute { filter: words, name, value } => {
            let key = find(session, &words).await?;
            session.set_attributes(key.handle, &[change(&name, &value)?]).await?;
            Ok(message("Attribute set successfully"))
        }
        KeyWords::Share { filter: words, username, role } => {
            let (key, with) = (find(session, &words).await?, crypto_user(&username, role)?);
            session.share(key.handle, &with).await?;
            Ok(message("Key shared successfully"))
        }
        KeyWords::Unshare { filter: words, username, role } => {
            let (key, with) = (find(session, &words).await?, crypto_user(&username, role)?);
            session.unshare(key.handle, &with).await?;
            Ok(message("Key unshared successfully"))
        }
        KeyWords::Delete { filter: words } => {
            let key = find(session, &words).await?;
            session.delete_key(key.handle).await?;
            Ok(message("Key deleted successfully"))
        }
        KeyWords::Wrap(words) => wrap::wrap(session, words).await,
        KeyWords::Unwrap(words) => wrap::unwrap(session, words).await,
    }
}

/// The one key that the words mean.
pub(crate) async fn find(
    session: &ClusterSession,
    words: &[String],
) -> Result<keyward_hsm::KeyInfo, Failure> {
    only(session.find_keys(&filter(words)?).await?)
}

/// On how many HSMs a new key has to be.
pub(crate) fn copies_min(new: &NewKeyWords) -> usize {
    if new.disable_key_availability_check { 1 } else { COPIES_MIN }
}

/// What the user reads when a key can't be on two HSMs.
pub(crate) fn about_copies(error: HsmError) -> Failure {
    match error {
        HsmError::TooFewHsms => Failure::new(
            "the key is not available on at least 2 HSMs, so it was not kept; add an HSM to the cluster, \
             or use --disable-key-availability-check",
        ),
        error => error.into(),
    }
}

pub(crate) fn share_with(new: &NewKeyWords) -> Result<Vec<UserName>, Failure> {
    new.share_crypto_users.iter().map(|name| Ok(name.parse()?)).collect()
}

async fn list(
    session: &ClusterSession,
    words: &[String],
    max_items: usize,
    starting_token: Option<String>,
    verbose: bool,
) -> Result<Outcome, Failure> {
    if session.role() != Role::CryptoUser {
        return Err(HsmError::NotPermitted.into());
    }
    let found = session.find_keys(&filter(words)?).await?;
    let start = match starting_token {
        Some(token) => token.parse().map_err(|_| Failure::new("the starting token is not one of ours"))?,
        None => 0_usize,
    };
    let page = found.iter().skip(start).take(max_items);
    let shown: Vec<_> = page.map(if verbose { shown::key } else { shown::brief_key }).collect();
    let next = start + shown.len();
    let mut data = json!({
        "total_key_count": found.len(),
        "returned_key_count": shown.len(),
        "matched_keys": shown,
    });
    if next < found.len()
        && let Some(data) = data.as_object_mut()
    {
        data.insert("next_token".to_owned(), json!(next.to_string()));
    }
    Ok(Outcome::done(data))
}

async fn generate(session: &ClusterSession, words: SymmetricWords) -> Result<Outcome, Failure> {
    let length = |words: &GenerateWords| u16::try_from(words.key_length_bytes).unwrap_or(u16::MAX);
    let (spec, words) = match words {
        SymmetricWords::Aes(words) => (KeySpec::Aes { bytes: length(&words) }, words),
        SymmetricWords::GenericSecret(words) => (KeySpec::GenericSecret { bytes: length(&words) }, words),
    };
    let template = KeyTemplate {
        spec,
        label: words.label,
        changes: changes(&words.attributes)?,
        share_with: share_with(&words.new)?,
    };
    let key = session.generate_key(&template, copies_min(&words.new)).await.map_err(about_copies)?;
    Ok(Outcome::done(json!({ "key": shown::key(&key) })))
}

async fn generate_pair(session: &ClusterSession, words: PairWords) -> Result<Outcome, Failure> {
    let (spec, words) = match words {
        PairWords::Rsa { modulus_size_bits, words, .. } => {
            (KeySpec::Rsa { bits: u16::try_from(modulus_size_bits).unwrap_or(u16::MAX) }, words)
        }
        PairWords::Ec { curve, words } => (KeySpec::Ec { curve: curve_named(&curve)? }, words),
    };
    let template = pair_template(spec, &words)?;
    let (public, private) =
        session.generate_pair(&template, copies_min(&words.new)).await.map_err(about_copies)?;
    Ok(Outcome::done(json!({ "public_key": shown::key(&public), "private_key": shown::key(&private) })))
}

fn pair_template(spec: KeySpec, words: &PairCommon) -> Result<PairTemplate, Failure> {
    Ok(PairTemplate {
        spec,
        public_label: words.public_label.clone(),
        public_changes: changes(&words.public_attributes)?,
        private_label: words.private_label.clone(),
        private_changes: changes(&words.private_attributes)?,
        share_with: share_with(&words.new)?,
    })
}

fn curve_named(name: &str) -> Result<Curve, Failure> {
    let name = if name == "prime256v1" { "secp256r1" } else { name };
    let curves = [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1];
    let found = curves.into_iter().find(|curve| curve.name() == name);
    found.ok_or_else(|| Failure::new(format!("the HSM does not support the curve {name}")))
}

fn crypto_user(username: &str, role: RoleWord) -> Result<UserName, Failure> {
    if role == RoleWord::CryptoUser {
        Ok(username.parse()?)
    } else {
        Err(Failure::new("keys are shared with crypto users"))
    }
}

fn message(text: &str) -> Outcome {
    Outcome::done(json!({ "message": text }))
}

fn pem(spki: &[u8]) -> Vec<u8> {
    let mut text = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    let body = data_encoding::BASE64.encode(spki);
    for line in body.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END PUBLIC KEY-----\n");
    text.into_bytes()
}

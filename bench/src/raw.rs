//! What aws-lc alone does in a second of CPU time: no process, no wire, no authorization.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
    RSA_PSS_SHA256,
};

use crate::{Failure, cpu};

/// How often each is done between two looks at the clock.
const PORTION: u32 = 100;

/// The cases that have a counterpart in aws-lc, by the names that they have in the other tables.
pub(crate) fn rates(message: &[u8], seconds: u64) -> Result<Vec<(&'static str, f64)>, Failure> {
    let random = SystemRandom::new();
    let ecdsa = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let made = ecdsa.sign(&random, message)?;
    let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, ecdsa.public_key())?;
    let mut signature = vec![0; rsa.public_modulus_len()];
    Ok(vec![
        ("Sign ECC_NIST_P256", rate(seconds, || Ok(ecdsa.sign(&random, message).map(drop)?))?),
        (
            "Sign RSA_2048",
            rate(seconds, || Ok(rsa.sign(&RSA_PSS_SHA256, &random, message, &mut signature)?))?,
        ),
        ("Verify ECC_NIST_P256", rate(seconds, || Ok(public.verify_sig(message, made.as_ref())?))?),
    ])
}

/// How often `act` is done in a second of this process's CPU time.
fn rate(seconds: u64, mut act: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let own = std::process::id();
    let begin = cpu::of(own)?;
    let mut times = 0;
    loop {
        for _ in 0..PORTION {
            act()?;
        }
        times += PORTION;
        let used = cpu::of(own)?.saturating_sub(begin).as_secs_f64();
        if used >= seconds as f64 {
            return Ok(f64::from(times) / used);
        }
    }
}

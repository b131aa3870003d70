//! A signer over a key in memory, for tests of this crate and of those that serve its zones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use keyward_base::Timestamp;

use crate::keys::{Dnskey, FLAGS_KSK, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, dnskey_set};
use crate::plan::{Plan, PlanError, Request, Signing, Update, plan};
use crate::{Delta, Generation, Name, Policy, Rrset, SigningJob};

mod random;
mod text;

pub use random::{random_question, random_sets};
pub use text::{sets_of, unsigned};

/// A P-256 key in memory.
#[derive(Debug)]
pub struct TestKey {
    pair: EcdsaKeyPair,
    dnskey: Dnskey,
}

impl TestKey {
    /// A fresh key-signing key.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn ksk() -> Self {
        Self::generate(FLAGS_KSK)
    }

    /// A fresh zone-signing key.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn zsk() -> Self {
        Self::generate(0)
    }

    #[expect(clippy::expect_used, reason = "only tests use it, and they must stop")]
    fn generate(flags: u16) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("there is randomness");
        let point = pair
            .public_key()
            .as_ref()
            .strip_prefix(&[4])
            .and_then(|point| <&[u8; PUBLIC_KEY_BYTES]>::try_from(point).ok());
        let point = point.expect("aws-lc gives uncompressed points");
        let dnskey = if flags == FLAGS_KSK { Dnskey::ksk(point) } else { Dnskey::zsk(point) };
        Self { pair, dnskey }
    }

    /// Its DNSKEY.
    pub fn dnskey(&self) -> &Dnskey {
        &self.dnskey
    }

    /// Signs `data`.
    ///
    /// # Panics
    /// When there is no randomness.
    #[expect(clippy::expect_used, reason = "only tests use it, and they must stop")]
    pub fn sign(&self, data: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let signature = self.pair.sign(&SystemRandom::new(), data).expect("there is randomness");
        signature.as_ref().try_into().expect("fixed-length signatures have 64 bytes")
    }
}

/// A zone's keys, signing by one KSK and one ZSK.
#[derive(Debug)]
pub struct TestSigner {
    /// The key-signing key.
    pub ksk: TestKey,
    /// The zone-signing key.
    pub zsk: TestKey,
    /// Times and TTLs.
    pub policy: Policy,
}

impl Default for TestSigner {
    fn default() -> Self {
        Self { ksk: TestKey::ksk(), zsk: TestKey::zsk(), policy: Policy::default() }
    }
}

impl TestSigner {
    /// What a plan needs to sign the zone `apex` at `now`.
    pub fn signing(&self, apex: &Name, now: Timestamp) -> Signing {
        let dnskeys =
            dnskey_set(apex, self.policy.dnskey_ttl_seconds, [self.ksk.dnskey(), self.zsk.dnskey()]);
        let job = SigningJob::new(&dnskeys, self.ksk.dnskey(), apex, self.policy.window(0, now));
        let dnskey_signatures = job.finish(&self.ksk.sign(job.data())).into_iter().collect();
        Signing { zsk: self.zsk.dnskey().clone(), dnskeys, dnskey_signatures }
    }

    /// Makes the signatures that `plan` asks for and applies them.
    ///
    /// # Panics
    /// Never: the signatures are as many as the jobs.
    #[expect(clippy::expect_used, reason = "only tests use it, and they must stop")]
    pub fn finish(&self, plan: Plan) -> (Generation, Delta) {
        let signatures: Vec<_> = plan.jobs().map(|job| self.zsk.sign(job.data())).collect();
        plan.apply(&signatures).expect("there is a signature for each job")
    }

    /// The signed zone of `sets` at `now`.
    pub fn sign_zone(&self, apex: &Name, sets: Vec<Rrset>, now: Timestamp) -> Result<Generation, PlanError> {
        let (zone, _) = self.update(apex, None, Update::Whole(sets), now)?;
        Ok(zone)
    }

    /// The next generation after `previous`.
    pub fn update(
        &self,
        apex: &Name,
        previous: Option<&Generation>,
        update: Update,
        now: Timestamp,
    ) -> Result<(Generation, Delta), PlanError> {
        let signing = self.signing(apex, now);
        let request = Request { apex, previous, update, signing: Some(&signing), policy: &self.policy, now };
        Ok(self.finish(plan(request)?))
    }
}

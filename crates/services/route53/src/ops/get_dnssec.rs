//! Shows whether a zone is signed and its key-signing keys; and what all DNSSEC operations share.

use keyward_base::{Fault, Timestamp};
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53::{ChangeInfo, DNSSECStatus, GetDNSSECRequest, GetDNSSECResponse};
use keyward_store::{Key, Revision, StoreError, Txn, TxnError};

use crate::Route53;
use crate::dnssec::{Dnssec, KeySigningKey, Refusal, Signing};
use crate::kms::{ForZone, KeyProblem, Kms, Unfit};
use crate::rows::{self, DnssecRow, Touched, Visibility, Zone};
use crate::service::{Named, dnssec_row};

/// `route53:GetDNSSEC`.
pub(super) struct GetDnssec;

impl Operation for GetDnssec {
    type Shape = keyward_schema::route53::GetDNSSEC;
    type Service = Route53;
    type Subject = Subject;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &GetDNSSECRequest,
        view: &mut View<'_>,
    ) -> Result<(Subject, Vec<Check>), Fault> {
        Subject::resolve(request, view, &input.hosted_zone_id, "route53:GetDNSSEC").await
    }

    async fn run(_: &Route53, permit: Permit<Self>) -> Result<GetDNSSECResponse, RunError> {
        let (zone, dnssec) = permit.into_subject().public()?;
        let status_message = match &dnssec.signing {
            Signing::InternalFailure(message) => Some(message.clone()),
            _ => None,
        };
        let serve_signature = Some(dnssec.serve_signature().to_owned());
        Ok(GetDNSSECResponse {
            status: DNSSECStatus { serve_signature, status_message },
            key_signing_keys: dnssec.keys.iter().map(|key| key.shown(&zone.name)).collect(),
        })
    }
}

/// A zone and its DNSSEC.
pub(crate) struct Subject {
    zone: Named,
    dnssec: Dnssec,
}

impl Subject {
    /// Finds the zone that a DNSSEC operation names and says which permission it takes.
    pub(super) async fn resolve(
        request: &RequestContext,
        view: &mut View<'_>,
        asked: &str,
        action: &'static str,
    ) -> Result<(Self, Vec<Check>), Fault> {
        let (zone, check) = Route53::named(request, view, asked, action).await?;
        let dnssec = match zone.as_zone() {
            Some(zone) => dnssec_row(view, &zone.id).await?,
            None => Dnssec::default(),
        };
        Ok((Self { zone, dnssec }, vec![check]))
    }

    /// The zone, which must be public.
    pub(super) fn public(self) -> Result<(Zone, Dnssec), Fault> {
        let zone = self.zone.zone()?;
        match zone.visibility {
            Visibility::Public(_) => Ok((zone, self.dnssec)),
            Visibility::Private(_) => Err(Refusal::PrivateZone.into()),
        }
    }

    /// The zone of a key-signing key: an unknown zone has no such key.
    pub(super) fn of_key(self) -> Result<(Zone, Dnssec), Fault> {
        match self.zone.as_zone() {
            Some(_) => self.public(),
            None => Err(Refusal::NoSuchKey.into()),
        }
    }
}

impl Route53 {
    /// Writes a zone's DNSSEC, and that its wish has changed, in one transaction. When another write of the
    /// zone's DNSSEC came first the caller is told, as AWS does; any other lost race is judged again.
    pub(super) async fn commit_dnssec(
        &self,
        txn: Txn,
        mut zone: Zone,
        dnssec: Dnssec,
        now: Timestamp,
    ) -> Result<ChangeInfo, RunError> {
        let txn = txn.put(rows::dnssec(&zone.id), rows::encode(&DnssecRow::V1(dnssec))?);
        let (txn, change_info) = self.change(txn, &mut zone, Touched::Wish, now, None)?;
        let row = rows::dnssec(&zone.id);
        let judged = txn.compares.iter().find(|compare| compare.key == row).map(|compare| compare.revision);
        match self.store.txn(txn).await {
            Ok(_) => Ok(change_info),
            Err(TxnError::Conflict) if judged != Some(self.revision(&row).await?) => {
                Err(Fault::from(Refusal::ConcurrentModification).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn revision(&self, key: &Key) -> Result<Revision, StoreError> {
        Ok(self.store.get(key).await?.map_or(Revision::ABSENT, |row| row.revision))
    }

    /// KMS where key-signing keys must be.
    pub(crate) fn kms(&self) -> Kms<'_> {
        Kms::new(&self.gate, &self.config.kms_region)
    }

    /// Makes sure that the service can still sign with `key` for `zone`.
    pub(super) async fn check_key(&self, key: &KeySigningKey, zone: ForZone<'_>) -> Result<(), Fault> {
        let point = self.kms().check_for_zone(&key.kms_arn, zone).await;
        let same = point.and_then(|point| {
            if point == key.point() { Ok(()) } else { Err(KeyProblem::Refused(Unfit::OtherKey)) }
        });
        same.map_err(|problem| problem.for_caller(&key.kms_arn))
    }

    /// Whether the parent has a DS record for one of `keys`. Not knowing counts as a refusal.
    pub(super) async fn in_parent_ds(&self, zone: &Zone, keys: &[KeySigningKey]) -> Result<bool, Refusal> {
        let delegation = self.delegation(zone).await.map_err(|failure| {
            tracing::warn!(zone = %zone.id, cause = %failure.0, "the parent could not be asked");
            Refusal::ParentUnknown { zone: zone.name.to_string() }
        })?;
        let ds = delegation.map(|delegation| delegation.ds).unwrap_or_default();
        Ok(keys.iter().any(|key| ds.iter().any(|ds| key.is_named_by(ds, &zone.name))))
    }
}

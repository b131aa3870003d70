//! Applies a batch of changes to a zone's record sets, all or nothing.

use std::collections::BTreeSet;

use keyward_base::Fault;
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_policy::ConditionValues;
use keyward_schema::route53::{ChangeResourceRecordSetsRequest, ChangeResourceRecordSetsResponse};

use crate::changes::{Outcome, Refusal, WorkingCopy, read_change};
use crate::rows::{Touched, Zone};
use crate::service::Named;
use crate::{RecordName, Route53, values};

/// `route53:ChangeResourceRecordSets`.
pub(super) struct ChangeResourceRecordSets;

impl Operation for ChangeResourceRecordSets {
    type Shape = keyward_schema::route53::ChangeResourceRecordSets;
    type Service = Route53;
    type Subject = Named;

    async fn resolve(
        _: &Route53,
        request: &RequestContext,
        input: &ChangeResourceRecordSetsRequest,
        view: &mut View<'_>,
    ) -> Result<(Named, Vec<Check>), Fault> {
        let action = "route53:ChangeResourceRecordSets";
        let (zone, check) = Route53::named(request, view, &input.hosted_zone_id, action).await?;
        Ok((zone, vec![check.with_conditions(conditions(input))]))
    }

    async fn run(
        service: &Route53,
        permit: Permit<Self>,
    ) -> Result<ChangeResourceRecordSetsResponse, RunError> {
        let (txn, now, input) = (permit.txn(), permit.request().now, permit.input());
        let (asked, comment) = (input.change_batch.changes.clone(), input.change_batch.comment.clone());
        let mut zone = permit.into_subject().zone()?;
        let outcome = outcome(service, &zone, asked).await?;
        zone.record_sets = zone.record_sets.saturating_add_signed(outcome.growth);
        let touched = Touched::Names(outcome.touched.iter().cloned().collect());
        let (txn, change_info) = service.change(txn, &mut zone, touched, now, comment)?;
        let txn = service.content(&zone.id).write(txn, outcome, zone.version).await?;
        service.store.txn(txn).await?;
        Ok(ChangeResourceRecordSetsResponse { change_info })
    }
}

/// What the batch does to the zone, or AWS's refusal.
async fn outcome(
    service: &Route53,
    zone: &Zone,
    asked: Vec<keyward_schema::route53::Change>,
) -> Result<Outcome, Fault> {
    let read: Result<Vec<_>, Fault> = asked.into_iter().map(read_change).collect();
    let (changes, refusals): (Vec<_>, Vec<_>) = read?.into_iter().partition(Result::is_ok);
    let refusals: Vec<Refusal> = refusals.into_iter().filter_map(Result::err).collect();
    if !refusals.is_empty() {
        return Err(refused(&refusals));
    }
    let changes: Vec<_> = changes.into_iter().filter_map(Result::ok).collect();
    let mut names: BTreeSet<&RecordName> = changes.iter().map(|change| &change.set.name).collect();
    names.insert(&zone.name);
    let sets = service.content(&zone.id).at_names(names).await?;
    let quotas = &service.config.quotas;
    let copy = WorkingCopy::new(&zone.name, sets, quotas.values, &values::read);
    let outcome = copy.apply(&changes).map_err(|refusals| refused(&refusals))?;
    let record_sets_max = quotas.record_sets;
    if outcome.growth > 0 && zone.record_sets.saturating_add_signed(outcome.growth) > record_sets_max {
        return Err(refused(&[Refusal::ZoneFull { zone: zone.name.clone(), record_sets_max }]));
    }
    Ok(outcome)
}

/// Today's live form: every message, in square brackets.
fn refused(refusals: &[Refusal]) -> Fault {
    let messages: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
    Fault::caller("InvalidChangeBatch", format!("[{}]", messages.join(", ")))
}

/// What IAM policies can limit: names (lower case, no trailing dot), types and actions of the batch.
fn conditions(input: &ChangeResourceRecordSetsRequest) -> ConditionValues {
    let changes = || input.change_batch.changes.iter();
    let normalized = |text: &str| match RecordName::parse(text) {
        Ok(name) => name.as_str().trim_end_matches('.').to_owned(),
        // It will be refused; until then no policy may take it for a name that it allows.
        Err(_) => text.to_owned(),
    };
    let names: BTreeSet<String> =
        changes().map(|change| normalized(&change.resource_record_set.name)).collect();
    let types: BTreeSet<&'static str> =
        changes().map(|change| change.resource_record_set.r#type.as_str()).collect();
    let actions: BTreeSet<&'static str> = changes().map(|change| change.action.as_str()).collect();
    ConditionValues::new()
        .with_list("route53:ChangeResourceRecordSetsNormalizedRecordNames", names)
        .with_list("route53:ChangeResourceRecordSetsRecordTypes", types)
        .with_list("route53:ChangeResourceRecordSetsActions", actions)
}

//! How much there can be of what, and how often may be called: AWS's figures, unless the file says otherwise.

use std::collections::BTreeMap;

use keyward_gate::{QuotaClass, Rate, Rates};
use keyward_kms::{QUOTA_CLASSES, ResourceQuotas};

use crate::config::file::{KmsQuotasFile, QuotasFile};
use crate::refusal::Refusal;

/// The services whose requests can be throttled, each with its classes.
const THROTTLED: [(&str, &[&QuotaClass]); 1] = [("kms", QUOTA_CLASSES)];

/// `[throttling.<service>]`: a service without a table is not throttled; in a table a class that is not named
/// has AWS's rate.
pub(super) fn rates(file: &BTreeMap<String, BTreeMap<String, f64>>) -> Result<Rates, Refusal> {
    let mut rates = Rates::default();
    for (service, given) in file {
        let Some((_, classes)) = THROTTLED.iter().find(|(name, _)| name == service) else {
            let known: Vec<_> = THROTTLED.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(Refusal::new(format!("throttling.{service}: no such service; there are {known}")));
        };
        rates.throttle(service);
        for (class, per_second) in given {
            let known = classes.iter().any(|known| known.name == class);
            let rate = Rate::from_fraction(*per_second).filter(|_| known);
            let Some(rate) = rate else { return Err(bad_rate(service, class, known)) };
            rates.set(service, class, rate);
        }
    }
    Ok(rates)
}

fn bad_rate(service: &str, class: &str, known: bool) -> Refusal {
    Refusal::new(if known {
        format!("throttling.{service}.{class}: write requests a second, at least 0.001")
    } else {
        format!("throttling.{service}.{class}: no such class; docs/operations.md lists them")
    })
}

/// `[quotas.kms]`
pub(super) fn kms(file: &QuotasFile) -> ResourceQuotas {
    let KmsQuotasFile { keys, aliases_per_key, grants_per_key } = file.kms;
    let aws = ResourceQuotas::default();
    ResourceQuotas {
        keys: keys.unwrap_or(aws.keys),
        aliases_per_key: aliases_per_key.unwrap_or(aws.aliases_per_key),
        grants_per_key: grants_per_key.unwrap_or(aws.grants_per_key),
    }
}

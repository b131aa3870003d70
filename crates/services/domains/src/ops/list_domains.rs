//! `ListDomains`: the account's domains, by name or by expiry.

use keyward_base::{Fault, Timestamp};
use keyward_gate::{Check, Operation, Permit, RequestContext, RunError, View};
use keyward_schema::route53domains::{
    DomainSummary, FilterCondition, ListDomains as Shape, ListDomainsAttributeName as Attribute,
    ListDomainsRequest, ListDomainsResponse, Operator, SortOrder,
};

use crate::domain::{Domain, State};
use crate::fault::invalid_input;
use crate::rows;
use crate::service::{Domains, check};

/// The operation.
pub(super) struct ListDomains;

impl Operation for ListDomains {
    type Shape = Shape;
    type Service = Domains;
    type Subject = ();

    async fn resolve(
        _service: &Domains,
        request: &RequestContext,
        _input: &ListDomainsRequest,
        _view: &mut View<'_>,
    ) -> Result<((), Vec<Check>), Fault> {
        Ok(((), vec![check("route53domains:ListDomains", request)]))
    }

    async fn run(service: &Domains, permit: Permit<Self>) -> Result<ListDomainsResponse, RunError> {
        let (input, account) = (permit.input(), permit.request().account());
        let sort = input.sort_condition.as_ref();
        let by = sort.map_or(Attribute::DomainName, |sort| sort.name);
        let order = sort.map_or(SortOrder::Asc, |sort| sort.sort_order);
        let filters = input.filter_conditions.as_deref().unwrap_or_default();
        let filters = filters.iter().map(Filter::read).collect::<Result<Vec<_>, _>>()?;
        let mut domains: Vec<Domain> = service.all(&rows::domains(account)).await?;
        domains.retain(|domain| {
            domain.state == State::Registered && filters.iter().all(|filter| filter.lets(domain))
        });
        let place = |domain: &Domain| match by {
            Attribute::Expiry => format!("{:020}/{}", domain.expires.unix_millis(), domain.name),
            _ => domain.name.to_string(),
        };
        let asked = format!("{by}/{order}/{:?}", input.filter_conditions);
        let wanted = (input.max_items, input.marker.as_deref());
        let list = ("ListDomains", &[asked.as_str()][..]);
        let paged = service.page(permit.request(), list, (domains, order), place, wanted)?;
        let domains = paged.entries.iter().map(summary).collect();
        Ok(ListDomainsResponse { domains: Some(domains), next_page_marker: paged.next })
    }
}

fn summary(domain: &Domain) -> DomainSummary {
    DomainSummary {
        domain_name: Some(domain.name.to_string()),
        auto_renew: Some(domain.auto_renew),
        transfer_lock: Some(domain.transfer_lock),
        expiry: Some(domain.expires),
    }
}

/// A condition on domains.
#[derive(Debug)]
enum Filter {
    BeginsWith(String),
    ExpiresBy(Timestamp),
    ExpiresFrom(Timestamp),
}

impl Filter {
    fn read(condition: &FilterCondition) -> Result<Self, Fault> {
        let value = condition.values.first().map_or("", String::as_str);
        match (condition.name, condition.operator) {
            (Attribute::DomainName, Operator::BeginsWith) => Ok(Self::BeginsWith(value.to_lowercase())),
            (Attribute::Expiry, Operator::Le) => Ok(Self::ExpiresBy(moment(value)?)),
            (Attribute::Expiry, Operator::Ge) => Ok(Self::ExpiresFrom(moment(value)?)),
            (name, operator) => {
                Err(invalid_input(format!("The operator {operator} can't be used with {name}.")))
            }
        }
    }

    fn lets(&self, domain: &Domain) -> bool {
        match self {
            Self::BeginsWith(start) => domain.name.as_str().starts_with(start),
            Self::ExpiresBy(moment) => domain.expires <= *moment,
            Self::ExpiresFrom(moment) => domain.expires >= *moment,
        }
    }
}

/// Seconds since the epoch, or RFC 3339.
fn moment(text: &str) -> Result<Timestamp, Fault> {
    let seconds = text.parse().ok().map(Timestamp::from_unix_seconds);
    let moment = seconds.or_else(|| Timestamp::parse_rfc3339(text));
    moment.ok_or_else(|| invalid_input(format!("The Expiry '{text}' is not a time in Unix format.")))
}

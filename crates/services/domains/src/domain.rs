//! A registered domain, and how its state moves. Pure.
//!
//! ```text
//! Registering --REGISTER_DOMAIN succeeds--> Registered --an operation succeeds--> Registered
//! Registering --REGISTER_DOMAIN fails-----> gone
//! ```

use keyward_base::{AccountId, Fault, Timestamp};
use keyward_registry::{Delegation, DsRecord, NameServer};
use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::fault::internal;
use crate::name::DomainName;
use crate::operation::OperationId;

/// A domain as stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Domain {
    /// Its name.
    pub(crate) name: DomainName,
    /// Whose it is.
    pub(crate) account: AccountId,
    /// Whether it is the account's yet.
    pub(crate) state: State,
    /// Who it is registered to, and who looks after it.
    pub(crate) contacts: Contacts,
    /// Whether it is to be renewed when it expires.
    pub(crate) auto_renew: bool,
    /// Whether transfers to another registrar are refused.
    pub(crate) transfer_lock: bool,
    /// What the registry says of it, as of the last operation that succeeded.
    pub(crate) delegation: Delegation,
    /// The registry's id of it.
    pub(crate) registry_id: String,
    /// When it was registered.
    pub(crate) created: Timestamp,
    /// When it last changed.
    pub(crate) updated: Timestamp,
    /// Until when it is paid for.
    pub(crate) expires: Timestamp,
    /// The operation that is under way; one at a time.
    pub(crate) open: Option<OperationId>,
}

/// Whether a domain is its account's yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Its registration is under way.
    Registering,
    /// It is.
    Registered,
}

/// A domain's contacts, each with whether it is kept from the public.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contacts {
    /// The administrative contact.
    pub(crate) admin: (Contact, bool),
    /// Who it is registered to.
    pub(crate) registrant: (Contact, bool),
    /// The technical contact.
    pub(crate) tech: (Contact, bool),
    /// Who pays.
    pub(crate) billing: Option<(Contact, bool)>,
}

/// What an operation does to its domain when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Effect {
    /// It becomes the account's, delegated to the servers of its hosted zone once they are known.
    Register(Vec<NameServer>),
    /// It is delegated to these servers.
    SetNameServers(Vec<NameServer>),
    /// It gets a DS record.
    AddKey(DsRecord),
    /// It loses a DS record.
    RemoveKey(DsRecord),
}

impl Effect {
    /// What the registry is to say once the effect is there.
    pub(crate) fn applied(&self, now: &Delegation) -> Delegation {
        let mut next = now.clone();
        match self {
            Self::Register(servers) | Self::SetNameServers(servers) => next.name_servers = servers.clone(),
            Self::AddKey(ds) if next.ds.contains(ds) => {}
            Self::AddKey(ds) => next.ds.push(ds.clone()),
            Self::RemoveKey(ds) => next.ds.retain(|other| other != ds),
        }
        next
    }
}

impl Domain {
    /// The domain after its open operation succeeded.
    pub(crate) fn succeeded(mut self, effect: &Effect, now: Timestamp) -> Self {
        self.delegation = effect.applied(&self.delegation);
        self.state = State::Registered;
        self.updated = now;
        self.open = None;
        self
    }

    /// The domain after its open operation failed; `None` when it never became the account's.
    pub(crate) fn failed(mut self) -> Option<Self> {
        self.open = None;
        (self.state == State::Registered).then_some(self)
    }

    /// EPP's statuses (RFC 5731 section 2.3).
    pub(crate) fn statuses(&self) -> Vec<String> {
        let status = if self.transfer_lock { "clientTransferProhibited" } else { "ok" };
        vec![status.to_owned()]
    }
}

/// `moment` so many years later, by the calendar; February 29 becomes the 28th.
pub(crate) fn years_after(moment: Timestamp, years: i32) -> Result<Timestamp, Fault> {
    let stamp = jiff::Timestamp::from_millisecond(moment.unix_millis()).map_err(internal)?;
    let civil = stamp.to_zoned(jiff::tz::TimeZone::UTC);
    let later = civil.checked_add(jiff::Span::new().years(years)).map_err(internal)?;
    Ok(Timestamp::from_unix_millis(later.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ds(tag: u16) -> DsRecord {
        DsRecord { tag, algorithm: 13, digest_type: 2, digest: vec![1; 32] }
    }

    #[test]
    fn effects_may_be_applied_again() {
        let start = Delegation { name_servers: Vec::new(), ds: vec![ds(1)] };
        let added = Effect::AddKey(ds(2)).applied(&start);
        assert_eq!(added.ds, [ds(1), ds(2)]);
        assert_eq!(Effect::AddKey(ds(2)).applied(&added), added);
        let removed = Effect::RemoveKey(ds(1)).applied(&added);
        assert_eq!(removed.ds, [ds(2)]);
        assert_eq!(Effect::RemoveKey(ds(1)).applied(&removed), removed);
    }

    #[test]
    fn a_domain_of_version_1_has_these_bytes() {
        let text = |text: &str| Some(keyward_schema::Sensitive::new(text.to_owned()));
        let detail = keyward_schema::route53domains::ContactDetail {
            first_name: text("Ada"),
            last_name: text("Lovelace"),
            address_line1: text("1 Analytical Street"),
            city: text("London"),
            country_code: "GB".parse().ok(),
            zip_code: text("N1 1AA"),
            phone_number: text("+44.2012345678"),
            email: text("ada@example.com"),
            ..Default::default()
        };
        let contact = (Contact::read("admin", &detail).unwrap(), true);
        let domain = Domain {
            name: DomainName::parse("a.org").unwrap(),
            account: "111122223333".parse().unwrap(),
            state: State::Registered,
            contacts: Contacts {
                admin: contact.clone(),
                registrant: contact.clone(),
                tech: contact,
                billing: None,
            },
            auto_renew: true,
            transfer_lock: true,
            delegation: Delegation { name_servers: Vec::new(), ds: vec![ds(300)] },
            registry_id: "D1-ORG".to_owned(),
            created: Timestamp::from_unix_millis(1),
            updated: Timestamp::from_unix_millis(2),
            expires: Timestamp::from_unix_millis(3),
            open: None,
        };
        let bytes = crate::rows::encode(&domain).unwrap();
        let golden: String = include_str!("domain/v1.hex").split_whitespace().collect();
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), golden);
        assert!(crate::rows::decode::<Domain>(&bytes).unwrap() == domain);
    }

    #[test]
    fn years_follow_the_calendar() {
        let leap = Timestamp::parse_rfc3339("2028-02-29T12:00:00Z").unwrap();
        assert_eq!(years_after(leap, 1).unwrap().iso8601_seconds(), "2029-02-28T12:00:00Z");
        assert_eq!(years_after(leap, 4).unwrap().iso8601_seconds(), "2032-02-29T12:00:00Z");
    }
}

//! Who a domain is registered to and who looks after it. Personal data: no `Debug`, shown to its owner only.

use keyward_base::Fault;
use keyward_schema::Sensitive;
use keyward_schema::route53domains::{ContactDetail, ContactType, CountryCode, ExtraParam, ExtraParamName};
use serde::{Deserialize, Serialize};

use crate::fault::invalid_input;

/// A contact as stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contact {
    texts: [Option<String>; TEXTS],
    kind: Option<ContactType>,
    country: Option<CountryCode>,
    extra: Option<Vec<(ExtraParamName, String)>>,
}

/// A contact's free texts, in the order in which they are stored.
const TEXTS: usize = 11;
/// Their names in the API.
const NAMES: [&str; TEXTS] = [
    "FirstName",
    "LastName",
    "OrganizationName",
    "AddressLine1",
    "AddressLine2",
    "City",
    "State",
    "ZipCode",
    "PhoneNumber",
    "Email",
    "Fax",
];
/// Those that every contact needs (developer guide, "Values that you specify when you register a domain").
const REQUIRED: [&str; 7] =
    ["FirstName", "LastName", "AddressLine1", "City", "ZipCode", "PhoneNumber", "Email"];

impl Contact {
    /// Reads a request's contact; `role` says which one in a refusal.
    pub(crate) fn read(role: &str, detail: &ContactDetail) -> Result<Self, Fault> {
        let contact = Self::of(detail);
        contact
            .check()
            .map_err(|problem| invalid_input(format!("The {role} contact is not valid: {problem}.")))?;
        Ok(contact)
    }

    fn of(detail: &ContactDetail) -> Self {
        let text = |text: &Option<Sensitive<String>>| {
            text.as_ref().map(|text| text.expose().clone()).filter(|text| !text.is_empty())
        };
        let extra = |param: &ExtraParam| (param.name, param.value.expose().clone());
        Self {
            texts: [
                text(&detail.first_name),
                text(&detail.last_name),
                text(&detail.organization_name),
                text(&detail.address_line1),
                text(&detail.address_line2),
                text(&detail.city),
                text(&detail.state),
                text(&detail.zip_code),
                text(&detail.phone_number),
                text(&detail.email),
                text(&detail.fax),
            ],
            kind: detail.contact_type,
            country: detail.country_code,
            extra: detail.extra_params.as_ref().map(|params| params.iter().map(extra).collect()),
        }
    }

    /// It as answers show it.
    pub(crate) fn show(&self) -> ContactDetail {
        let [first, last, organization, line1, line2, city, state, zip, phone, email, fax] =
            self.texts.clone().map(|text| text.map(Sensitive::new));
        let extra = |(name, value): &(ExtraParamName, String)| ExtraParam {
            name: *name,
            value: Sensitive::new(value.clone()),
        };
        ContactDetail {
            first_name: first,
            last_name: last,
            contact_type: self.kind,
            organization_name: organization,
            address_line1: line1,
            address_line2: line2,
            city,
            state,
            country_code: self.country,
            zip_code: zip,
            phone_number: phone,
            email,
            fax,
            extra_params: self.extra.as_ref().map(|params| params.iter().map(extra).collect()),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        let at = NAMES.iter().position(|known| *known == name)?;
        self.texts.get(at)?.as_deref()
    }

    fn check(&self) -> Result<(), String> {
        if let Some(missing) = REQUIRED.iter().find(|name| self.text(name).is_none()) {
            return Err(format!("{missing} is missing"));
        }
        if self.country.is_none() {
            return Err("CountryCode is missing".to_owned());
        }
        let person = matches!(self.kind, None | Some(ContactType::Person));
        if !person && self.text("OrganizationName").is_none() {
            return Err("OrganizationName is missing, which every ContactType but PERSON needs".to_owned());
        }
        for name in ["PhoneNumber", "Fax"] {
            if self.text(name).is_some_and(|number| !is_phone_number(number)) {
                return Err(format!("{name} has not the form +<country code>.<number>"));
            }
        }
        if self.text("Email").is_some_and(|email| !is_email(email)) {
            return Err("Email is not an address".to_owned());
        }
        Ok(())
    }
}

/// `+cc.number`, as EPP has it (RFC 5733 section 2.5, `e164StringType`).
fn is_phone_number(text: &str) -> bool {
    let Some((country, number)) = text.strip_prefix('+').and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let digits =
        |text: &str, max| (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(country, 3) && digits(number, 14)
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.contains('@'))
}

#[cfg(test)]
mod tests;

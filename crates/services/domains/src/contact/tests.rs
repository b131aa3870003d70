//! Contacts come back as they were given, and incomplete ones are refused by name.

use super::*;

fn ada() -> ContactDetail {
    let text = |text: &str| Some(Sensitive::new(text.to_owned()));
    ContactDetail {
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        contact_type: Some(ContactType::Person),
        address_line1: text("1 Analytical Street"),
        city: text("London"),
        country_code: Some(CountryCode::Gb),
        zip_code: text("N1 1AA"),
        phone_number: text("+44.2012345678"),
        email: text("ada@example.com"),
        extra_params: Some(vec![ExtraParam {
            name: ExtraParamName::UkContactType,
            value: Sensitive::new("IND".to_owned()),
        }]),
        ..ContactDetail::default()
    }
}

#[test]
fn a_contact_comes_back_as_it_was_given() {
    let contact = Contact::read("admin", &ada()).unwrap();
    assert_eq!(contact.show(), ada());
    let stored = postcard::to_stdvec(&contact).unwrap();
    assert!(postcard::from_bytes::<Contact>(&stored).unwrap() == contact);
}

#[test]
fn an_incomplete_contact_is_refused_by_name() {
    let refuse = |change: &dyn Fn(&mut ContactDetail)| {
        let mut detail = ada();
        change(&mut detail);
        let fault = Contact::read("tech", &detail).err().unwrap();
        assert_eq!(fault.code(), "InvalidInput");
        fault.message().unwrap().to_owned()
    };
    assert!(
        refuse(&|detail| detail.first_name = None)
            .contains("tech contact is not valid: FirstName is missing")
    );
    assert!(refuse(&|detail| detail.city = Some(Sensitive::new(String::new()))).contains("City is missing"));
    assert!(refuse(&|detail| detail.country_code = None).contains("CountryCode"));
    assert!(refuse(&|detail| detail.contact_type = Some(ContactType::Company)).contains("OrganizationName"));
    for wrong in ["123", "+44", "+44.", "+44.12a", "44.123", "+4444.1", "+44.123456789012345"] {
        let text = refuse(&|detail| detail.phone_number = Some(Sensitive::new(wrong.to_owned())));
        assert!(text.contains("PhoneNumber"), "{wrong}");
    }
    for wrong in ["ada", "@example.com", "ada@example", "a@b@c.d"] {
        let text = refuse(&|detail| detail.email = Some(Sensitive::new(wrong.to_owned())));
        assert!(text.contains("Email"), "{wrong}");
    }
}

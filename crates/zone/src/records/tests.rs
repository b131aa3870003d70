//! Each type's values, AWS's words for bad ones, and that text and bytes lead to each other.

use proptest::prelude::*;

use super::*;

fn hex(rtype: Rtype, value: &str) -> String {
    data_encoding::HEXLOWER.encode(&parse(rtype, value).unwrap())
}

fn error(rtype: Rtype, value: &str) -> String {
    parse(rtype, value).unwrap_err().to_string()
}

/// One good value of every type.
const SAMPLES: [(Rtype, &str); 22] = [
    (Rtype::A, "192.0.2.1"),
    (Rtype::AAAA, "2001:db8::192.0.2.1"),
    (Rtype::CAA, "0 issue \"ca.example.net; account=1\""),
    (Rtype::CNAME, "www.example.com"),
    (Rtype::DS, "27578 13 2 21ED5500B0889DD9842798DCDD7F7D63DD65A64A2C3662A6AEC739E7239013EA"),
    (Rtype::HTTPS, "0 svc.example.com"),
    (Rtype::HTTPS, "1 . alpn=\"h2,h3\" ipv4hint=192.0.2.1,192.0.2.2 no-default-alpn port=8443"),
    (Rtype::MX, "10 mail.example.com."),
    (Rtype::NAPTR, "100 50 \"u\" \"E2U+sip\" \"!^.*$!sip:a@example.com!\" ."),
    (Rtype::NAPTR, "100 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com."),
    (Rtype::NS, "ns-1.example.com"),
    (Rtype::PTR, "host.example.com"),
    (Rtype::SOA, "ns.example. hostmaster.example. 1 7200 900 1209600 86400"),
    (Rtype::SPF, "\"v=spf1 -all\""),
    (Rtype::SRV, "1 2 443 www.example.com"),
    (Rtype::SSHFP, "4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789"),
    (
        Rtype::SVCB,
        "16 foo.example.org. mandatory=ipv4hint,alpn alpn=h2,h3-19 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
    ),
    (Rtype::SVCB, "1 foo.example.com. key667=\"hello\" dohpath=/q{?dns}"),
    (Rtype::SVCB, "1 . ech=\"AEj+DQBEAQ==\" alpn=\"a\\\\,b,c\\\\\\\\d\" key9=\"\\001 \\\"\""),
    (Rtype::SVCB, "1 . key65535"),
    (Rtype::TLSA, "3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971"),
    (Rtype::TXT, "\"one\" \"two \\\"quoted\\\"\" \"\""),
];

#[test]
fn every_type_is_read_printed_and_read_again() {
    for (rtype, value) in SAMPLES {
        let rdata = parse(rtype, value).unwrap();
        let printed = print(rtype, &rdata);
        assert!(!printed.starts_with("\\#"), "{rtype} {printed}");
        assert_eq!(parse_with(rtype, &printed, Escapes::Decimal).as_ref(), Ok(&rdata), "{rtype} {printed}");
    }
    let known: std::collections::BTreeSet<u16> = SAMPLES.iter().map(|(rtype, _)| rtype.to_int()).collect();
    assert_eq!(known, TYPES.iter().map(|(rtype, _)| rtype.to_int()).collect());
}

#[test]
fn names_in_data_are_canonical() {
    //= rfc4034#section-6.2
    assert_eq!(hex(Rtype::NS, "NS.Example"), "026e73076578616d706c6500");
    assert_eq!(hex(Rtype::MX, "10 A."), "000a016100");
    assert_eq!(hex(Rtype::CNAME, "\\052.a"), "012a016100");
}

#[test]
fn octal_escapes_become_octets() {
    assert_eq!(hex(Rtype::TXT, "\"\\101\\\\\\\"\""), "03415c22");
    assert_eq!(parse_with(Rtype::TXT, "\"\\065\"", Escapes::Decimal), Ok(vec![1, b'A']));
    assert_eq!(error(Rtype::TXT, "\"\\999\"").split(' ').nth(2), Some("InvalidCharacterString"));
}

#[test]
fn svcb_has_the_vectors_of_the_rfc() {
    //= rfc9460#appendix-D.2
    assert_eq!(hex(Rtype::HTTPS, "0 foo.example.com."), "000003666f6f076578616d706c6503636f6d00");
    assert_eq!(hex(Rtype::SVCB, "1 ."), "000100");
    assert_eq!(
        hex(Rtype::SVCB, "16 foo.example.com. port=53"),
        "001003666f6f076578616d706c6503636f6d00000300020035"
    );
    assert_eq!(
        hex(Rtype::SVCB, "1 foo.example.com. key667=\"hello\\322qoo\""),
        "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f"
    );
    let with_order = "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1";
    let wire =
        "001003666f6f076578616d706c65036f7267000000000400010004000100090268320568332d313900040004c0000201";
    assert_eq!(hex(Rtype::SVCB, with_order), wire);
    assert_eq!(
        hex(Rtype::SVCB, r#"16 foo.example.org. alpn="f\\\\oo\\,bar,h2""#),
        "001003666f6f076578616d706c65036f726700000100".to_owned() + "0c08665c6f6f2c626172026832"
    );
    //= rfc9460#appendix-D.3
    for wrong in [
        "1 foo.example.com. key123=abc key123=def",
        "1 foo.example.com. mandatory",
        "1 foo.example.com. alpn",
        "1 foo.example.com. port",
        "1 foo.example.com. ipv4hint",
        "1 foo.example.com. no-default-alpn=abc",
        "1 foo.example.com. mandatory=key123",
        "1 foo.example.com. mandatory=mandatory",
        "1 foo.example.com. mandatory=key123,key123 key123=abc",
        "1 foo.example.com. unknown=1",
        "0 foo.example.com. port=1",
    ] {
        assert!(parse(Rtype::SVCB, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn bad_values_are_refused_in_aws_words() {
    let long = "a".repeat(256);
    assert_eq!(
        error(Rtype::TXT, &format!("\"{long}\"")),
        format!("FATAL problem: CharacterStringTooLong (Value is too long) encountered with '{long}'")
    );
    assert_eq!(
        error(Rtype::TXT, "bare"),
        "FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'bare'"
    );
    assert_eq!(
        error(Rtype::A, "1.2.3"),
        "FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '1.2.3'"
    );
    assert_eq!(
        error(Rtype::AAAA, "1.2.3.4"),
        "FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '1.2.3.4'"
    );
    assert_eq!(
        error(Rtype::CNAME, "a..b"),
        "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..b'"
    );
}

#[test]
fn refuses_each_kind_of_bad_field() {
    for (rtype, wrong) in [
        (Rtype::A, ""),
        (Rtype::A, "01.2.3.4"),
        (Rtype::A, "1.2.3.4 1.2.3.4"),
        (Rtype::MX, "65536 a"),
        (Rtype::MX, "-1 a"),
        (Rtype::MX, "+1 a"),
        (Rtype::MX, "a"),
        (Rtype::MX, "1 a b"),
        (Rtype::NS, "a b"),
        (Rtype::NS, "\"a\""),
        (Rtype::NS, "a\nb"),
        (Rtype::NS, "ä"),
        (Rtype::TXT, "\"a\"\"b\""),
        (Rtype::TXT, "\"open"),
        (Rtype::TXT, "\"\\\""),
        (Rtype::CAA, "256 issue \"a\""),
        (Rtype::CAA, "0 is-sue \"a\""),
        (Rtype::CAA, "0 issue a"),
        (Rtype::DS, "1 13 2 ABCD"),
        (Rtype::DS, "1 13 2 XY"),
        (Rtype::SOA, "a b 1 2 3 4"),
        (Rtype::SRV, "1 2 a"),
        (Rtype::NAPTR, "1 2 \"\" \"\" \"!a!b!\" c."),
        (Rtype::SSHFP, "1 1 0"),
        (Rtype::TLSA, "3 1 1"),
        (Rtype::HINFO, "a b"),
    ] {
        assert!(parse(rtype, wrong).is_err(), "{rtype} {wrong}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(value in "\\PC{0,40}", ascii in "[ -~]{0,60}", at in 0..TYPES.len()) {
        let _ = parse(TYPES[at].0, &value);
        if let Ok(rdata) = parse(TYPES[at].0, &ascii) {
            prop_assert_eq!(parse_with(TYPES[at].0, &print(TYPES[at].0, &rdata), Escapes::Decimal), Ok(rdata));
        }
    }

    #[test]
    fn no_bytes_panic(rdata in proptest::collection::vec(any::<u8>(), 0..80), rtype in any::<u16>(), at in 0..TYPES.len()) {
        let _ = print(Rtype::from_int(rtype), &rdata);
        let _ = print(TYPES[at].0, &rdata);
    }

    #[test]
    fn any_strings_come_back(strings in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..4)) {
        let mut value = String::new();
        let mut wire = Vec::new();
        for string in strings {
            let octal: String = string.iter().map(|byte| format!("\\{byte:03o}")).collect();
            value.push_str(&format!("\"{octal}\" "));
            fields::push_string(&string, &mut wire).unwrap();
        }
        prop_assert_eq!(parse(Rtype::TXT, &value), Ok(wire.clone()));
        prop_assert_eq!(parse_with(Rtype::TXT, &print(Rtype::TXT, &wire), Escapes::Decimal), Ok(wire));
    }
}

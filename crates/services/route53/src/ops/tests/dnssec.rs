//! Every error of the DNSSEC operations, with AWS's code; and what each does when it goes well.

use keyward_gate::testing;
use keyward_schema::kms::{KeyManagerType, KeySpec, KeyState, KeyUsageType};
use keyward_schema::route53::{
    ActivateKeySigningKey, ActivateKeySigningKeyRequest, ChangeResourceRecordSets, CreateHostedZone,
    CreateKeySigningKey, CreateKeySigningKeyRequest, CreateKeySigningKeyResponse, DeactivateKeySigningKey,
    DeactivateKeySigningKeyRequest, DeleteHostedZone, DeleteHostedZoneRequest, DeleteKeySigningKey,
    DeleteKeySigningKeyRequest, DisableHostedZoneDNSSEC, DisableHostedZoneDNSSECRequest,
    EnableHostedZoneDNSSEC, EnableHostedZoneDNSSECRequest, GetDNSSEC, GetDNSSECRequest, GetDNSSECResponse,
    GetHostedZone, GetHostedZoneRequest,
};

use crate::bench::{Bench, account, bare, batch, change, other_account, private, public};
use crate::{Delegation, ParentDs};

type Refusal = (String, String);

fn create(zone: &str, arn: &str, name: &str, status: &str) -> CreateKeySigningKeyRequest {
    CreateKeySigningKeyRequest {
        caller_reference: format!("reference {name}"),
        hosted_zone_id: zone.to_owned(),
        key_management_service_arn: arn.to_owned(),
        name: name.to_owned(),
        status: status.to_owned(),
    }
}

impl Bench {
    async fn key(&self, zone: &str, name: &str, status: &str) -> CreateKeySigningKeyResponse {
        let arn = self.kms.key(name);
        self.call::<CreateKeySigningKey>(create(zone, &arn, name, status)).await.unwrap()
    }

    async fn create_refused(&self, zone: &str, arn: &str, name: &str, status: &str) -> Refusal {
        let before = self.rows();
        let refusal = self.refusal::<CreateKeySigningKey>(create(zone, arn, name, status)).await;
        assert_eq!(self.rows(), before);
        refusal
    }

    async fn activate(&self, zone: &str, name: &str) -> Result<String, Refusal> {
        let input = ActivateKeySigningKeyRequest { hosted_zone_id: zone.to_owned(), name: name.to_owned() };
        let answer = self.call::<ActivateKeySigningKey>(input).await.map_err(crate::bench::told)?;
        Ok(answer.change_info.status.to_string())
    }

    async fn deactivate(&self, zone: &str, name: &str) -> Result<String, Refusal> {
        let input = DeactivateKeySigningKeyRequest { hosted_zone_id: zone.to_owned(), name: name.to_owned() };
        let answer = self.call::<DeactivateKeySigningKey>(input).await.map_err(crate::bench::told)?;
        Ok(answer.change_info.status.to_string())
    }

    async fn delete_key(&self, zone: &str, name: &str) -> Result<String, Refusal> {
        let input = DeleteKeySigningKeyRequest { hosted_zone_id: zone.to_owned(), name: name.to_owned() };
        let answer = self.call::<DeleteKeySigningKey>(input).await.map_err(crate::bench::told)?;
        Ok(answer.change_info.status.to_string())
    }

    async fn enable(&self, zone: &str) -> Result<String, Refusal> {
        let input = EnableHostedZoneDNSSECRequest { hosted_zone_id: zone.to_owned() };
        let answer = self.call::<EnableHostedZoneDNSSEC>(input).await.map_err(crate::bench::told)?;
        Ok(answer.change_info.status.to_string())
    }

    async fn disable(&self, zone: &str) -> Result<String, Refusal> {
        let input = DisableHostedZoneDNSSECRequest { hosted_zone_id: zone.to_owned() };
        let answer = self.call::<DisableHostedZoneDNSSEC>(input).await.map_err(crate::bench::told)?;
        Ok(answer.change_info.status.to_string())
    }

    async fn dnssec(&self, zone: &str) -> GetDNSSECResponse {
        self.call::<GetDNSSEC>(GetDNSSECRequest { hosted_zone_id: zone.to_owned() }).await.unwrap()
    }

    async fn serve_signature(&self, zone: &str) -> String {
        self.dnssec(zone).await.status.serve_signature.unwrap()
    }
}

fn code(answer: Result<String, Refusal>) -> String {
    answer.unwrap_err().0
}

#[tokio::test]
async fn makes_a_key_and_shows_it() {
    let bench = Bench::new();
    let zone = bench.zone("animalsforlife.org").await;
    let made = bench.key(&zone, "A4LKSK", "ACTIVE").await;
    assert_eq!(made.change_info.status.as_str(), "PENDING");
    assert_eq!(
        made.location,
        format!("https://route53.amazonaws.com/2013-04-01/keysigningkey/{zone}/A4LKSK")
    );
    let key = made.key_signing_key;
    assert_eq!(
        (key.flag, key.signing_algorithm_type, key.digest_algorithm_type),
        (Some(257), Some(13), Some(2))
    );
    assert_eq!(key.signing_algorithm_mnemonic.as_deref(), Some("ECDSAP256SHA256"));
    assert_eq!(key.digest_algorithm_mnemonic.as_deref(), Some("SHA-256"));
    assert_eq!(key.status.as_deref(), Some("ACTIVE"));
    let ds = format!("{} 13 2 {}", key.key_tag.unwrap(), key.digest_value.as_deref().unwrap());
    assert_eq!(key.ds_record, Some(ds));
    assert_eq!(key.dnskey_record, Some(format!("257 3 13 {}", key.public_key.as_deref().unwrap())));
    let shown = bench.dnssec(&zone).await;
    assert_eq!(shown.status.serve_signature.as_deref(), Some("NOT_SIGNING"));
    assert_eq!(shown.key_signing_keys, [key]);
}

#[tokio::test]
async fn a_zone_that_never_had_dnssec_is_not_signing() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let shown = bench.dnssec(&zone).await;
    assert_eq!(shown.status.serve_signature.as_deref(), Some("NOT_SIGNING"));
    assert!(shown.key_signing_keys.is_empty());
}

#[tokio::test]
async fn refuses_zones_names_and_statuses() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let arn = bench.kms.key("k");
    let inside = bench.call::<CreateHostedZone>(private("b.org", "p", "vpc-1")).await.unwrap();
    let inside = bare(&inside.hosted_zone.id);
    assert_eq!(bench.create_refused("Z404", &arn, "KSK", "ACTIVE").await.0, "NoSuchHostedZone");
    assert_eq!(bench.create_refused(&inside, &arn, "KSK", "ACTIVE").await.0, "InvalidArgument");
    assert_eq!(bench.create_refused(&zone, &arn, "K-SK", "ACTIVE").await.0, "InvalidKeySigningKeyName");
    assert_eq!(bench.create_refused(&zone, &arn, "KSK", "active").await.0, "InvalidKeySigningKeyStatus");
    assert_eq!(bench.create_refused(&zone, &arn, "KSK", "DELETING").await.0, "InvalidKeySigningKeyStatus");
}

#[tokio::test]
async fn two_keys_with_names_and_kms_keys_of_their_own_and_no_third() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let first = bench.key(&zone, "one", "ACTIVE").await.key_signing_key.kms_arn.unwrap();
    let other = bench.kms.key("other");
    assert_eq!(bench.create_refused(&zone, &other, "one", "ACTIVE").await.0, "KeySigningKeyAlreadyExists");
    assert_eq!(bench.create_refused(&zone, &first, "two", "ACTIVE").await.0, "KeySigningKeyAlreadyExists");
    bench.call::<CreateKeySigningKey>(create(&zone, &other, "two", "INACTIVE")).await.unwrap();
    let third = bench.kms.key("third");
    assert_eq!(bench.create_refused(&zone, &third, "three", "ACTIVE").await.0, "TooManyKeySigningKeys");
    // One KMS key may serve several zones.
    let second = bench.zone("b.org").await;
    bench.call::<CreateKeySigningKey>(create(&second, &first, "one", "ACTIVE")).await.unwrap();
}

#[tokio::test]
async fn the_kms_key_must_fit() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let refused = async |arn: &str| {
        let (code, text) = bench.create_refused(&zone, arn, "KSK", "ACTIVE").await;
        assert_eq!(code, "InvalidKMSArn", "{text}");
        text
    };
    let arn = bench.kms.key("k");
    for wrong in [
        "k",
        "arn:aws:kms:us-east-1:111122223333:alias/k",
        "arn:aws:sns:us-east-1:111122223333:key/k",
        "arn:aws-cn:kms:us-east-1:111122223333:key/k",
    ] {
        assert!(refused(wrong).await.contains("not the ARN of a customer managed key"), "{wrong}");
    }
    assert!(refused(&arn.replace("us-east-1", "eu-central-1")).await.contains("us-east-1 Region"));
    let granted = "did not grant all required permissions for DNSSEC usage. Please review your key-policy, and verify that you and Route 53 have permissions to perform the following actions: DescribeKey, GetPublicKey, and Sign.";
    assert!(refused(&arn.replace("key/k", "key/none")).await.contains(granted));
    bench.kms.set(&arn, |key| key.spec = KeySpec::EccNistP384);
    assert!(refused(&arn).await.contains("ECC_NIST_P256, but has ECC_NIST_P384"));
    bench.kms.set(&arn, |key| (key.spec, key.usage) = (KeySpec::EccNistP256, KeyUsageType::KeyAgreement));
    assert!(refused(&arn).await.contains("SIGN_VERIFY, but has KEY_AGREEMENT"));
    bench.kms.set(&arn, |key| (key.usage, key.state) = (KeyUsageType::SignVerify, KeyState::Disabled));
    assert!(refused(&arn).await.contains("its state is Disabled"));
    bench.kms.set(&arn, |key| key.state = KeyState::PendingDeletion);
    assert!(refused(&arn).await.contains("its state is PendingDeletion"));
    bench.kms.set(&arn, |key| (key.state, key.manager) = (KeyState::Enabled, KeyManagerType::Aws));
    assert!(refused(&arn).await.contains("must be a customer managed key"));
    bench.kms.set(&arn, |key| key.manager = KeyManagerType::Customer);
    bench.kms.set_away(true);
    assert!(refused(&arn).await.contains("Please retry later"));
    bench.kms.set_away(false);
    bench.call::<CreateKeySigningKey>(create(&zone, &arn, "KSK", "ACTIVE")).await.unwrap();
}

/// A key policy for the account and, with these actions and this condition, for Route 53.
fn policy(actions: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111122223333:root"}},"Action":"kms:*","Resource":"*"}},
        {{"Effect":"Allow","Principal":{{"Service":"dnssec-route53.amazonaws.com"}},"Action":{actions},"Resource":"*"{condition}}}]}}"#
    )
}

#[tokio::test]
async fn the_key_policy_must_let_route_53_describe_read_and_sign_for_this_zone() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let arn = bench.kms.key("k");
    let all = r#"["kms:DescribeKey","kms:GetPublicKey","kms:Sign"]"#;
    let account_is = |id: &str| format!(r#","Condition":{{"StringEquals":{{"aws:SourceAccount":"{id}"}}}}"#);
    let source_is = |arn: &str| format!(r#","Condition":{{"ArnEquals":{{"aws:SourceArn":"{arn}"}}}}"#);
    let wrong = [
        policy(r#"["kms:DescribeKey","kms:GetPublicKey"]"#, ""),
        policy(r#"["kms:DescribeKey","kms:Sign"]"#, ""),
        policy(r#"["kms:GetPublicKey","kms:Sign"]"#, ""),
        policy(all, &account_is("444455556666")),
        policy(all, &source_is("arn:aws:route53:::hostedzone/ZOTHER")),
        policy(all, "").replace("dnssec-route53", "route53"),
    ];
    for text in &wrong {
        bench.kms.set_policy(&arn, text);
        let (code, message) = bench.create_refused(&zone, &arn, "KSK", "ACTIVE").await;
        assert_eq!(code, "InvalidKMSArn", "{text}");
        assert!(message.starts_with(&format!("The CMK with ARN '{arn}' did not grant")), "{message}");
    }
    let own = format!("arn:aws:route53:::hostedzone/{zone}");
    for (number, condition) in [String::new(), account_is("111122223333"), source_is(&own)].iter().enumerate()
    {
        bench.kms.set_policy(&arn, &policy(all, condition));
        let name = format!("KSK{number}");
        bench.call::<CreateKeySigningKey>(create(&zone, &arn, &name, "INACTIVE")).await.unwrap();
        bench.delete_key(&zone, &name).await.unwrap();
    }
}

#[tokio::test]
async fn the_caller_too_must_be_allowed_to_use_the_kms_key() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let arn = bench.kms.key("k");
    let dns =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"route53:*","Resource":"*"}]}"#;
    let some = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:DescribeKey","kms:GetPublicKey"],"Resource":"*"}]}"#;
    let sign =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:Sign","Resource":"*"}]}"#;
    for policies in [&[dns][..], &[dns, some], &[dns, sign]] {
        let user = testing::user(account(), "dns", policies);
        let fault = bench.call_as::<CreateKeySigningKey>(&user, create(&zone, &arn, "KSK", "ACTIVE")).await;
        assert_eq!(fault.err().unwrap().code(), "InvalidKMSArn");
    }
    let user = testing::user(account(), "dns", &[dns, some, sign]);
    bench.call_as::<CreateKeySigningKey>(&user, create(&zone, &arn, "KSK", "ACTIVE")).await.unwrap();
}

#[tokio::test]
async fn activates_and_deactivates_as_often_as_one_likes() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    bench.key(&zone, "one", "INACTIVE").await;
    for _ in 0..2 {
        assert_eq!(bench.activate(&zone, "one").await.unwrap(), "PENDING");
    }
    assert_eq!(bench.dnssec(&zone).await.key_signing_keys[0].status.as_deref(), Some("ACTIVE"));
    for _ in 0..2 {
        assert_eq!(bench.deactivate(&zone, "one").await.unwrap(), "PENDING");
    }
    assert_eq!(bench.dnssec(&zone).await.key_signing_keys[0].status.as_deref(), Some("INACTIVE"));
}

#[tokio::test]
async fn activating_asks_kms_again() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let arn = bench.key(&zone, "one", "INACTIVE").await.key_signing_key.kms_arn.unwrap();
    bench.kms.set(&arn, |key| key.state = KeyState::Disabled);
    assert_eq!(code(bench.activate(&zone, "one").await), "InvalidKMSArn");
    bench.kms.set(&arn, |key| key.state = KeyState::Enabled);
    bench.kms.swap_pair(&arn);
    let (code, text) = bench.activate(&zone, "one").await.unwrap_err();
    assert_eq!(code, "InvalidKMSArn");
    assert!(text.contains("another public key"), "{text}");
}

#[tokio::test]
async fn unknown_keys_are_told() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    for zone in [zone.as_str(), "Z404"] {
        assert_eq!(code(bench.activate(zone, "none").await), "NoSuchKeySigningKey");
        assert_eq!(code(bench.deactivate(zone, "none").await), "NoSuchKeySigningKey");
        assert_eq!(code(bench.delete_key(zone, "none").await), "NoSuchKeySigningKey");
    }
    assert_eq!(code(bench.enable("Z404").await), "NoSuchHostedZone");
    assert_eq!(code(bench.disable("Z404").await), "NoSuchHostedZone");
    let (code, _) = bench.refusal::<GetDNSSEC>(GetDNSSECRequest { hosted_zone_id: "Z404".to_owned() }).await;
    assert_eq!(code, "NoSuchHostedZone");
}

#[tokio::test]
async fn signing_goes_on_and_off() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let (code_, text) = bench.enable(&zone).await.unwrap_err();
    assert_eq!(code_, "KeySigningKeyWithActiveStatusNotFound");
    assert_eq!(
        text,
        format!("Hosted zone with ID '{zone}' does not have a Key Signing Key in ACTIVE status.")
    );
    assert_eq!(code(bench.disable(&zone).await), "DNSSECNotFound");
    let arn = bench.key(&zone, "one", "INACTIVE").await.key_signing_key.kms_arn.unwrap();
    assert_eq!(code(bench.enable(&zone).await), "KeySigningKeyWithActiveStatusNotFound");
    bench.activate(&zone, "one").await.unwrap();
    bench.kms.set(&arn, |key| key.state = KeyState::Disabled);
    assert_eq!(code(bench.enable(&zone).await), "InvalidKMSArn");
    bench.kms.set(&arn, |key| key.state = KeyState::Enabled);
    assert_eq!(bench.enable(&zone).await.unwrap(), "PENDING");
    assert_eq!(bench.serve_signature(&zone).await, "SIGNING");
    assert_eq!(code(bench.deactivate(&zone, "one").await), "KeySigningKeyInUse");
    let (code_, text) = bench.delete_key(&zone, "one").await.unwrap_err();
    assert_eq!(code_, "InvalidKeySigningKeyStatus");
    assert_eq!(
        text,
        "Key Signing Key with name one cannot be deleted because current status is not INACTIVE."
    );
    bench.disable(&zone).await.unwrap();
    assert_eq!(bench.serve_signature(&zone).await, "DELETING");
    let third = bench.kms.key("late");
    assert_eq!(bench.create_refused(&zone, &third, "late", "ACTIVE").await.0, "InvalidSigningStatus");
    bench.deactivate(&zone, "one").await.unwrap();
    bench.delete_key(&zone, "one").await.unwrap();
    assert!(bench.dnssec(&zone).await.key_signing_keys.is_empty());
}

async fn delegation(bench: &Bench, zone: &str) -> Delegation {
    let shown = bench.call::<GetHostedZone>(GetHostedZoneRequest { id: zone.to_owned() }).await.unwrap();
    Delegation { name_servers: shown.delegation_set.unwrap().name_servers, ds: Vec::new() }
}

fn ds_of(made: &CreateKeySigningKeyResponse) -> ParentDs {
    let key = &made.key_signing_key;
    let digest = data_encoding::HEXUPPER.decode(key.digest_value.as_ref().unwrap().as_bytes()).unwrap();
    let key_tag = u16::try_from(key.key_tag.unwrap()).unwrap();
    ParentDs { key_tag, algorithm: 13, digest_type: 2, digest }
}

#[tokio::test]
async fn a_key_that_the_parent_vouches_for_stays() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let one = bench.key(&zone, "one", "ACTIVE").await;
    bench.key(&zone, "two", "ACTIVE").await;
    bench.enable(&zone).await.unwrap();
    let plain = delegation(&bench, &zone).await;
    bench.parent.serves(Delegation { ds: vec![ds_of(&one)], ..plain.clone() });
    assert_eq!(code(bench.deactivate(&zone, "one").await), "KeySigningKeyInParentDSRecord");
    assert_eq!(code(bench.disable(&zone).await), "KeySigningKeyInParentDSRecord");
    bench.deactivate(&zone, "two").await.unwrap();
    bench.parent.fails();
    let (code, text) = bench.disable(&zone).await.unwrap_err();
    assert_eq!(code, "KeySigningKeyInParentDSRecord");
    assert_eq!(
        text,
        "Due to DNS lookup failure, we cannot determine if disabling DNSSEC in hosted zone 'a.org.' will break the authentication chain. Please retry later."
    );
    bench.parent.serves(plain);
    bench.disable(&zone).await.unwrap();
}

#[tokio::test]
async fn the_parent_must_name_all_servers_or_none() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    bench.key(&zone, "one", "ACTIVE").await;
    let whole = delegation(&bench, &zone).await;
    let part = Delegation { name_servers: whole.name_servers[..3].to_vec(), ..Delegation::default() };
    bench.parent.serves(part);
    assert_eq!(code(bench.enable(&zone).await), "HostedZonePartiallyDelegated");
    let upper = whole.name_servers.iter().map(|server| format!("{}.", server.to_uppercase())).collect();
    bench.parent.serves(Delegation { name_servers: upper, ..Delegation::default() });
    bench.enable(&zone).await.unwrap();
    bench.parent.fails();
    bench.enable(&zone).await.unwrap();
    bench.parent.is_empty();
    bench.enable(&zone).await.unwrap();
}

#[tokio::test]
async fn a_zone_above_of_the_same_owner_is_a_parent_too() {
    let bench = Bench::new();
    let (above, zone) = (bench.zone("a.org").await, bench.zone("sub.b.a.org").await);
    let key = bench.key(&zone, "one", "ACTIVE").await.key_signing_key;
    let servers = delegation(&bench, &zone).await.name_servers;
    let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
    let ns = |action: &str, servers: &[&str]| vec![change(action, "sub.b.a.org", "NS", 60, servers)];
    bench.change(&above, ns("CREATE", &servers[..2])).await.unwrap();
    assert_eq!(code(bench.enable(&zone).await), "HostedZonePartiallyDelegated");
    bench.change(&above, ns("UPSERT", &servers)).await.unwrap();
    bench.enable(&zone).await.unwrap();
    let ds =
        |action: &str| vec![change(action, "sub.b.a.org", "DS", 60, &[key.ds_record.as_deref().unwrap()])];
    bench.change(&above, ds("CREATE")).await.unwrap();
    assert_eq!(code(bench.disable(&zone).await), "KeySigningKeyInParentDSRecord");
    bench.change(&above, ds("DELETE")).await.unwrap();
    bench.disable(&zone).await.unwrap();
}

#[tokio::test]
async fn a_zone_above_of_another_owner_says_nothing() {
    let bench = Bench::new();
    let zone = bench.zone("sub.a.org").await;
    bench.key(&zone, "one", "ACTIVE").await;
    let other = testing::root(other_account());
    let above = bench.call_as::<CreateHostedZone>(&other, public("a.org", "r")).await.unwrap();
    let ns = vec![change("CREATE", "sub.a.org", "NS", 60, &["ns.evil.example"])];
    let input = batch(&bare(&above.hosted_zone.id), ns);
    bench.call_as::<ChangeResourceRecordSets>(&other, input).await.unwrap();
    bench.enable(&zone).await.unwrap();
}

#[tokio::test]
async fn a_zone_with_keys_is_not_deleted() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    bench.key(&zone, "one", "INACTIVE").await;
    let (code, text) = bench.refusal::<DeleteHostedZone>(DeleteHostedZoneRequest { id: zone.clone() }).await;
    assert_eq!(code, "HostedZoneNotEmpty");
    assert_eq!(text, "The specified hosted zone contains DNSSEC Key Signing Keys and so cannot be deleted.");
    bench.delete_key(&zone, "one").await.unwrap();
    bench.call::<DeleteHostedZone>(DeleteHostedZoneRequest { id: zone }).await.unwrap();
}

#[tokio::test]
async fn keys_that_race_for_a_name_do_not_both_win() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let [first, second] = ["k1", "k2"].map(|id| bench.kms.key(id));
    let make = |arn: &str| bench.call::<CreateKeySigningKey>(create(&zone, arn, "KSK", "ACTIVE"));
    let (one, two) = tokio::join!(make(&first), make(&second));
    let lost: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert_eq!(lost.iter().map(|fault| fault.code()).collect::<Vec<_>>(), ["ConcurrentModification"]);
    assert_eq!(bench.dnssec(&zone).await.key_signing_keys.len(), 1);
    let again = make(&bench.kms.key("k3")).await;
    assert_eq!(again.unwrap_err().code(), "KeySigningKeyAlreadyExists");
}

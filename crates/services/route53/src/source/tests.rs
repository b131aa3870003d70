//! What the zone builder is told and tells.

use std::time::Duration;

use keyward_builder::{Ksk, KskTrouble, Progress, SigningWish, ZoneEvent, ZoneEvents, ZoneSource};
use keyward_schema::kms::KeyState;
use keyward_schema::route53::{
    ActivateKeySigningKey, ActivateKeySigningKeyRequest, CreateHostedZone, CreateKeySigningKey,
    CreateKeySigningKeyRequest, DeleteHostedZone, DeleteHostedZoneRequest, DisableHostedZoneDNSSEC,
    DisableHostedZoneDNSSECRequest, EnableHostedZoneDNSSEC, EnableHostedZoneDNSSECRequest, GetDNSSEC,
    GetDNSSECRequest, GetDNSSECResponse,
};
use keyward_zone::plan::Update;
use keyward_zone::publication::{ZoneId, ZoneKind};
use keyward_zone::{GenerationNumber, Name, Rtype};

use crate::bench::{Bench, bare, change, private};

fn id(zone: &str) -> ZoneId {
    zone.parse().unwrap()
}

fn progress(content_version: u64, wish_version: u64) -> Progress {
    Progress { generation: GenerationNumber::default(), content_version, wish_version }
}

fn names(update: &Update) -> Vec<String> {
    match update {
        Update::Whole(sets) => sets.iter().map(|set| format!("{} {}", set.name(), set.rtype())).collect(),
        Update::Names(names) => {
            names.iter().map(|(name, sets)| format!("{name} has {}", sets.len())).collect()
        }
    }
}

async fn signed_zone(bench: &Bench) -> (String, String) {
    let zone = bench.zone("a.org").await;
    let arn = bench.kms.key("k");
    let input = CreateKeySigningKeyRequest {
        caller_reference: "r".to_owned(),
        hosted_zone_id: zone.clone(),
        key_management_service_arn: arn.clone(),
        name: "KSK".to_owned(),
        status: "ACTIVE".to_owned(),
    };
    bench.call::<CreateKeySigningKey>(input).await.unwrap();
    let input = EnableHostedZoneDNSSECRequest { hosted_zone_id: zone.clone() };
    bench.call::<EnableHostedZoneDNSSEC>(input).await.unwrap();
    (zone, arn)
}

async fn ksk(bench: &Bench, zone: &str) -> Ksk {
    match bench.hosted.wish(&id(zone)).await.unwrap().unwrap().signing {
        SigningWish::On(keys) => keys.into_iter().next().unwrap(),
        SigningWish::Off => panic!("the zone is not to be signed"),
    }
}

async fn dnssec(bench: &Bench, zone: &str) -> GetDNSSECResponse {
    bench.call::<GetDNSSEC>(GetDNSSECRequest { hosted_zone_id: zone.to_owned() }).await.unwrap()
}

#[tokio::test]
async fn tells_what_a_zone_is_and_holds() {
    let bench = Bench::new();
    let made = bench.create_zone("a.org", "r").await;
    let zone = bare(&made.hosted_zone.id);
    assert_eq!(bench.hosted.zones().await.unwrap(), [id(&zone)]);
    let wish = bench.hosted.wish(&id(&zone)).await.unwrap().unwrap();
    assert_eq!(
        (wish.apex.to_string().as_str(), wish.kind, wish.version),
        ("a.org.", ZoneKind::HostedPublic, 1)
    );
    let servers: Vec<Name> =
        made.delegation_set.name_servers.iter().map(|server| server.parse().unwrap()).collect();
    assert_eq!((wish.name_servers, wish.signing), (servers, SigningWish::Off));
    let content = bench.hosted.content(&id(&zone), None).await.unwrap();
    assert_eq!(content.version, 1);
    assert_eq!(names(&content.update), ["a.org. NS", "a.org. SOA"]);
    assert_eq!(bench.hosted.wish(&id("Z404")).await.unwrap(), None);
    let inside = bench.call::<CreateHostedZone>(private("b.org", "p", "vpc-1")).await.unwrap();
    let wish = bench.hosted.wish(&id(&bare(&inside.hosted_zone.id))).await.unwrap().unwrap();
    assert_eq!(wish.kind, ZoneKind::HostedPrivate);
}

#[tokio::test]
async fn values_are_told_as_records() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    bench
        .change(&zone, vec![change("CREATE", "*.a.org", "A", 60, &["192.0.2.2", "192.0.2.1"])])
        .await
        .unwrap();
    let content = bench.hosted.content(&id(&zone), Some(1)).await.unwrap();
    let Update::Names(names) = content.update else { panic!("only one name changed") };
    let (name, sets) = &names[0];
    assert_eq!((name.to_string().as_str(), sets[0].rtype(), sets[0].ttl()), ("*.a.org.", Rtype::A, 60));
    assert_eq!(sets[0].rdata().collect::<Vec<_>>(), [[192, 0, 2, 1], [192, 0, 2, 2]]);
}

#[tokio::test]
async fn tells_only_what_changed_since_and_all_when_that_is_forgotten() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let one = |action: &str, name: &str| vec![change(action, name, "A", 60, &["192.0.2.1"])];
    bench.change(&zone, one("CREATE", "x.a.org")).await.unwrap();
    bench.change(&zone, one("CREATE", "y.a.org")).await.unwrap();
    bench.change(&zone, one("DELETE", "x.a.org")).await.unwrap();
    let since = async |since| bench.hosted.content(&id(&zone), since).await.unwrap();
    assert_eq!(since(Some(1)).await.version, 4);
    assert_eq!(names(&since(Some(1)).await.update), ["x.a.org. has 0", "y.a.org. has 1"]);
    assert_eq!(names(&since(Some(3)).await.update), ["x.a.org. has 0"]);
    assert!(names(&since(Some(4)).await.update).is_empty());
    bench.hosted.served(&id(&zone), progress(3, 1)).await.unwrap();
    assert_eq!(names(&since(Some(3)).await.update), ["x.a.org. has 0"]);
    let whole = ["a.org. NS", "a.org. SOA", "y.a.org. A"];
    assert_eq!(names(&since(Some(1)).await.update), whole);
    assert_eq!(names(&since(None).await.update), whole);
    assert_eq!(names(&since(Some(9)).await.update), whole);
}

#[tokio::test]
async fn a_change_is_insync_only_when_it_is_served() {
    let bench = Bench::new();
    let made = bench.create_zone("a.org", "r").await;
    let (zone, created) = (bare(&made.hosted_zone.id), bare(&made.change_info.id));
    let one = |name: &str| vec![change("CREATE", name, "A", 60, &["192.0.2.1"])];
    let first = bench.change(&zone, one("x.a.org")).await.unwrap();
    let second = bench.change(&zone, one("y.a.org")).await.unwrap();
    let id = id(&zone);
    bench.hosted.published(&id, progress(3, 1)).await.unwrap();
    bench.hosted.served(&id, progress(1, 0)).await.unwrap();
    assert_eq!(bench.status(&created).await, "PENDING");
    bench.hosted.served(&id, progress(2, 1)).await.unwrap();
    let statuses = [bench.status(&created).await, bench.status(&first).await, bench.status(&second).await];
    assert_eq!(statuses, ["INSYNC", "INSYNC", "PENDING"]);
    for _ in 0..2 {
        bench.hosted.served(&id, progress(3, 1)).await.unwrap();
    }
    assert_eq!(bench.status(&second).await, "INSYNC");
}

#[tokio::test]
async fn a_private_zone_is_insync_when_it_is_published() {
    let bench = Bench::new();
    let made = bench.call::<CreateHostedZone>(private("b.org", "p", "vpc-1")).await.unwrap();
    bench.hosted.published(&id(&bare(&made.hosted_zone.id)), progress(1, 1)).await.unwrap();
    assert_eq!(bench.status(&bare(&made.change_info.id)).await, "INSYNC");
}

#[tokio::test]
async fn the_wish_follows_dnssec() {
    let bench = Bench::new();
    let (zone, _) = signed_zone(&bench).await;
    let wish = bench.hosted.wish(&id(&zone)).await.unwrap().unwrap();
    assert_eq!(wish.version, 3);
    let idle = CreateKeySigningKeyRequest {
        caller_reference: "idle".to_owned(),
        hosted_zone_id: zone.clone(),
        key_management_service_arn: bench.kms.key("idle"),
        name: "IDLE".to_owned(),
        status: "INACTIVE".to_owned(),
    };
    bench.call::<CreateKeySigningKey>(idle).await.unwrap();
    let wish = bench.hosted.wish(&id(&zone)).await.unwrap().unwrap();
    let SigningWish::On(keys) = wish.signing else { panic!("{:?}", wish.signing) };
    assert_eq!(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["KSK"]);
    let input = DisableHostedZoneDNSSECRequest { hosted_zone_id: zone.clone() };
    bench.call::<DisableHostedZoneDNSSEC>(input).await.unwrap();
    let wish = bench.hosted.wish(&id(&zone)).await.unwrap().unwrap();
    assert_eq!((wish.version, wish.signing), (5, SigningWish::Off));
    let status = async || dnssec(&bench, &zone).await.status.serve_signature.unwrap();
    bench.hosted.served(&id(&zone), progress(1, 4)).await.unwrap();
    assert_eq!(status().await, "DELETING");
    bench.hosted.served(&id(&zone), progress(1, 5)).await.unwrap();
    assert_eq!(status().await, "NOT_SIGNING");
}

#[tokio::test]
async fn signs_with_the_kms_key() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    let bench = Bench::new();
    let (zone, _) = signed_zone(&bench).await;
    let ksk = ksk(&bench, &zone).await;
    let messages: [&[u8]; 2] = [b"one", b"two"];
    let signatures = bench.hosted.sign(&id(&zone), &ksk, &messages).await.unwrap();
    let point = [&[4][..], &ksk.point].concat();
    for (message, signature) in messages.iter().zip(&signatures) {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).verify(message, signature).unwrap();
    }
}

#[tokio::test]
async fn a_refusal_needs_action_until_the_key_is_activated_again() {
    let bench = Bench::new();
    let (zone, arn) = signed_zone(&bench).await;
    let ksk = ksk(&bench, &zone).await;
    bench.kms.set(&arn, |key| key.state = KeyState::Disabled);
    let trouble = bench.hosted.sign(&id(&zone), &ksk, &[b"m"]).await.unwrap_err();
    let KskTrouble::Refused(message) = trouble else { panic!("{trouble:?}") };
    assert!(message.contains(&arn) && message.contains("Enable it"), "{message}");
    bench.hosted.ksk_refused(&id(&zone), &ksk, &message).await;
    let shown = dnssec(&bench, &zone).await;
    assert_eq!(shown.status.serve_signature.as_deref(), Some("ACTION_NEEDED"));
    let key = &shown.key_signing_keys[0];
    assert_eq!((key.status.as_deref(), key.status_message.as_ref()), (Some("ACTION_NEEDED"), Some(&message)));
    // It stays published, for resolvers that know it alone.
    assert_eq!(self::ksk(&bench, &zone).await, ksk);

    let activate = || ActivateKeySigningKeyRequest { hosted_zone_id: zone.clone(), name: "KSK".to_owned() };
    assert_eq!(bench.refusal::<ActivateKeySigningKey>(activate()).await.0, "InvalidKMSArn");
    bench.kms.set(&arn, |key| key.state = KeyState::Enabled);
    bench.hosted.ksk_signed(&id(&zone), &ksk).await;
    assert_eq!(dnssec(&bench, &zone).await.key_signing_keys[0].status.as_deref(), Some("ACTION_NEEDED"));
    bench.call::<ActivateKeySigningKey>(activate()).await.unwrap();
    let shown = dnssec(&bench, &zone).await;
    assert_eq!(shown.status.serve_signature.as_deref(), Some("SIGNING"));
    assert_eq!(shown.key_signing_keys[0].status_message, None);
}

#[tokio::test]
async fn a_lost_key_is_found_although_no_notice_came() {
    let bench = Bench::new();
    let (zone, arn) = signed_zone(&bench).await;
    let status = async || dnssec(&bench, &zone).await.key_signing_keys[0].status.clone().unwrap();
    bench.service.look_at_keys().await.unwrap();
    assert_eq!(status().await, "ACTIVE");
    bench.kms.set_away(true);
    bench.service.look_at_keys().await.unwrap();
    assert_eq!(status().await, "ACTIVE");
    bench.kms.set_away(false);
    bench.kms.set(&arn, |key| key.state = KeyState::Disabled);
    bench.service.look_at_keys().await.unwrap();
    assert_eq!(status().await, "ACTION_NEEDED");
}

#[tokio::test]
async fn the_status_message_says_what_to_do() {
    let bench = Bench::new();
    let (zone, arn) = signed_zone(&bench).await;
    let ksk = ksk(&bench, &zone).await;
    let message = async || match bench.hosted.sign(&id(&zone), &ksk, &[b"m"]).await.unwrap_err() {
        KskTrouble::Refused(message) => message,
        KskTrouble::Away(cause) => panic!("{cause}"),
    };
    bench.kms.set(&arn, |key| key.state = KeyState::PendingDeletion);
    assert!(message().await.contains("Cancel its deletion and enable it, then call ActivateKeySigningKey."));
    bench.kms.set(&arn, |key| key.state = KeyState::Enabled);
    let locked = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}"#;
    bench.kms.set_policy(&arn, locked);
    assert!(message().await.contains("must allow DescribeKey, GetPublicKey and Sign. Mend the policy"));
    bench.kms.set_away(true);
    assert!(matches!(bench.hosted.sign(&id(&zone), &ksk, &[b"m"]).await, Err(KskTrouble::Away(_))));
}

#[tokio::test]
async fn a_key_of_another_pair_or_name_does_not_sign() {
    let bench = Bench::new();
    let (zone, _) = signed_zone(&bench).await;
    let other = Ksk { point: [1; 64], ..ksk(&bench, &zone).await };
    assert!(matches!(bench.hosted.sign(&id(&zone), &other, &[b"m"]).await, Err(KskTrouble::Away(_))));
    bench.hosted.ksk_refused(&id(&zone), &other, "x").await;
    assert_eq!(dnssec(&bench, &zone).await.key_signing_keys[0].status.as_deref(), Some("ACTIVE"));
}

/// Events until `wanted` is among them; nobody has to wait that long.
async fn wait_for(events: &mut Box<dyn ZoneEvents>, wanted: &ZoneEvent) {
    let found = async { while !events.next().await.contains(wanted) {} };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
}

#[tokio::test]
async fn events_tell_of_changed_zones_and_changed_kms_keys() {
    let bench = Bench::new();
    let mut events = bench.hosted.events();
    assert_eq!(events.next().await, [ZoneEvent::Missed]);
    let (zone, arn) = signed_zone(&bench).await;
    let changed = ZoneEvent::Changed(id(&zone));
    for _ in 0..3 {
        wait_for(&mut events, &changed).await;
    }
    bench.change(&zone, vec![change("CREATE", "x.a.org", "A", 60, &["192.0.2.1"])]).await.unwrap();
    wait_for(&mut events, &changed).await;
    bench.kms_changes.tell(arn.parse().unwrap());
    wait_for(&mut events, &ZoneEvent::CheckKeys(id(&zone))).await;
    bench.kms_changes.tell_missed();
    wait_for(&mut events, &ZoneEvent::CheckKeys(id(&zone))).await;
    bench.kms_changes.tell("arn:aws:kms:us-east-1:111122223333:key/other".parse().unwrap());
    assert_eq!(events.next().await, []);
}

#[tokio::test]
async fn a_deleted_zone_is_told_and_its_change_settles() {
    let bench = Bench::new();
    let zone = bench.zone("a.org").await;
    let mut events = bench.hosted.events();
    assert_eq!(events.next().await, [ZoneEvent::Missed]);
    let input = DeleteHostedZoneRequest { id: zone.clone() };
    let deleted = bench.call::<DeleteHostedZone>(input).await.unwrap();
    wait_for(&mut events, &ZoneEvent::Changed(id(&zone))).await;
    assert_eq!(bench.hosted.wish(&id(&zone)).await.unwrap(), None);
    bench.service.tidy_up().await.unwrap();
    assert_eq!(bench.status(&bare(&deleted.change_info.id)).await, "INSYNC");
}

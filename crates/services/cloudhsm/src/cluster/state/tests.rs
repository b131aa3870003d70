use keyward_hsm::HsmMode;

use super::*;
use crate::cluster::state_name;
use crate::tags::Tags;

pub(crate) fn cluster() -> ClusterRecord {
    ClusterRecord {
        id: "cluster-abcdefghijk".parse().unwrap(),
        created: now(),
        hsm_type: HsmType::Hsm1Medium,
        mode: HsmMode::Fips,
        dual_stack: false,
        subnets: [("us-east-1a".to_owned(), "subnet-a6b10bd1".to_owned())].into(),
        retention_days: 90,
        source: None,
        life: Life::Creating,
        message: None,
        certificates: Certificates::default(),
        hsms: Vec::new(),
        change: None,
        rollback: None,
        backup_due: None,
        backed_up: None,
        tags: Tags::default(),
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000)
}

fn hsm(name: &str, life: HsmLife) -> HsmRecord {
    HsmRecord {
        id: id(name),
        zone: "us-east-1a".to_owned(),
        subnet: "subnet-a6b10bd1".to_owned(),
        eni: "eni-1".to_owned(),
        address: "10.0.0.4".to_owned(),
        address_v6: None,
        hsm_type: HsmType::Hsm1Medium,
        life,
        message: None,
        replaces: None,
    }
}

fn id(name: &str) -> HsmId {
    format!("hsm-{name:a<11}").parse().unwrap()
}

fn backup() -> BackupId {
    BackupId::parse("backup-abcdefghijk").unwrap()
}

fn in_use() -> ClusterRecord {
    let mut cluster = cluster();
    cluster.life = Life::Active;
    cluster.hsms = vec![hsm("b", HsmLife::Active), hsm("c", HsmLife::Active)];
    cluster
}

fn name(cluster: &ClusterRecord) -> &'static str {
    state_name(cluster).as_str()
}

#[test]
fn a_new_cluster_goes_from_its_first_hsm_to_its_owner() {
    let mut cluster = cluster();
    assert!(cluster.place_for_hsm("us-east-1a").is_err(), "not there yet");
    cluster.made();
    assert_eq!(name(&cluster), "UNINITIALIZED");
    assert_eq!(cluster.place_for_hsm("us-east-1a").unwrap(), "subnet-a6b10bd1");
    assert!(cluster.awaited_csr().is_err(), "no HSM yet");
    cluster.hsms.push(hsm("b", HsmLife::Creating));
    let certificates = Certificates { csr: Some("csr".to_owned()), ..Certificates::default() };
    cluster.hsm_made(&id("b"), Some(certificates), backup());
    assert_eq!((name(&cluster), cluster.awaited_csr().unwrap()), ("UNINITIALIZED", "csr"));
    assert_eq!(cluster.backup_due, None, "nothing of the owner's is in it yet");
    assert!(cluster.place_for_hsm("us-east-1a").is_err(), "one HSM only");
    cluster.initialize("signed".to_owned(), "anchor".to_owned());
    assert_eq!(name(&cluster), "INITIALIZE_IN_PROGRESS");
    assert!(cluster.awaited_csr().is_err());
    cluster.claimed(backup());
    assert_eq!(name(&cluster), "INITIALIZED");
    assert_eq!(
        (cluster.certificates.csr.as_deref(), cluster.certificates.cluster.as_deref()),
        (None, Some("signed"))
    );
    assert_eq!(cluster.backup_due, Some(backup()));
    cluster.backup_taken(now());
    cluster.activated(backup());
    assert_eq!((name(&cluster), cluster.backup_due.is_some()), ("ACTIVE", true));
}

#[test]
fn a_cluster_from_a_backup_is_active_at_once_and_keeps_its_certificate() {
    let mut cluster = cluster();
    cluster.source = Some(backup());
    cluster.certificates.cluster = Some("signed".to_owned());
    cluster.made();
    assert_eq!(name(&cluster), "ACTIVE");
    assert_eq!(cluster.certificates.cluster.as_deref(), Some("signed"));
}

#[test]
fn an_hsm_that_never_was_claimed_takes_the_request_with_it() {
    let mut cluster = cluster();
    cluster.life = Life::Uninitialized;
    cluster.hsms.push(hsm("b", HsmLife::Active));
    cluster.certificates.csr = Some("csr".to_owned());
    cluster.delete_hsm(&id("b"), now()).unwrap();
    cluster.hsm_gone(&id("b"));
    assert_eq!((name(&cluster), cluster.certificates.csr.as_deref()), ("UNINITIALIZED", None));
}

#[test]
fn moves_that_come_twice_or_late_change_nothing() {
    let mut cluster = in_use();
    let before = cluster.clone();
    cluster.made();
    cluster.claimed(backup());
    cluster.activated(backup());
    cluster.hsm_made(&id("b"), None, backup());
    cluster.hsm_made(&id("zz"), None, backup());
    cluster.hsm_seen(&id("b"), true);
    cluster.hsm_gone(&id("zz"));
    cluster.gone(now());
    cluster.type_changed(now());
    cluster.drop_backup();
    assert_eq!(cluster, before);
}

#[test]
fn hsms_that_are_away_show_and_the_cluster_with_the_last() {
    let mut cluster = in_use();
    cluster.hsm_seen(&id("b"), false);
    assert_eq!((cluster.hsms[0].life, name(&cluster)), (HsmLife::Degraded, "ACTIVE"));
    cluster.hsm_seen(&id("c"), false);
    assert_eq!(name(&cluster), "DEGRADED");
    cluster.hsm_seen(&id("c"), true);
    assert_eq!((cluster.hsms[1].life, name(&cluster)), (HsmLife::Active, "ACTIVE"));
}

#[test]
fn an_hsm_that_is_added_or_goes_shows() {
    let mut cluster = in_use();
    cluster.hsms.push(hsm("d", HsmLife::Creating));
    assert_eq!(name(&cluster), "UPDATE_IN_PROGRESS");
    cluster.delete_hsm(&id("b"), now()).unwrap();
    assert_eq!(cluster.hsms[0].life, HsmLife::Deleting(now()));
    cluster.delete_hsm(&id("b"), now().plus(Duration::from_secs(9))).unwrap();
    assert_eq!(cluster.hsms[0].life, HsmLife::Deleting(now()), "asked for once");
    assert!(cluster.delete().unwrap_err().message().unwrap().contains("while it has HSMs"));
    cluster.hsms.clear();
    cluster.delete().unwrap();
    assert_eq!(name(&cluster), "DELETE_IN_PROGRESS");
    assert!(cluster.place_for_hsm("us-east-1a").is_err());
    cluster.gone(now());
    assert_eq!(name(&cluster), "DELETED");
}

#[test]
fn the_type_changes_forward_and_back_within_a_day() {
    let mut cluster = in_use();
    assert!(cluster.modify_type(HsmType::Hsm1Medium, now()).is_err(), "no change");
    cluster.modify_type(HsmType::Hsm2mMedium, now()).unwrap();
    assert_eq!(name(&cluster), "MODIFY_IN_PROGRESS");
    assert!(cluster.place_for_hsm("us-east-1a").is_err());
    assert!(cluster.delete_hsm(&id("b"), now()).is_err());
    assert!(cluster.modify_type(HsmType::Hsm1Medium, now()).is_err(), "one at a time");
    cluster.type_changed(now());
    let (before, until) = cluster.rollback.unwrap();
    assert_eq!((cluster.hsm_type, before), (HsmType::Hsm2mMedium, HsmType::Hsm1Medium));
    assert!(cluster.clone().modify_type(HsmType::Hsm1Medium, until).is_err(), "too late");
    cluster.modify_type(HsmType::Hsm1Medium, now()).unwrap();
    assert_eq!(name(&cluster), "ROLLBACK_IN_PROGRESS");
    cluster.type_changed(now());
    assert_eq!((cluster.hsm_type, cluster.rollback), (HsmType::Hsm1Medium, None));
}

#[test]
fn a_replacement_takes_the_address_and_lets_the_other_go() {
    let mut cluster = in_use();
    cluster.replace_hsm(&id("b"), id("d"), HsmType::Hsm2mMedium);
    cluster.replace_hsm(&id("b"), id("e"), HsmType::Hsm2mMedium);
    assert_eq!(cluster.hsms.len(), 3, "one replacement for one HSM");
    assert_eq!(cluster.hsms[2].eni, cluster.hsms[0].eni);
    cluster.hsm_made(&id("d"), None, backup());
    assert_eq!((cluster.hsms[0].life, cluster.hsms[2].life), (HsmLife::Leaving, HsmLife::Active));
}

#[test]
fn a_type_does_not_change_while_an_hsm_is_away() {
    let mut cluster = in_use();
    cluster.hsm_seen(&id("b"), false);
    assert!(cluster.modify_type(HsmType::Hsm2mMedium, now()).is_err());
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_cluster_row_of_version_1_keeps_its_bytes() {
    let mut cluster = in_use();
    cluster.hsms.truncate(1);
    cluster.hsms[0].replaces = Some(id("c"));
    cluster.hsms[0].life = HsmLife::Deleting(now());
    cluster.source = Some(backup());
    cluster.backup_due = Some(backup());
    cluster.backed_up = Some(now());
    cluster.change = Some(TypeChange { to: HsmType::Hsm2mMedium, back: true });
    cluster.rollback = Some((HsmType::Hsm1Medium, now()));
    cluster.certificates.cluster = Some("c".to_owned());
    cluster.message = Some("m".to_owned());
    let bytes = cluster.encode().unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(&bytes), GOLDEN);
    assert_eq!(ClusterRecord::decode(&bytes).unwrap(), cluster);
}

const GOLDEN: &str = concat!(
    "0013636c75737465722d6162636465666768696a6b80c0e285e368000000010a75732d656173742d",
    "31610f7375626e65742d61366231306264315a01126261636b75702d6162636465666768696a6b04",
    "01016d0000000001016300010f68736d2d62616161616161616161610a75732d656173742d31610f",
    "7375626e65742d613662313062643105656e692d310831302e302e302e3400000380c0e285e36800",
    "010f68736d2d6361616161616161616161010101010080c0e285e36801126261636b75702d616263",
    "6465666768696a6b0180c0e285e36800"
);

use keyward_hsm::HsmMode;

use super::*;
use crate::cluster::Certificates;
use crate::tags::Tags;

const DAY: Duration = Duration::from_hours(24);

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

fn backup_id() -> BackupId {
    BackupId::parse("backup-abcdefghijk").unwrap()
}

/// A cluster in use that was backed up now.
fn cluster(hsms: Vec<HsmRecord>) -> ClusterRecord {
    ClusterRecord {
        id: "cluster-abcdefghijk".parse().unwrap(),
        created: now(),
        hsm_type: HsmType::Hsm1Medium,
        mode: HsmMode::Fips,
        dual_stack: false,
        subnets: [("us-east-1a".to_owned(), "subnet-a6b10bd1".to_owned())].into(),
        retention_days: 90,
        source: None,
        life: Life::Active,
        message: None,
        certificates: Certificates::default(),
        hsms,
        change: None,
        rollback: None,
        backup_due: None,
        backed_up: Some(now()),
        tags: Tags::default(),
    }
}

#[test]
fn a_cluster_at_rest_has_nothing_to_do() {
    assert_eq!(steps(&cluster(vec![hsm("b", HsmLife::Active)]), now()), []);
    assert_eq!(steps(&cluster(Vec::new()), now().plus(DAY * 9)), [], "without HSMs nothing changes");
}

#[test]
fn a_backup_is_taken_every_day() {
    let mut cluster = cluster(vec![hsm("b", HsmLife::Active)]);
    assert_eq!(steps(&cluster, now().plus(DAY)), [Step::PlanBackup]);
    cluster.hsms[0].life = HsmLife::Degraded;
    assert_eq!(steps(&cluster, now().plus(DAY)), [], "nobody could take it");
    cluster.life = Life::Uninitialized;
    cluster.hsms[0].life = HsmLife::Active;
    assert_eq!(steps(&cluster, now().plus(DAY)), [], "nothing of the owner's is in it");
    cluster.life = Life::Active;
    cluster.backup_due = Some(backup_id());
    assert_eq!(steps(&cluster, now()), [Step::Backup(backup_id())]);
    cluster.hsms.clear();
    assert_eq!(steps(&cluster, now()), [Step::DropBackup]);
}

#[test]
fn an_hsm_goes_after_a_backup_that_is_newer_than_the_wish() {
    let wish = now().plus(Duration::from_secs(5));
    let mut cluster = cluster(vec![hsm("b", HsmLife::Deleting(wish)), hsm("c", HsmLife::Active)]);
    assert_eq!(steps(&cluster, wish), [Step::PlanBackup]);
    cluster.backup_due = Some(backup_id());
    assert_eq!(steps(&cluster, wish), [Step::Backup(backup_id())]);
    cluster.backup_taken(wish);
    assert_eq!(steps(&cluster, wish), [Step::LetHsmGo(id("b"))]);
    cluster.hsm_may_go(&id("b"));
    assert_eq!(steps(&cluster, wish), [Step::DestroyHsm(id("b"))]);
}

#[test]
fn the_last_hsm_stops_serving_before_its_backup() {
    let mut cluster = cluster(vec![hsm("b", HsmLife::Deleting(now()))]);
    assert_eq!(steps(&cluster, now()), [Step::BackUpLast(id("b"))], "a backup of before may lack the newest");
    cluster.hsms.push(hsm("c", HsmLife::Leaving));
    assert_eq!(steps(&cluster, now()), [Step::BackUpLast(id("b")), Step::DestroyHsm(id("c"))]);
}

#[test]
fn an_hsm_that_cant_be_backed_up_is_not_waited_for_for_ever() {
    let cluster = cluster(vec![hsm("b", HsmLife::Deleting(now()))]);
    assert_eq!(steps(&cluster, now().plus(BACKUP_PATIENCE)), [Step::LetHsmGo(id("b"))]);
}

#[test]
fn an_hsm_without_an_owner_goes_at_once() {
    let mut cluster = cluster(vec![hsm("b", HsmLife::Deleting(now()))]);
    cluster.life = Life::Uninitialized;
    assert_eq!(steps(&cluster, now()), [Step::LetHsmGo(id("b"))]);
}

#[test]
fn hsms_change_their_type_one_after_the_other() {
    let mut cluster = cluster(vec![hsm("b", HsmLife::Active), hsm("c", HsmLife::Active)]);
    let to = HsmType::Hsm2mMedium;
    cluster.modify_type(to, now()).unwrap();
    assert_eq!(steps(&cluster, now()), [Step::ReplaceHsm(id("b"), to)]);
    cluster.replace_hsm(&id("b"), id("d"), to);
    assert_eq!(steps(&cluster, now()), [Step::MakeHsm(id("d"))]);
    cluster.hsm_made(&id("d"), None, backup_id());
    cluster.backup_taken(now());
    assert_eq!(steps(&cluster, now()), [Step::DestroyHsm(id("b"))]);
    cluster.hsm_gone(&id("b"));
    assert_eq!(steps(&cluster, now()), [Step::ReplaceHsm(id("c"), to)]);
    cluster.hsms.remove(0);
    assert_eq!(steps(&cluster, now()), [Step::TypeChanged]);
}

#[test]
fn a_deleted_cluster_is_shown_for_an_hour() {
    let mut cluster = cluster(Vec::new());
    cluster.delete().unwrap();
    assert_eq!(steps(&cluster, now()), [Step::Remove]);
    cluster.gone(now());
    assert_eq!(steps(&cluster, now().plus(SHOWN_FOR - Duration::from_secs(1))), []);
    assert_eq!(steps(&cluster, now().plus(SHOWN_FOR)), [Step::Forget]);
}

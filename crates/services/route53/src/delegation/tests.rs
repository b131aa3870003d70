//! Delegation sets follow AWS's pattern and never overlap.

use keyward_base::SeededRandom;

use super::*;

#[test]
fn numbers_blocks_and_domains_follow_the_pattern_of_aws() {
    let scheme = NameServerScheme::default();
    let known =
        ["ns-331.awsdns-41.com", "ns-683.awsdns-21.net", "ns-1322.awsdns-37.org", "ns-1749.awsdns-26.co.uk"];
    let all: BTreeSet<String> = scheme.all_servers().map(|(_, server)| server).collect();
    assert_eq!(all.len(), 2048);
    for server in known {
        assert!(all.contains(server), "{server}");
    }
}

#[test]
fn private_zones_show_the_first_server_of_each_stripe() {
    assert_eq!(
        NameServerScheme::default().private(),
        ["ns-0.awsdns-00.com", "ns-512.awsdns-00.net", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk"]
    );
}

#[test]
fn five_hundred_and_twelve_zones_of_one_name_share_no_server_and_the_next_gets_none() {
    let scheme = NameServerScheme::default();
    let random = SeededRandom::new(5);
    let mut taken = BTreeSet::new();
    for _ in 0..512 {
        for server in scheme.choose(&taken, &random).unwrap() {
            assert!(taken.insert(server));
        }
    }
    assert_eq!(scheme.choose(&taken, &random), Err(NoneLeft));
}

#[test]
fn fixed_names_are_given_to_every_zone() {
    let scheme = NameServerScheme::new(vec!["ns1.corp.example".into(), "ns2.corp.example".into()], 512);
    let chosen = scheme.choose(&BTreeSet::from(["ns1.corp.example".to_owned()]), &SeededRandom::new(1));
    assert_eq!(chosen.unwrap(), ["ns1.corp.example", "ns2.corp.example"]);
    assert_eq!(scheme.all_servers().count(), 2);
}

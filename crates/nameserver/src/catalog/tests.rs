//! Views follow from zones, step by step and from scratch alike.

use keyward_zone::publication::ZoneKind;
use proptest::prelude::*;

use super::*;
use crate::testing::{marked, name, published, zone};

fn loaded(zone: Generation, kind: ZoneKind, created: i64, servers: &[&str]) -> Loaded {
    let (row, _) = published(&zone, kind, created, servers);
    Loaded { row, zone: Arc::new(zone) }
}

fn hosted(apex: &str, mark: &str, created: i64, servers: &[&str]) -> Loaded {
    loaded(marked(apex, mark), ZoneKind::HostedPublic, created, servers)
}

fn org(delegations: &str) -> Loaded {
    let text = format!("$ORIGIN org.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\n{delegations}");
    loaded(zone("org", &text), ZoneKind::TopLevel, 0, &["ns.org"])
}

fn id(text: &str) -> ZoneId {
    text.parse().unwrap()
}

/// The text at the apex of the zone that a view has of a name.
fn mark(served: &Served, view: usize, apex: &str) -> Option<String> {
    let zone = served.view(view)?.get(&name(apex))?;
    let text = zone.set(&name(apex), keyward_zone::Rtype::TXT)?.rrset.rdata().next()?.get(1..)?.to_vec();
    String::from_utf8(text).ok()
}

#[test]
fn each_listener_gets_its_zones() {
    let mut catalog = Catalog::new([StandsFor::Everything, StandsFor::Registry, StandsFor::Hosted]);
    catalog.put(id("org"), org(""), &Touched::All);
    catalog.put(id("Z1"), hosted("a.org", "one", 1, &["n1"]), &Touched::All);
    let private = loaded(marked("p.org", "secret"), ZoneKind::HostedPrivate, 1, &[]);
    catalog.put(id("Z2"), private, &Touched::All);
    let served = catalog.settle();
    let counts: Vec<usize> = (0..3).map(|view| served.view(view).unwrap().len()).collect();
    assert_eq!(counts, [2, 1, 1]);
    assert_eq!(mark(&served, 2, "a.org").as_deref(), Some("one"));
}

#[test]
fn a_delegation_that_moves_moves_what_is_served() {
    let mut catalog = Catalog::new([StandsFor::Everything, StandsFor::Hosted]);
    catalog.put(id("Z1"), hosted("a.org", "old", 1, &["n1"]), &Touched::All);
    catalog.put(id("Z2"), hosted("a.org", "new", 2, &["n2"]), &Touched::All);
    assert_eq!(mark(&catalog.settle(), 0, "a.org").as_deref(), Some("old"));
    catalog.put(id("org"), org("a 60 NS n2.\n"), &Touched::All);
    let served = catalog.settle();
    assert_eq!(mark(&served, 0, "a.org").as_deref(), Some("new"));
    assert_eq!(mark(&served, 1, "a.org").as_deref(), Some("new"), "also where the parent is not served");
    catalog.put(id("org"), org("a 60 NS n1.\n"), &Touched::All);
    assert_eq!(mark(&catalog.settle(), 0, "a.org").as_deref(), Some("old"));
    catalog.remove(&id("Z1"));
    assert_eq!(mark(&catalog.settle(), 0, "a.org").as_deref(), Some("new"));
    catalog.remove(&id("Z2"));
    assert_eq!(mark(&catalog.settle(), 0, "a.org"), None);
}

#[test]
fn two_zones_of_one_name_are_each_served_by_their_own_servers() {
    let named = |server: &str| StandsFor::Servers(vec![name(server)]);
    let mut catalog = Catalog::new([named("n1"), named("n2")]);
    catalog.put(id("Z1"), hosted("a.org", "one", 1, &["n1"]), &Touched::All);
    catalog.put(id("Z2"), hosted("a.org", "two", 2, &["n2"]), &Touched::All);
    let served = catalog.settle();
    assert_eq!(mark(&served, 0, "a.org").as_deref(), Some("one"));
    assert_eq!(mark(&served, 1, "a.org").as_deref(), Some("two"));
}

#[test]
fn the_parent_that_counts_is_the_one_that_is_served() {
    let mut catalog = Catalog::new([StandsFor::Everything]);
    let parent = |mark: &str, server: &str, created| {
        let text = format!(
            "$ORIGIN a.org.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\nb 60 NS {server}.\n@ 60 TXT {mark}\n"
        );
        loaded(zone("a.org", &text), ZoneKind::HostedPublic, created, &[server])
    };
    catalog.put(id("P1"), parent("one", "n1", 1), &Touched::All);
    catalog.put(id("P2"), parent("two", "n2", 2), &Touched::All);
    catalog.put(id("C1"), hosted("b.a.org", "child one", 1, &["n1"]), &Touched::All);
    catalog.put(id("C2"), hosted("b.a.org", "child two", 2, &["n2"]), &Touched::All);
    catalog.put(id("org"), org("a 60 NS n2.\n"), &Touched::All);
    let served = catalog.settle();
    assert_eq!(mark(&served, 0, "a.org").as_deref(), Some("two"));
    assert_eq!(mark(&served, 0, "b.a.org").as_deref(), Some("child two"));
}

#[test]
fn a_zone_inside_somebody_elses_is_served_when_that_one_delegates_to_it() {
    let mut catalog = Catalog::new([StandsFor::Everything, StandsFor::Hosted]);
    let marks = |catalog: &mut Catalog| {
        let served = catalog.settle();
        [mark(&served, 0, "www.a.org"), mark(&served, 1, "www.a.org")]
    };
    catalog.put(id("Z2"), hosted("www.a.org", "taken", 2, &["n2"]), &Touched::All);
    assert_eq!(marks(&mut catalog), [Some("taken".to_owned()), Some("taken".to_owned())]);
    catalog.put(id("Z1"), hosted("a.org", "owner", 1, &["n1"]), &Touched::All);
    assert_eq!(marks(&mut catalog), [None, None], "the owner speaks for the name");
    let text = "$ORIGIN a.org.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\nwww 60 NS n2.\n";
    let delegating = loaded(zone("a.org", text), ZoneKind::HostedPublic, 1, &["n1"]);
    catalog.put(id("Z1"), delegating, &Touched::Names([name("www.a.org")].into()));
    assert_eq!(marks(&mut catalog), [Some("taken".to_owned()), Some("taken".to_owned())]);
    catalog.remove(&id("Z1"));
    assert_eq!(marks(&mut catalog), [Some("taken".to_owned()), Some("taken".to_owned())]);
}

#[test]
fn nobody_takes_the_registrys_names() {
    let mut catalog = Catalog::new([StandsFor::Everything]);
    catalog.put(id("org"), org("a.nic 60 A 192.0.2.1\n"), &Touched::All);
    for (at, apex) in ["a.nic.org", "nic.org", "org", "free.org"].into_iter().enumerate() {
        catalog.put(id(&format!("Z{at}")), hosted(apex, "thief", 1, &["n1"]), &Touched::All);
    }
    let served = catalog.settle();
    let marks = ["a.nic.org", "nic.org", "org", "free.org"].map(|apex| mark(&served, 0, apex));
    assert_eq!(marks, [None, None, None, Some("thief".to_owned())]);
}

/// A step of the property: put (with its servers) or remove one of a few zones.
fn step() -> impl Strategy<Value = (usize, Option<u8>)> {
    (0usize..6, prop::option::weighted(0.8, 0u8..3))
}

fn variant(which: usize, choice: u8) -> (ZoneId, Loaded) {
    let server = format!("n{choice}");
    let servers = [server.as_str()];
    match which {
        0 => (id("org"), org(&format!("a 60 NS {server}.\n"))),
        1..=3 => {
            let delegation = if choice == 0 { String::new() } else { format!("b 60 NS {server}.\n") };
            let text = format!(
                "$ORIGIN a.org.\n@ 60 IN SOA ns admin 1 1 1 1 60\n@ 60 NS ns\n@ 60 TXT a{which}\n{delegation}"
            );
            let created = which as i64;
            (
                id(&format!("A{which}")),
                loaded(zone("a.org", &text), ZoneKind::HostedPublic, created, &servers),
            )
        }
        _ => (id(&format!("B{which}")), hosted("b.a.org", &format!("b{which}"), which as i64, &servers)),
    }
}

proptest! {
    #[test]
    fn changing_step_by_step_leads_where_loading_at_once_leads(
        steps in proptest::collection::vec((step(), any::<bool>()), 1..24),
    ) {
        let listeners = || [StandsFor::Everything, StandsFor::Hosted, StandsFor::Servers(vec![name("n1")])];
        let mut stepwise = Catalog::new(listeners());
        let mut last = BTreeMap::new();
        for ((which, choice), settle) in steps {
            let (id, loaded) = variant(which, choice.unwrap_or(0));
            match choice {
                Some(_) => {
                    let known = last.insert(id.clone(), loaded.clone()).is_some();
                    let touched = Touched::Names([name("a.org"), name("b.a.org")].into());
                    stepwise.put(id, loaded, if known { &touched } else { &Touched::All });
                 }
                None => { last.remove(&id); stepwise.remove(&id); }
            }
            if settle { stepwise.settle(); }
        }
        let mut at_once = Catalog::new(listeners());
        for (id, loaded) in last { at_once.put(id, loaded, &Touched::All); }
        let (one, other) = (stepwise.settle(), at_once.settle());
        for view in 0..3 {
            for apex in ["org", "a.org", "b.a.org"] {
                prop_assert_eq!(mark(&one, view, apex), mark(&other, view, apex), "{} {}", view, apex);
            }
            prop_assert_eq!(one.view(view).unwrap().len(), other.view(view).unwrap().len());
        }
    }
}

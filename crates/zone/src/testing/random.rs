//! Small zones from a seed, full of what is hard: wildcards, empty non-terminals, delegations with and
//! without DS, glue, hidden names, CNAME chains and loops.

use keyward_base::{Random, SeededRandom};

use crate::{Name, Rrset, Rtype};

const LABELS: [&str; 5] = ["a", "b", "c", "*", "d"];
const TYPES: [Rtype; 5] = [Rtype::A, Rtype::TXT, Rtype::MX, Rtype::AAAA, Rtype::CAA];

/// The sets of a random zone `apex`.
pub fn random_sets(apex: &Name, seed: u64) -> Vec<Rrset> {
    let random = SeededRandom::new(seed);
    let mut sets = vec![soa(apex), Rrset::new(apex.clone(), Rtype::NS, 300, [host(apex, &random)])];
    let mut names: Vec<Name> = (0..2 + random.below(14)).map(|_| random_name(apex, &random)).collect();
    names.sort();
    names.dedup();
    for name in names.into_iter().filter(|name| name != apex) {
        match random.below(10) {
            0 | 1 => sets.push(Rrset::new(name, Rtype::CNAME, 300, [host(apex, &random)])),
            2 | 3 if !name.is_wildcard() => delegation(apex, name, &random, &mut sets),
            _ => data(apex, &name, &random, &mut sets),
        }
    }
    sets
}

/// A name in or, now and then, beside the zone `apex`, likely near names that `random_sets` makes.
pub fn random_question(apex: &Name, seed: u64) -> (Name, Rtype) {
    let random = SeededRandom::new(seed ^ 0x5eed);
    let more = [Rtype::NS, Rtype::DS, Rtype::CNAME, Rtype::SOA, Rtype::DNSKEY, Rtype::NSEC3PARAM];
    let rtype = match random.below(3) {
        0 => more[random.below(6) as usize],
        _ => TYPES[random.below(5) as usize],
    };
    let name = match random.below(20) {
        0 => apex.clone(),
        1 => Name::root(),
        _ => random_name(apex, &random),
    };
    (name, rtype)
}

fn random_name(apex: &Name, random: &SeededRandom) -> Name {
    let depth = 1 + random.below(4);
    (0..depth)
        .fold(apex.clone(), |name, _| name.child(LABELS[random.below(5) as usize].as_bytes()).unwrap_or(name))
}

fn host(apex: &Name, random: &SeededRandom) -> Vec<u8> {
    random_name(apex, random).as_wire().to_vec()
}

fn soa(apex: &Name) -> Rrset {
    let mut rdata = apex.as_wire().to_vec();
    rdata.extend_from_slice(apex.as_wire());
    for number in [1u32, 7200, 900, 1_209_600, 60] {
        rdata.extend(number.to_be_bytes());
    }
    Rrset::new(apex.clone(), Rtype::SOA, 900, [rdata])
}

fn delegation(apex: &Name, name: Name, random: &SeededRandom, sets: &mut Vec<Rrset>) {
    let inside = name.child(b"ns").unwrap_or_else(|_| name.clone());
    let servers = [inside.as_wire().to_vec(), host(apex, random)];
    sets.push(Rrset::new(name.clone(), Rtype::NS, 300, servers));
    sets.push(Rrset::new(inside, Rtype::A, 300, [[192, 0, 2, 53]]));
    if random.below(2) == 0 {
        let mut ds = vec![0, 1, 13, 2];
        ds.extend([7; 32]);
        sets.push(Rrset::new(name, Rtype::DS, 300, [ds]));
    }
}

fn data(apex: &Name, name: &Name, random: &SeededRandom, sets: &mut Vec<Rrset>) {
    let chosen = 1 + random.below(31);
    for (bit, rtype) in TYPES.into_iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1) {
        let mut some = vec![0; 4];
        random.fill(&mut some);
        let rdata = match rtype {
            Rtype::A => vec![some.clone(), vec![192, 0, 2, u8::try_from(bit).unwrap_or(0)]],
            Rtype::AAAA => vec![[some.clone(), vec![0; 12]].concat()],
            Rtype::MX => vec![[vec![0, 10], host(apex, random)].concat()],
            Rtype::CAA => vec![[b"\0\x05issue".to_vec(), some].concat()],
            _ => (0..1 + random.below(3))
                .map(|at| [vec![200], vec![b'0' + u8::try_from(at).unwrap_or(0); 200]].concat())
                .collect(),
        };
        sets.push(Rrset::new(name.clone(), rtype, 300, rdata));
    }
}

//! Judges an answer as a validator does, from its records and the zone's key alone: signatures
//! (RFC 4035 section 5.3), wildcards (5.3.4) and NSEC3 denials (RFC 5155 section 8).
//!
//! It knows nothing of how answers are made, and takes NSEC3 records apart with `domain`.

use domain::base::iana::{Rcode, Rtype};
use domain::dep::octseq::Parser;
use domain::rdata::Nsec3;

use crate::answer::{Answer, Part, Section};
use crate::keys::Dnskey;
use crate::verify::is_signed_by;
use crate::{Name, Rrset, nsec3_hash};

/// What a validator holds to be proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Data,
    NoData,
    NameError,
    SecureReferral(Name),
    InsecureReferral(Name),
    /// A chain of CNAMEs whose target must be asked for anew.
    Chain,
}

struct Denial {
    hash: [u8; 20],
    next: [u8; 20],
    types: Vec<Rtype>,
}

pub(super) struct Validator<'a> {
    apex: &'a Name,
    keys: &'a [&'a Dnskey],
    answer: &'a Answer<'a>,
    denials: Vec<Denial>,
}

type Judged<T> = Result<T, String>;

impl<'a> Validator<'a> {
    pub(super) fn new(apex: &'a Name, keys: &'a [&'a Dnskey], answer: &'a Answer<'a>) -> Judged<Self> {
        let mut validator = Self { apex, keys, answer, denials: Vec::new() };
        for part in answer.section(Section::Authority).filter(|part| part.set.rrset.rtype() == Rtype::NSEC3) {
            validator.check_signature(part)?;
            validator.denials.push(denial(apex, part)?);
        }
        Ok(validator)
    }

    pub(super) fn judge(&self, question: &Name, rtype: Rtype) -> Judged<Verdict> {
        let mut name = question.clone();
        let mut followed = 0;
        while let Some(part) = self.answered(&name, rtype) {
            self.check_positive(part)?;
            if part.set.rrset.rtype() == rtype {
                return Ok(Verdict::Data);
            }
            followed += 1;
            name = Name::from_wire(part.set.rrset.rdata().next().ok_or("an empty CNAME")?)
                .map_err(|e| e.to_string())?;
            if followed == self.answer.section(Section::Answer).count() && self.soa().is_none() {
                return Ok(Verdict::Chain);
            }
        }
        match self.soa() {
            Some(soa) => {
                self.check_signature(soa)?;
                self.negative(&name, rtype)
            }
            None => self.referral(&name),
        }
    }

    fn answered(&self, name: &Name, rtype: Rtype) -> Option<&Part<'a>> {
        let of = |wanted| {
            let mut parts = self.answer.section(Section::Answer);
            parts.find(|part| part.owner() == name && part.set.rrset.rtype() == wanted)
        };
        of(rtype).or_else(|| of(Rtype::CNAME))
    }

    fn soa(&self) -> Option<&Part<'a>> {
        self.answer.section(Section::Authority).find(|part| part.set.rrset.rtype() == Rtype::SOA)
    }

    fn check_signature(&self, part: &Part<'_>) -> Judged<u8> {
        let set = &part.set.rrset;
        if !part.signatures || part.set.signatures.is_empty() {
            return Err(format!("{} {} without signature", part.owner(), set.rtype()));
        }
        for signature in &part.set.signatures {
            let labels = usize::from(signature.labels());
            //= rfc4035#section-5.3.2: fewer labels than the owner has: it was signed as a wildcard.
            let owner = part.owner();
            let owned = owner.label_count() - usize::from(owner.is_wildcard());
            let signed = match owned.cmp(&labels) {
                std::cmp::Ordering::Less => return Err(format!("{owner}: too many labels")),
                std::cmp::Ordering::Equal => owner.clone(),
                std::cmp::Ordering::Greater => owner.suffix(labels).wildcard().map_err(|e| e.to_string())?,
            };
            let given =
                Rrset::new(signed, set.rtype(), signature.original_ttl(), set.rdata().map(<[u8]>::to_vec));
            let good = self.keys.iter().any(|key| is_signed_by(&given, signature, key));
            if !good || signature.signer() != *self.apex {
                return Err(format!("{owner} {}: a wrong signature", set.rtype()));
            }
        }
        Ok(part.set.signatures[0].labels())
    }

    fn check_positive(&self, part: &Part<'_>) -> Judged<()> {
        let labels = usize::from(self.check_signature(part)?);
        let owner = part.owner();
        let owned = owner.label_count() - usize::from(owner.is_wildcard());
        if labels < owned {
            //= rfc5155#section-8.8
            self.covered(&owner.suffix(labels + 1))?;
        }
        Ok(())
    }

    fn negative(&self, name: &Name, rtype: Rtype) -> Judged<Verdict> {
        if self.answer.rcode == Rcode::NXDOMAIN {
            //= rfc5155#section-8.4
            let encloser = self.closest_encloser(name)?;
            self.covered(&encloser.wildcard().map_err(|e| e.to_string())?)?;
            return Ok(Verdict::NameError);
        }
        let matching = match self.matching(name) {
            //= rfc5155#section-8.5
            Some(matching) => matching,
            //= rfc5155#section-8.7
            None => {
                let encloser = self.closest_encloser(name)?;
                let wildcard = encloser.wildcard().map_err(|e| e.to_string())?;
                self.matching(&wildcard).ok_or("neither the name nor the wildcard is matched")?
            }
        };
        if matching.types.contains(&rtype) || matching.types.contains(&Rtype::CNAME) {
            return Err(format!("{name}: the type is there"));
        }
        //= rfc6840#section-4.1: an ancestor's record denies nothing but DS.
        let delegation = matching.types.contains(&Rtype::NS) && !matching.types.contains(&Rtype::SOA);
        if delegation != (rtype == Rtype::DS && delegation) {
            return Err(format!("{name}: denied by a delegation's record"));
        }
        Ok(Verdict::NoData)
    }

    fn referral(&self, name: &Name) -> Judged<Verdict> {
        let mut servers =
            self.answer.section(Section::Authority).filter(|part| part.set.rrset.rtype() == Rtype::NS);
        let cut = servers.next().ok_or_else(|| format!("nothing is said about {name}"))?;
        if !name.is_at_or_below(cut.owner())
            || !cut.owner().is_below(self.apex)
            || cut.signatures && !cut.set.signatures.is_empty()
        {
            return Err(format!("a wrong referral to {}", cut.owner()));
        }
        let owner = cut.owner().clone();
        let ds = self.answer.section(Section::Authority).find(|part| part.set.rrset.rtype() == Rtype::DS);
        if let Some(ds) = ds {
            self.check_signature(ds)?;
            return if *ds.owner() == owner {
                Ok(Verdict::SecureReferral(owner))
            } else {
                Err("a stray DS".into())
            };
        }
        //= rfc5155#section-8.9
        let matching = self.matching(&owner).ok_or("an unsigned referral without proof")?;
        let types = &matching.types;
        if types.contains(&Rtype::NS) && !types.contains(&Rtype::DS) && !types.contains(&Rtype::SOA) {
            Ok(Verdict::InsecureReferral(owner))
        } else {
            Err(format!("{owner}: the proof does not fit: {types:?}"))
        }
    }

    //= rfc5155#section-8.3
    fn closest_encloser(&self, name: &Name) -> Judged<Name> {
        for labels in (self.apex.label_count()..name.label_count()).rev() {
            let encloser = name.suffix(labels);
            let Some(matching) = self.matching(&encloser) else { continue };
            let types = &matching.types;
            if types.contains(&Rtype::DNAME) || types.contains(&Rtype::NS) && !types.contains(&Rtype::SOA) {
                return Err(format!("{encloser} is a delegation"));
            }
            self.covered(&name.suffix(labels + 1))?;
            return Ok(encloser);
        }
        Err(format!("no closest encloser of {name}"))
    }

    fn matching(&self, name: &Name) -> Option<&Denial> {
        let hash = nsec3_hash(name).0;
        self.denials.iter().find(|denial| denial.hash == hash)
    }

    fn covered(&self, name: &Name) -> Judged<()> {
        let hash = nsec3_hash(name).0;
        let covers = |denial: &Denial| {
            if denial.hash < denial.next {
                denial.hash < hash && hash < denial.next
            } else {
                denial.hash < hash || hash < denial.next
            }
        };
        self.denials.iter().any(covers).then_some(()).ok_or_else(|| format!("{name} is not covered"))
    }
}

fn denial(apex: &Name, part: &Part<'_>) -> Judged<Denial> {
    if part.owner().parent().as_ref() != Some(apex) {
        return Err("an NSEC3 record of another zone".to_owned());
    }
    let label = part.owner().labels().next().unwrap_or_default().to_ascii_uppercase();
    let hash = data_encoding::BASE32HEX_NOPAD.decode(&label).map_err(|e| e.to_string())?;
    let rdata = part.set.rrset.rdata().next().ok_or("empty")?;
    let record = Nsec3::parse(&mut Parser::from_ref(rdata)).map_err(|e| e.to_string())?;
    let parameters = (record.hash_algorithm().to_int(), record.iterations(), record.opt_out());
    if parameters != (1, 0, false) || !record.salt().as_slice().is_empty() {
        return Err(format!("other parameters: {parameters:?}"));
    }
    Ok(Denial {
        hash: hash.try_into().map_err(|_| "a short hash")?,
        next: record.next_owner().as_slice().try_into().map_err(|_| "a short hash")?,
        types: record.types().iter().collect(),
    })
}

//! The difference between two generations, or a whole one, and its form as a blob.
//!
//! A delta is applied only to the generation that it was made from. Applying checks that it fits; whether
//! what comes out is well signed is for `verify`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use domain::base::iana::Rtype;

use crate::{Generation, GenerationNumber, Name, NameKey, Nsec3Hash, SignedRrset};

mod encoding;
#[cfg(test)]
mod tests;

/// What to put and what to remove, to get from one generation to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    apex: Name,
    from: Option<GenerationNumber>,
    to: GenerationNumber,
    puts: Vec<Arc<SignedRrset>>,
    removals: Vec<(Name, Rtype)>,
    nsec3_puts: Vec<(Nsec3Hash, Arc<SignedRrset>)>,
    nsec3_removals: Vec<Nsec3Hash>,
}

/// Why a blob could not be read or applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeltaError {
    /// Not a zone blob, cut short, or with bytes that mean nothing.
    Malformed,
    /// Written by a newer version of this program, in this format.
    NewerFormat(u8),
    /// It was made from another generation or for another zone.
    DoesNotFit,
}

impl fmt::Display for DeltaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the zone blob is malformed"),
            Self::NewerFormat(version) => {
                write!(f, "the zone blob has format {version}, which needs a newer version of this program")
            }
            Self::DoesNotFit => f.write_str("the zone delta was made from another generation"),
        }
    }
}

impl std::error::Error for DeltaError {}

impl Delta {
    /// All of `zone`: a base, which needs no predecessor.
    pub fn whole(zone: &Generation) -> Self {
        Self {
            apex: zone.apex().clone(),
            from: None,
            to: zone.number(),
            puts: zone.nodes().flat_map(|node| node.sets()).cloned().collect(),
            removals: Vec::new(),
            nsec3_puts: zone.nsec3_chain().map(|(hash, record)| (*hash, record.clone())).collect(),
            nsec3_removals: Vec::new(),
        }
    }

    /// What differs between the two at these places. Without a previous generation: all of `next`.
    pub(crate) fn between(
        previous: Option<&Generation>,
        next: &Generation,
        sets: &BTreeSet<(NameKey, u16)>,
        nsec3: &BTreeSet<Nsec3Hash>,
    ) -> Self {
        let Some(previous) = previous else {
            return Self::whole(next);
        };
        let mut delta = Self { from: Some(previous.number()), ..Self::nothing(next) };
        for (key, rtype) in sets {
            let rtype = Rtype::from_int(*rtype);
            let old = previous.node_at(key.as_bytes()).and_then(|node| node.get(rtype));
            let new = next.node_at(key.as_bytes()).and_then(|node| node.get(rtype));
            match (old, new) {
                (_, Some(new)) if old != Some(new) => delta.puts.push(new.clone()),
                (Some(old), None) => delta.removals.push((old.rrset.name().clone(), rtype)),
                _ => {}
            }
        }
        for hash in nsec3 {
            match (previous.nsec3_matching(hash), next.nsec3_matching(hash)) {
                (old, Some(new)) if old != Some(new) => delta.nsec3_puts.push((*hash, new.clone())),
                (Some(_), None) => delta.nsec3_removals.push(*hash),
                _ => {}
            }
        }
        delta
    }

    fn nothing(next: &Generation) -> Self {
        Self {
            apex: next.apex().clone(),
            from: None,
            to: next.number(),
            puts: Vec::new(),
            removals: Vec::new(),
            nsec3_puts: Vec::new(),
            nsec3_removals: Vec::new(),
        }
    }

    /// The zone that it belongs to.
    pub fn apex(&self) -> &Name {
        &self.apex
    }

    /// The generation that it must be applied to; `None` for a base.
    pub fn from(&self) -> Option<GenerationNumber> {
        self.from
    }

    /// The generation that it leads to.
    pub fn to(&self) -> GenerationNumber {
        self.to
    }

    /// The sets to put, with their signatures; NSEC3 records are apart.
    pub fn puts(&self) -> impl ExactSizeIterator<Item = &Arc<SignedRrset>> {
        self.puts.iter()
    }

    /// The sets to remove.
    pub fn removals(&self) -> impl ExactSizeIterator<Item = (&Name, Rtype)> {
        self.removals.iter().map(|(name, rtype)| (name, *rtype))
    }

    /// The NSEC3 records to put.
    pub fn nsec3_puts(&self) -> impl ExactSizeIterator<Item = (&Nsec3Hash, &Arc<SignedRrset>)> {
        self.nsec3_puts.iter().map(|(hash, record)| (hash, record))
    }

    /// The NSEC3 records to remove.
    pub fn nsec3_removals(&self) -> impl ExactSizeIterator<Item = &Nsec3Hash> {
        self.nsec3_removals.iter()
    }

    /// How many sets and records it puts or removes.
    pub fn len(&self) -> usize {
        self.puts.len() + self.removals.len() + self.nsec3_puts.len() + self.nsec3_removals.len()
    }

    /// Whether it changes nothing but the number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The generation that it leads to from `base`; `None` for a base delta.
    pub fn apply(&self, base: Option<&Generation>) -> Result<Generation, DeltaError> {
        let fits = base.is_none_or(|base| *base.apex() == self.apex);
        if !fits || base.map(Generation::number) != self.from {
            return Err(DeltaError::DoesNotFit);
        }
        let mut zone = match base {
            Some(base) => base.numbered(self.to),
            None => Generation::empty(self.apex.clone(), self.to),
        };
        for (name, rtype) in &self.removals {
            zone.remove(&name.key(), *rtype).ok_or(DeltaError::DoesNotFit)?;
        }
        for set in &self.puts {
            zone.put(set.clone());
        }
        for hash in &self.nsec3_removals {
            zone.remove_nsec3(hash).ok_or(DeltaError::DoesNotFit)?;
        }
        for (hash, record) in &self.nsec3_puts {
            zone.put_nsec3(*hash, record.clone());
        }
        Ok(zone)
    }
}

//! The walk from a zone's apex to a name: what an answer has to know (RFC 1034 section 4.3.2, RFC 4592).

use std::sync::Arc;

use domain::base::iana::Rtype;

use super::{Generation, Node};
use crate::{Name, NameKey};

/// What there is of a name itself.
#[derive(Clone, Copy, Debug)]
pub enum Exact<'a> {
    /// It has records.
    Node(&'a Arc<Node>),
    /// It has none, but names below it have (RFC 4592 section 2.2.2).
    EmptyNonTerminal,
    /// It does not exist; a wildcard may stand in.
    Absent,
}

/// What was met on the way to a name.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The topmost name with NS below the apex, at or above the name: the delegation point. What lies
    /// below it is glue; `exact` is then of no concern unless the cut is the name itself and DS is asked.
    pub cut: Option<&'a Arc<Node>>,
    /// The name itself.
    pub exact: Exact<'a>,
    /// The deepest existing name at or above the name (RFC 4592 section 3.3.1); the name itself if it exists.
    pub closest_encloser: Name,
    /// For an absent name: the `*` node below the closest encloser, the source of synthesis.
    pub wildcard: Option<&'a Arc<Node>>,
}

pub(super) fn search<'a>(zone: &'a Generation, name: &Name) -> Search<'a> {
    let key = name.key();
    let apex_labels = zone.apex.label_count();
    let mut cut = None;
    let mut exact = Exact::Absent;
    let mut encloser_labels = apex_labels;
    for (labels, suffix) in key.suffixes().enumerate().skip(apex_labels) {
        exact = look(zone, suffix);
        match exact {
            Exact::Absent => break,
            Exact::Node(node) if cut.is_none() && labels > apex_labels && node.has(Rtype::NS) => {
                cut = Some(node)
            }
            Exact::Node(_) | Exact::EmptyNonTerminal => {}
        }
        encloser_labels = labels;
    }
    let closest_encloser = name.suffix(encloser_labels);
    let wildcard = match exact {
        Exact::Absent => wildcard_below(zone, &closest_encloser),
        Exact::Node(_) | Exact::EmptyNonTerminal => None,
    };
    Search { cut, exact, closest_encloser, wildcard }
}

fn look<'a>(zone: &'a Generation, key: &[u8]) -> Exact<'a> {
    match zone.node_at(key) {
        Some(node) => Exact::Node(node),
        None if zone.has_descendants(key) => Exact::EmptyNonTerminal,
        None => Exact::Absent,
    }
}

fn wildcard_below<'a>(zone: &'a Generation, encloser: &Name) -> Option<&'a Arc<Node>> {
    let wildcard = encloser.wildcard().ok()?;
    zone.node_at(NameKey::of(&wildcard).as_bytes())
}

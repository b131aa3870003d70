//! A cluster of model HSMs.

use std::sync::Arc;
use std::time::Duration;

use keyward_base::SeededRandom;

use crate::api::ids::{HsmId, KeyHandle};
use crate::api::key::{KeyTemplate, PairTemplate};
use crate::api::password::Password;
use crate::api::record::{RecordKey, Stamp};
use crate::api::spec::{Curve, KeySpec};
use crate::cluster::tests::model::Model;
use crate::cluster::tests::network::{Node, Way};
use crate::cluster::{Cluster, ClusterSession, MemberState, NewMember};

pub(crate) const CLUSTER: &str = "cluster-234567abcde";
const USERS: [&str; 5] = ["admin", "ann", "bob", "cat", "dan"];

pub(crate) struct World {
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) cluster: Cluster,
}

impl World {
    /// A cluster of so many HSMs; the others start blank.
    pub(crate) fn new(hsms: usize, seed: u64) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let node = |index: u64| {
            let founder = || Model::founder(1, CLUSTER, &USERS);
            Node::new(if index == 1 { founder() } else { Model::blank(index) }, &random)
        };
        let nodes: Vec<_> = (1..=hsms as u64).map(node).collect();
        let members = nodes.iter().enumerate().map(|(index, node)| member(index, node)).collect();
        let cluster = Cluster::start(CLUSTER.parse().unwrap(), members, random);
        Self { nodes, cluster }
    }

    /// The same HSMs, kept in step by a new process.
    pub(crate) fn begin_anew(&mut self) {
        let members = self.nodes.iter().enumerate().map(|(index, node)| member(index, node)).collect();
        self.cluster = Cluster::start(CLUSTER.parse().unwrap(), members, Arc::new(SeededRandom::new(77)));
    }

    /// Every HSM is Active.
    pub(crate) async fn settled(self) -> Self {
        self.settle().await;
        self
    }

    pub(crate) async fn settle(&self) {
        for index in 0..self.nodes.len() {
            let settled = self.cluster.until_active(&id(index), Duration::from_secs(120)).await;
            assert!(settled, "{index} stays out: {:?}", self.cluster.members());
        }
    }

    pub(crate) async fn login(&self, user: &str) -> ClusterSession {
        self.cluster.login(&user.parse().unwrap(), &password(user)).await.unwrap()
    }

    pub(crate) fn set(&self, index: usize, way: Way) {
        self.nodes[index].set(way);
    }

    pub(crate) fn state(&self, index: usize) -> MemberState {
        self.cluster.members()[index].state
    }

    /// On how many HSMs a key is.
    pub(crate) fn copies(&self, key: KeyHandle) -> usize {
        self.nodes.iter().filter(|node| node.model.lock().unwrap().label(key).is_some()).count()
    }

    /// The keys on an HSM.
    pub(crate) fn keys(&self, index: usize) -> Vec<KeyHandle> {
        let stamps = self.nodes[index].model.lock().unwrap().stamps();
        let key = |stamp: &Stamp| match stamp.key {
            RecordKey::Key(handle) if !stamp.tombstone => Some(handle),
            _ => None,
        };
        stamps.iter().filter_map(key).collect()
    }

    /// All HSMs hold the same.
    pub(crate) fn assert_identical(&self) {
        let first = self.nodes[0].model.lock().unwrap().content().clone();
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let other = node.model.lock().unwrap();
            assert!(first == *other.content(), "HSM {index} differs from the first");
        }
    }
}

pub(crate) fn id(index: usize) -> HsmId {
    format!("hsm-{}", ["aaaaaaaaaaa", "bbbbbbbbbbb", "ccccccccccc", "ddddddddddd"][index]).parse().unwrap()
}

pub(crate) fn member(index: usize, node: &Arc<Node>) -> NewMember {
    NewMember {
        hsm: id(index),
        zone: format!("us-east-1{}", ["a", "b", "c", "d"][index]),
        client: node.client(),
    }
}

pub(crate) fn password(user: &str) -> Password {
    Password::new(format!("{user}-password")).unwrap()
}

pub(crate) fn template(label: &str) -> KeyTemplate {
    KeyTemplate {
        spec: KeySpec::Aes { bytes: 32 },
        label: label.to_owned(),
        changes: Vec::new(),
        share_with: Vec::new(),
    }
}

pub(crate) fn pair(label: &str) -> PairTemplate {
    PairTemplate {
        spec: KeySpec::Ec { curve: Curve::P256 },
        public_label: format!("{label}, public"),
        public_changes: Vec::new(),
        private_label: format!("{label}, private"),
        private_changes: Vec::new(),
        share_with: Vec::new(),
    }
}

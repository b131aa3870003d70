//! The clusters of this node, by id.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::api::ids::ClusterId;
use crate::cluster::Cluster;

/// The clusters that this node serves. Cheap to clone; all clones see the same. Fed by the service that owns the
/// clusters' rows, read by whoever uses keys in them.
#[derive(Clone, Default)]
pub struct Clusters {
    by_id: Arc<ArcSwap<HashMap<ClusterId, Cluster>>>,
}

impl Clusters {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cluster of that id, when it has HSMs here.
    pub fn get(&self, id: &ClusterId) -> Option<Cluster> {
        self.by_id.load().get(id).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<Cluster> {
        self.by_id.load().values().cloned().collect()
    }

    /// Adds a cluster, or takes the place of the one with its id.
    pub fn put(&self, cluster: &Cluster) {
        self.change(|clusters| {
            clusters.insert(cluster.id().clone(), cluster.clone());
        });
    }

    /// Forgets a cluster; its HSMs go on.
    pub fn remove(&self, id: &ClusterId) {
        self.change(|clusters| {
            clusters.remove(id);
        });
    }

    fn change(&self, change: impl Fn(&mut HashMap<ClusterId, Cluster>)) {
        self.by_id.rcu(|clusters| {
            let mut clusters = HashMap::clone(clusters);
            change(&mut clusters);
            clusters
        });
    }
}

//! A simulated network: requests and answers that are delayed, lost, doubled, or cut off, by a seed.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_base::{Random, SeededRandom};
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::client::{Carried, HsmClient, Link, LinkError};
use crate::cluster::tests::model::Model;
use crate::protocol::request::{Mutation, Request};

/// How the way to a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Short delays.
    Good,
    /// Delays beyond every patience; what arrives is done all the same.
    Slow,
    /// Some requests and answers are lost without a word, some come twice.
    Lossy,
    /// Nothing arrives, and nobody says so.
    Cut,
    /// The process is dead; everyone who asks is told.
    Dead,
}

/// One HSM and the way to it.
pub(crate) struct Node {
    pub(crate) model: Mutex<Model>,
    way: watch::Sender<Way>,
    /// Counts restarts: what was asked of an earlier process is lost.
    life: watch::Sender<u64>,
    random: Arc<SeededRandom>,
    /// How long the answer to a request for a pair takes after the pair was made.
    pairs_take: Mutex<Duration>,
}

impl Node {
    pub(crate) fn new(model: Model, random: &Arc<SeededRandom>) -> Arc<Self> {
        let (way, life) = (watch::Sender::new(Way::Good), watch::Sender::new(0));
        let (model, pairs_take) = (Mutex::new(model), Mutex::default());
        Arc::new(Self { model, way, life, random: Arc::clone(random), pairs_take })
    }

    pub(crate) fn client(self: &Arc<Self>) -> HsmClient {
        HsmClient::new(Arc::new(Wire(Arc::clone(self))))
    }

    pub(crate) fn pairs_take(&self, time: Duration) {
        *self.pairs_take.lock().unwrap() = time;
    }

    pub(crate) fn set(&self, way: Way) {
        let before = self.way.send_replace(way);
        if way == Way::Dead && before != Way::Dead {
            self.model.lock().unwrap().restart();
            self.life.send_modify(|life| *life += 1);
        }
    }

    fn chance(&self, percent: u32) -> bool {
        self.random.below(100) < percent
    }

    async fn travel(&self) {
        let longest = if *self.way.borrow() == Way::Slow { 12_000 } else { 8 };
        sleep(Duration::from_millis(u64::from(self.random.below(longest) + 1))).await;
    }

    /// Whether a message is swallowed.
    fn swallows(&self) -> bool {
        match *self.way.borrow() {
            Way::Cut => true,
            Way::Lossy => self.chance(20),
            _ => false,
        }
    }
}

struct Wire(Arc<Node>);

impl Link for Wire {
    fn call(&self, message: Zeroizing<Vec<u8>>) -> Carried {
        let node = Arc::clone(&self.0);
        if *node.way.borrow() == Way::Dead {
            return Box::pin(async { Err(LinkError::Lost) });
        }
        let (answer, answered) = oneshot::channel();
        let mut life = node.life.subscribe();
        life.mark_unchanged();
        // The request goes its way whether or not anyone waits for the answer.
        let again = *node.way.borrow() == Way::Lossy && node.chance(20);
        for answer in [Some(answer), None].into_iter().take(if again { 2 } else { 1 }) {
            let (node, message) = (Arc::clone(&node), message.to_vec());
            tokio::spawn(deliver(node, message, answer));
        }
        Box::pin(async move {
            tokio::select! {
                biased;
                answer = answered => match answer {
                    Ok(answer) => Ok(answer),
                    // Swallowed: nobody says so.
                    Err(_) => { let _ = life.changed().await; Err(LinkError::Lost) }
                },
                _ = life.changed() => Err(LinkError::Lost),
            }
        })
    }

    fn is_up(&self) -> bool {
        *self.0.way.borrow() != Way::Dead
    }

    fn up(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut way = self.0.way.subscribe();
        Box::pin(async move {
            let _ = way.wait_for(|way| *way != Way::Dead).await;
        })
    }
}

async fn deliver(node: Arc<Node>, message: Vec<u8>, answer: Option<oneshot::Sender<Zeroizing<Vec<u8>>>>) {
    let life = *node.life.borrow();
    if node.swallows() {
        return;
    }
    node.travel().await;
    if *node.way.borrow() == Way::Cut || *node.life.borrow() != life {
        return;
    }
    let reply = node.model.lock().unwrap().answer(&message);
    let makes_a_pair = Request::decode(&message).is_some_and(|request| {
        matches!(request, Request::Mutate { mutation: Mutation::GeneratePair(_), .. })
    });
    if makes_a_pair {
        let time = *node.pairs_take.lock().unwrap();
        sleep(time).await;
    }
    if node.swallows() {
        return;
    }
    node.travel().await;
    if *node.life.borrow() == life
        && let Some(answer) = answer
    {
        let _ = answer.send(reply);
    }
}

//! The builder at work: one holder of the lease, passes when something happens or falls due.
//!
//! Everything here may stop at any moment and be taken over by another process: the work is in `pass`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use keyward_base::Timestamp;
use keyward_store::{Compare, Key, KeyRange, Lease, LeaseError, Watch};
use keyward_zone::publication::{PublishedZone, ZoneId, keys};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use crate::publish::progress_of;
use crate::{BuildError, Builder, Pass, ZoneEvent};

mod schedule;

use schedule::{Job, Schedule};

/// The name of the lease.
const LEASE: &str = "zone-builder";
/// How long the lease lasts unless it is renewed.
const TERM: Duration = Duration::from_secs(15);
/// How often it is renewed, and asked for.
const RENEWAL: Duration = Duration::from_secs(4);
/// How often those name servers are looked after that said nothing.
const SERVED_TICK: Duration = Duration::from_secs(5);
/// How long after a failure a source is asked for its zones again.
const RESYNC: Duration = Duration::from_secs(2);
/// Passes at the same time.
const PASSES_MAX: usize = 4;
/// Events in line before sources have to wait.
const EVENTS_MAX: usize = 1024;

impl Builder {
    /// Builds zones until `stop` ends. Where several processes run it, one at a time works.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        loop {
            match self.store.lease(LEASE, TERM).await {
                Ok(mut lease) => {
                    let stopped = tokio::select! {
                        () = &mut stop => true,
                        () = self.tenure(&mut lease) => false,
                    };
                    lease.release().await;
                    if stopped {
                        return;
                    }
                }
                Err(LeaseError::Held) => {}
                Err(LeaseError::Store(error)) => {
                    tracing::warn!(%error, "the zone builder can't take its lease")
                }
            }
            tokio::select! {
                () = &mut stop => return,
                () = self.clock.sleep(RENEWAL) => {}
            }
        }
    }

    /// Works until the lease is lost.
    async fn tenure(self: &Arc<Self>, lease: &mut Box<dyn Lease>) {
        let mut tenure = Tenure::new(self, lease.fence());
        let mut renewal = self.clock.now().plus(RENEWAL);
        loop {
            tenure.start_passes();
            match tenure.wait(renewal).await {
                Happening::Renewal => {
                    match lease.renew().await {
                        Err(LeaseError::Held) => return tracing::warn!("the zone builder lost its lease"),
                        // The fence keeps our writes safe; whether the lease holds is seen next time.
                        Err(LeaseError::Store(error)) => tracing::warn!(%error, "the lease was not renewed"),
                        Ok(()) => {}
                    }
                    renewal = self.clock.now().plus(RENEWAL);
                }
                Happening::Event(source, event) => tenure.on_event(source, event),
                Happening::Pass(done) => tenure.on_pass(done),
                Happening::Served(zones) => tenure.tell_served(zones),
                Happening::Time => tenure.on_time().await,
            }
        }
    }

    /// The published rows of this source.
    async fn published_of(&self, source: &str) -> Result<Vec<(ZoneId, PublishedZone)>, BuildError> {
        let (rows, _) = self.store.range(&KeyRange::prefix(&Key::new(keys::PUBLISHED)), usize::MAX).await?;
        let read = |row: &keyward_store::Row| {
            Some((keys::zone_of_published(row.key.as_bytes())?, PublishedZone::decode(&row.value).ok()?))
        };
        Ok(rows.iter().filter_map(read).filter(|(_, row)| row.source == source).collect())
    }
}

/// What the builder waits for. Waiting may be broken off and begun again; dealing with it may not.
enum Happening {
    Renewal,
    Event(usize, ZoneEvent),
    Pass(Result<(ZoneId, Result<Pass, BuildError>), JoinError>),
    Served(Vec<ZoneId>),
    Time,
}

/// What belongs to one term of office.
struct Tenure {
    builder: Arc<Builder>,
    fence: Compare,
    schedule: Schedule,
    passes: JoinSet<(ZoneId, Result<Pass, BuildError>)>,
    events: mpsc::Receiver<(usize, ZoneEvent)>,
    /// Dropped with the rest, which ends the listening.
    _listeners: JoinSet<()>,
    /// Those who tell sources what is served.
    tellers: JoinSet<()>,
    served: Option<Box<dyn Watch>>,
    served_tick: Timestamp,
    /// Sources to ask for their zones, and when.
    resyncs: Vec<(Timestamp, usize)>,
}

impl Tenure {
    fn new(builder: &Arc<Builder>, fence: Compare) -> Self {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let mut listeners = JoinSet::new();
        for (number, source) in builder.sources.iter().enumerate() {
            let (mut source, sender) = (source.events(), sender.clone());
            listeners.spawn(async move {
                loop {
                    for event in source.next().await {
                        if sender.send((number, event)).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
        let now = builder.clock.now();
        Self {
            builder: builder.clone(),
            fence,
            schedule: Schedule::default(),
            passes: JoinSet::new(),
            events,
            _listeners: listeners,
            tellers: JoinSet::new(),
            served: None,
            served_tick: now,
            resyncs: (0..builder.sources.len()).map(|number| (now, number)).collect(),
        }
    }

    fn start_passes(&mut self) {
        let now = self.builder.clock.now();
        while self.passes.len() < PASSES_MAX
            && let Some(Job { zone, source, check_keys }) = self.schedule.start(now)
        {
            let (builder, fence) = (self.builder.clone(), self.fence.clone());
            self.passes.spawn(async move {
                let result = match builder.sources.get(source) {
                    Some(source) => builder.pass(&**source, &zone, check_keys, Some(&fence)).await,
                    None => Err(BuildError::Broken("the zone has no source")),
                };
                (zone, result)
            });
        }
    }

    /// Waits for the next thing.
    async fn wait(&mut self, renewal: Timestamp) -> Happening {
        while self.tellers.try_join_next().is_some() {}
        let clock = self.builder.clock.clone();
        let next_pass = self.schedule.next_due().filter(|_| self.passes.len() < PASSES_MAX);
        let next_resync = self.resyncs.iter().map(|(moment, _)| *moment).min();
        let wake = [Some(self.served_tick), next_pass, next_resync].into_iter().flatten().min();
        tokio::select! {
            () = clock.sleep_until(renewal) => Happening::Renewal,
            Some((source, event)) = self.events.recv() => Happening::Event(source, event),
            Some(done) = self.passes.join_next(), if !self.passes.is_empty() => Happening::Pass(done),
            zones = next_served(&mut self.served, &self.builder) => Happening::Served(zones),
            () = clock.sleep_until(wake.unwrap_or(self.served_tick)) => Happening::Time,
        }
    }

    fn on_event(&mut self, source: usize, event: ZoneEvent) {
        let now = self.builder.clock.now();
        match event {
            ZoneEvent::Changed(zone) => self.schedule.wake(&zone, source, false, now),
            ZoneEvent::CheckKeys(zone) => self.schedule.wake(&zone, source, true, now),
            ZoneEvent::Missed => self.resyncs.push((now, source)),
        }
    }

    fn on_pass(&mut self, done: Result<(ZoneId, Result<Pass, BuildError>), JoinError>) {
        let now = self.builder.clock.now();
        let (zone, result) = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "a pass over a zone broke off");
                self.schedule.lost(now);
                return;
            }
        };
        if let Err(error) = &result {
            tracing::error!(%zone, %error, "the zone was not built; what was published stays");
        }
        self.builder.set_alarm(&zone, result.as_ref().err().map(ToString::to_string));
        self.schedule.finished(&zone, result.ok(), now);
    }

    async fn on_time(&mut self) {
        let now = self.builder.clock.now();
        let (due, later) =
            std::mem::take(&mut self.resyncs).into_iter().partition(|(moment, _)| *moment <= now);
        self.resyncs = later;
        let mut due: Vec<usize> = Vec::into_iter(due).map(|(_, source): (Timestamp, usize)| source).collect();
        due.sort_unstable();
        due.dedup();
        for source in due {
            if let Err(error) = self.resync(source).await {
                tracing::warn!(%error, "a source could not tell its zones; asking again");
                self.resyncs.push((now.plus(RESYNC), source));
            }
        }
        if self.served_tick <= now {
            self.served_tick = now.plus(SERVED_TICK);
            self.tell_served(self.builder.awaited.zones());
        }
    }

    /// Looks at every zone that a source has, and at those that it no longer has.
    async fn resync(&mut self, number: usize) -> Result<(), BuildError> {
        let Some(source) = self.builder.sources.get(number).cloned() else {
            return Ok(());
        };
        let now = self.builder.clock.now();
        for zone in source.zones().await? {
            self.schedule.wake(&zone, number, false, now);
        }
        for (zone, row) in self.builder.published_of(source.name()).await? {
            self.builder.note_progress(&zone, progress_of(&row));
            self.schedule.wake(&zone, number, false, now);
        }
        Ok(())
    }

    /// Aside, so that a slow source holds up nothing.
    fn tell_served(&mut self, zones: Vec<ZoneId>) {
        for zone in zones {
            let number = self.schedule.source_of(&zone);
            let Some(source) = number.and_then(|number| self.builder.sources.get(number)).cloned() else {
                continue;
            };
            let builder = self.builder.clone();
            self.tellers.spawn(async move { builder.tell_served(&*source, &zone).await });
        }
    }
}

/// Waits for name servers to report; the zones that they report about. Starts watching if nobody does.
async fn next_served(watch: &mut Option<Box<dyn Watch>>, builder: &Builder) -> Vec<ZoneId> {
    let prefix = Key::new(keys::SERVED);
    let Some(watching) = watch else {
        match builder.store.range(&KeyRange::prefix(&prefix), 1).await {
            Ok((_, now)) => *watch = Some(builder.store.watch(&prefix, now)),
            Err(_) => builder.clock.sleep(RESYNC).await,
        }
        return builder.awaited.zones();
    };
    match watching.next().await {
        Ok(events) => {
            let zones = events.iter().filter_map(|event| keys::zone_and_node_of(event.key.as_bytes()));
            let mut zones: Vec<ZoneId> = zones.map(|(zone, _)| zone).collect();
            zones.dedup();
            zones
        }
        Err(_) => {
            *watch = None;
            Vec::new()
        }
    }
}

//! The clock, handed in so that a year can pass in a test within a second.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::Timestamp;

/// A future that ends when a moment has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits for it. Only `SystemClock` reads the machine's clock.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Ends as soon as `now()` is at or after `moment`.
    fn sleep_until(&self, moment: Timestamp) -> Sleep;

    /// Ends after `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now().plus(duration))
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.plus(elapsed)
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep {
        Box::pin(tokio::time::sleep(moment.since(self.now())))
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct SimulatedClock {
    now: watch::Sender<Timestamp>,
}

impl SimulatedClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: watch::Sender::new(start) }
    }

    /// Moves the clock forward and wakes every sleeper whose moment has come.
    pub fn advance(&self, duration: Duration) {
        self.now.send_modify(|now| *now = now.plus(duration));
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, moment: Timestamp) -> Sleep {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // A dropped clock can never reach the moment; sleeping on is the honest answer.
            if now.wait_for(|now| *now >= moment).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_simulated_moment_comes() {
        let clock = SimulatedClock::new(Timestamp::EPOCH);
        let sleeper = tokio::spawn(clock.sleep(Duration::from_secs(60)));
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
    }
}

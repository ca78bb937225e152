//! Obeying the limits of the API before the server has to say so.

use super::transport::Clock;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Limits on reads; writes are not counted. Source: Metrc's paper on rate limiting of October 2021.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Reads a second for one facility.
    pub facility_rate: u32,
    /// Reads a second for one vendor key.
    pub vendor_rate: u32,
    /// Reads at once for one facility.
    pub facility_at_once: usize,
    /// Reads at once for one vendor key.
    pub vendor_at_once: usize,
    /// Of the rates, how much is used, in percent: requests that are sent evenly arrive less so.
    pub share: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { facility_rate: 50, vendor_rate: 150, facility_at_once: 10, vendor_at_once: 30, share: 90 }
    }
}

impl Limits {
    fn distance(&self, rate: u32) -> Duration {
        Duration::from_secs(100) / (rate.max(1).saturating_mul(self.share.clamp(1, 100)))
    }
}

/// Lets reads through one after the other, evenly, and not too many at once. One for each vendor key.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    state: Mutex<State>,
    at_once: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    vendor: Lane,
    facilities: BTreeMap<String, (Lane, Arc<Semaphore>)>,
}

/// When the next one may go.
#[derive(Debug, Default, Clone, Copy)]
struct Lane {
    next: Option<Timestamp>,
}

impl Lane {
    fn free_at(self, now: Timestamp) -> Timestamp {
        self.next.map_or(now, |next| next.max(now))
    }

    fn take(&mut self, at: Timestamp, distance: Duration) {
        self.next = at.checked_add(distance).ok();
    }

    fn hold(&mut self, until: Timestamp) {
        self.next = Some(self.next.map_or(until, |next| next.max(until)));
    }
}

/// Held while a read is under way.
#[derive(Debug)]
pub(super) struct Pass {
    _vendor: Option<OwnedSemaphorePermit>,
    _facility: Option<OwnedSemaphorePermit>,
}

impl Gate {
    /// A gate with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        let at_once = Arc::new(Semaphore::new(limits.vendor_at_once.max(1)));
        Arc::new(Self { limits, state: Mutex::default(), at_once })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and times are right at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a read may be sent. First for its facility, and only then for a place and a moment of the vendor's: who
    /// waits for his own facility keeps nobody else.
    pub(super) async fn enter(&self, licence: Option<&str>, clock: &impl Clock) -> Pass {
        let facility = match licence {
            Some(licence) => {
                let pass = self.places_of(licence).acquire_owned().await.ok();
                let distance = self.limits.distance(self.limits.facility_rate);
                self.turn(clock, |state| Some(&mut state.facilities.get_mut(licence)?.0), distance).await;
                pass
            }
            None => None,
        };
        let vendor = Arc::clone(&self.at_once).acquire_owned().await.ok();
        let distance = self.limits.distance(self.limits.vendor_rate);
        self.turn(clock, |state| Some(&mut state.vendor), distance).await;
        Pass { _vendor: vendor, _facility: facility }
    }

    fn places_of(&self, licence: &str) -> Arc<Semaphore> {
        let most = self.limits.facility_at_once.max(1);
        let new = || (Lane::default(), Arc::new(Semaphore::new(most)));
        Arc::clone(&self.state().facilities.entry(licence.to_owned()).or_insert_with(new).1)
    }

    /// Waits for the next free moment of a lane, which is taken.
    async fn turn(&self, clock: &impl Clock, lane: impl FnOnce(&mut State) -> Option<&mut Lane>, distance: Duration) {
        let now = clock.now();
        let at = {
            let mut state = self.state();
            let Some(lane) = lane(&mut state) else { return };
            let at = lane.free_at(now);
            lane.take(at, distance);
            at
        };
        if let Ok(wait) = Duration::try_from(at.duration_since(now))
            && !wait.is_zero()
        {
            clock.sleep(wait).await;
        }
    }

    /// The server asked to wait: nothing is read before.
    pub(super) fn hold(&self, licence: Option<&str>, now: Timestamp, retry_after: Option<Duration>) {
        let Some(until) = retry_after.and_then(|wait| now.checked_add(wait).ok()) else { return };
        let mut state = self.state();
        match licence.and_then(|licence| state.facilities.get_mut(licence)) {
            Some((lane, _)) => lane.hold(until),
            None => state.vendor.hold(until),
        }
    }
}

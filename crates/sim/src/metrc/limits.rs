//! The server's limits on reads: how many a second, and how many at once.

use super::exchange::Reply;
use super::settings::RateLimits;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// A read that was admitted.
#[derive(Debug, Default)]
pub struct Ticket {
    vendor: Option<String>,
    facility: Option<String>,
}

#[derive(Debug, Default)]
struct Load {
    /// Reads of the last second.
    recent: VecDeque<Timestamp>,
    at_once: usize,
}

impl Load {
    fn forget(&mut self, now: Timestamp) {
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= SignedDuration::from_secs(1)) {
            self.recent.pop_front();
        }
    }

    fn is_full(&self, rate: usize, at_once: usize) -> bool {
        self.recent.len() >= rate || self.at_once >= at_once
    }

    fn take(&mut self, now: Timestamp) {
        self.recent.push_back(now);
        self.at_once += 1;
    }
}

/// Counts reads by vendor and by facility.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Option<RateLimits>,
    vendors: BTreeMap<String, Load>,
    facilities: BTreeMap<String, Load>,
}

impl Limiter {
    pub const fn new(limits: Option<RateLimits>) -> Self {
        Self { limits, vendors: BTreeMap::new(), facilities: BTreeMap::new() }
    }

    pub fn begin(&mut self, now: Timestamp, vendor: &str, facility: Option<&str>) -> Result<Ticket, Reply> {
        let Some(limits) = self.limits else { return Ok(Ticket::default()) };
        let of_vendor = self.vendors.entry(vendor.to_owned()).or_default();
        of_vendor.forget(now);
        let mut full = of_vendor.is_full(limits.vendor_rate, limits.vendor_at_once);
        let mut of_facility = facility.map(|facility| self.facilities.entry(facility.to_owned()).or_default());
        if let Some(load) = &mut of_facility {
            load.forget(now);
            full |= load.is_full(limits.facility_rate, limits.facility_at_once);
        }
        if full {
            let reply = Reply::message(429, "Too many requests. Please try again later.");
            return Err(Reply { retry_after: Some(1), ..reply });
        }
        of_vendor.take(now);
        if let Some(load) = of_facility {
            load.take(now);
        }
        Ok(Ticket { vendor: Some(vendor.to_owned()), facility: facility.map(str::to_owned) })
    }

    pub fn end(&mut self, ticket: Ticket) {
        let loads = [
            ticket.vendor.and_then(|vendor| self.vendors.get_mut(&vendor)),
            ticket.facility.and_then(|facility| self.facilities.get_mut(&facility)),
        ];
        for load in loads.into_iter().flatten() {
            load.at_once = load.at_once.saturating_sub(1);
        }
    }
}

//! The server as clients meet it: with time that passes, limits, and what goes wrong on the way.

use super::exchange::{Reply, Request};
use super::faults::{Effect, Fault, Faults, Outcome, Plan, changed};
use super::{ByHand, Metrc, Refused, Ticket};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Answers to reads that are remembered.
const MOST_REMEMBERED: usize = 2_000;

/// What a client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// A reply.
    Reply(Reply),
    /// Nothing, for ever.
    Nothing,
    /// The connection ends before anything came.
    Cut,
    /// The connection ends after so many bytes of the body.
    CutAfter(Reply, usize),
}

/// Requests that were answered, of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Of all, those that were refused with 429.
    pub throttled: u64,
}

/// A server on the runtime's clock, virtual or not.
#[derive(Debug)]
pub struct Served {
    set_to: Timestamp,
    set_at: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    server: Metrc,
    faults: Faults,
    counted: Counted,
    /// What will be done later, by moment.
    late: Vec<(Timestamp, Request)>,
    /// The list of the last page that was answered, and the page, to answer it again.
    last_page: Option<(String, Reply)>,
    /// Reads that were answered, to answer one again: the first so many.
    answered: BTreeMap<String, Reply>,
}

impl Served {
    /// Serves, beginning at `now`.
    #[must_use]
    pub fn new(server: Metrc, faults: Faults, now: Timestamp) -> Self {
        let set_to = now.checked_add(faults.clock_ahead()).unwrap_or(now);
        let (late, last_page, answered) = (Vec::new(), None, BTreeMap::new());
        let inner = Inner { server, faults, counted: Counted::default(), late, last_page, answered };
        Self { set_to, set_at: Instant::now(), inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A test that failed while it held the lock has failed already.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.set_to.checked_add(self.set_at.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// What was asked so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        self.inner().counted
    }

    /// Looks at the server, or changes it, outside of any request.
    pub fn with<R>(&self, what: impl FnOnce(&mut Metrc, &mut Faults, Timestamp) -> R) -> R {
        let now = self.now();
        let mut inner = self.inner();
        inner.do_late(now, self.set_at.elapsed());
        let Inner { server, faults, .. } = &mut *inner;
        what(server, faults, now)
    }

    /// A person does something in the web page.
    ///
    /// # Errors
    /// What the page does not let him do.
    pub fn by_hand(&self, licence: &str, person: &str, what: &ByHand) -> Result<(), Refused> {
        self.with(|server, _, now| server.by_hand(now, licence, person, what))
    }

    /// Carries a request to the server, and what it says back.
    pub async fn exchange(&self, request: Request) -> Carried {
        let (admitted, plan) = {
            let now = self.now();
            let mut inner = self.inner();
            match request.is_read() {
                true => inner.counted.reads += 1,
                false => inner.counted.writes += 1,
            }
            let plan = inner.faults.plan(self.set_at.elapsed(), &request);
            let admitted = inner.server.begin(now, &request);
            inner.counted.throttled += u64::from(admitted.is_err());
            (admitted, plan)
        };
        let _under_way = match admitted {
            Ok(ticket) => UnderWay { served: self, ticket: Some(ticket) },
            Err(reply) => return Carried::Reply(reply),
        };
        tokio::time::sleep(plan.each_way).await;
        let reply = self.inner().effect((self.now(), self.set_at.elapsed()), &request, &plan);
        tokio::time::sleep(plan.each_way).await;
        carried(plan, reply, self.now())
    }
}

/// A request under way; it is over also when the client goes away.
struct UnderWay<'s> {
    served: &'s Served,
    ticket: Option<Ticket>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.served.inner().server.end(ticket);
        }
    }
}

impl Inner {
    /// What was to be done by now, and what people did meanwhile.
    fn do_late(&mut self, now: Timestamp, passed: Duration) {
        self.faults.hands_work(&mut self.server, now, passed);
        self.late.sort_by_key(|(due, _)| *due);
        while self.late.first().is_some_and(|(due, _)| *due <= now) {
            let (due, request) = self.late.remove(0);
            self.server.handle(due, &request);
        }
    }

    fn effect(&mut self, (now, passed): (Timestamp, Duration), request: &Request, plan: &Plan) -> Reply {
        self.do_late(now, passed);
        let list = list_of(request);
        match plan.effect {
            Effect::Now if plan.outcome == Outcome::Changed(Fault::RepeatedPage) => match &self.last_page {
                Some((known, page)) if *known == list => page.clone(),
                _ => self.server.handle(now, request),
            },
            Effect::Now if plan.outcome == Outcome::Changed(Fault::StaleRead) => {
                let before = self.answered.get(&request.target).cloned();
                before.unwrap_or_else(|| self.server.handle(now, request))
            }
            Effect::Now => {
                let reply = self.server.handle(now, request);
                if request.is_read() && self.answered.len() < MOST_REMEMBERED {
                    self.answered.entry(request.target.clone()).or_insert_with(|| reply.clone());
                }
                if request.is_read() && reply.body.starts_with(b"{\"Data\"") {
                    self.last_page = Some((list, reply.clone()));
                }
                reply
            }
            Effect::After(wait) => {
                let due = now.checked_add(wait).unwrap_or(now);
                self.late.push((due, request.clone()));
                Reply::empty(200)
            }
            Effect::Never if request.method == "POST" => super::context::created(&[1]),
            Effect::Never => Reply::empty(200),
        }
    }
}

/// What is asked for, whatever page of it.
fn list_of(request: &Request) -> String {
    let parts = request.target.split('&').filter(|part| !part.contains("pageNumber="));
    parts.collect::<Vec<_>>().join("&")
}

fn carried(plan: Plan, reply: Reply, now: Timestamp) -> Carried {
    match plan.outcome {
        Outcome::Answer => Carried::Reply(reply),
        Outcome::Changed(fault) => Carried::Reply(changed(fault, reply, now)),
        Outcome::Instead(other) => Carried::Reply(other),
        Outcome::Nothing => Carried::Nothing,
        Outcome::CutBefore => Carried::Cut,
        Outcome::CutAfter => {
            let half = reply.body.len() / 2;
            Carried::CutAfter(reply, half)
        }
    }
}

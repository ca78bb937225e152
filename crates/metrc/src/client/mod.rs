//! A client of the API: typed operations over any transport, on any clock.
//!
//! # Invariants
//! - A write is sent once. It is sent again only when it is certain that it had no effect: it was not sent, or the server
//!   refused it before looking at it (429). Whatever else happens to it is [`Problem::Unknown`], which is settled by
//!   reading ([`Client::careful`]), never by sending again.
//! - Reads are repeated a few times where that may help, at growing distances, and never for ever.
//! - The limits of the API are obeyed before the server has to say so ([`Limits`]).
//! - Keys, and what tells who a person is, are in no message and in no `Debug`.
//! - No clock and no chance but those that were passed in.

mod careful;
mod failure;
mod files;
mod gate;
#[cfg(feature = "http")]
mod http;
mod keys;
mod list;
mod pull;
mod quiet;
#[cfg(feature = "simulated")]
mod simulated;
mod target;
mod transport;

pub use careful::{Care, Findable, Found, RowOutcome, Sight};
pub use failure::{Failure, Lost, Problem, Rejection, Unauthorised};
pub use files::Files;
pub use gate::{Gate, Limits};
#[cfg(feature = "http")]
pub use http::{Http, HttpError, TokioClock};
pub use keys::Keys;
pub use list::{Key, Listed, Proven};
pub use pull::{Changed, Cursor, List, Pace, Proof, Report};
pub use quiet::{Quiet, Restless};
#[cfg(feature = "simulated")]
pub use simulated::Simulated;
pub use target::{Target, Window};
pub use transport::{Clock, NoReply, Reply, Request, Transport};

use crate::api::facilities::{FACILITIES, Facility};
use crate::api::{Answer, Body, Operation, Spec};
use futures_util::future::{Either, select};
use jiff::SignedDuration;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How long an answer may take.
    pub time_out: Duration,
    /// How often a read is sent at most, and a write that certainly had no effect.
    pub attempts: u32,
    /// The first pause between two attempts; it doubles, and chance takes up to half of it away.
    pub pause: Duration,
    /// The longest pause, unless the server asks for a longer one.
    pub longest_pause: Duration,
    /// How often a list that changed while it was read is read again.
    pub passes: u32,
    /// Pages and details that are asked for at once; the [`Gate`] may allow fewer.
    pub at_once: usize,
    /// The seed of chance.
    pub seed: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            time_out: Duration::from_secs(60),
            attempts: 5,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
            passes: 4,
            at_once: 10,
            seed: 0,
        }
    }
}

/// A client with the keys of one employee.
#[derive(Debug)]
pub struct Client<T, C> {
    transport: T,
    clock: C,
    keys: Keys,
    gate: Arc<Gate>,
    policy: Policy,
    next_request: AtomicU64,
    /// Seconds by which the state's clock is ahead of ours, by its last answer; [`UNKNOWN_TIME`] before there was one.
    ahead: AtomicI64,
}

const UNKNOWN_TIME: i64 = i64::MIN;

/// What one attempt came to.
enum Outcome {
    Answered(Vec<u8>),
    Failed(Problem),
}

impl<T: Transport, C: Clock> Client<T, C> {
    /// A client. `gate` is shared by all clients with the same vendor key, in this process.
    pub fn new(transport: T, clock: C, keys: Keys, gate: Arc<Gate>, policy: Policy) -> Self {
        Self {
            transport,
            clock,
            keys,
            gate,
            policy,
            next_request: AtomicU64::new(1),
            ahead: AtomicI64::new(UNKNOWN_TIME),
        }
    }

    /// What carries its requests.
    pub const fn transport(&self) -> &T {
        &self.transport
    }

    /// The clock it goes by.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// Now, by the state's clock as its last answer showed it; by ours before there was one.
    pub fn state_now(&self) -> jiff::Timestamp {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let ahead = SignedDuration::from_secs(if ahead == UNKNOWN_TIME { 0 } else { ahead });
        let now = self.clock.now();
        now.checked_add(ahead).unwrap_or(now)
    }

    /// Asks the state something that it answers everybody, and gives its time.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn ask_time(&self) -> Result<jiff::Timestamp, Failure> {
        self.get(&FACILITIES, &Target::new()).await?;
        Ok(self.state_now())
    }

    /// The state's time, asked for if it is not known yet. If it cannot be had, ours.
    pub(crate) async fn known_time(&self) -> jiff::Timestamp {
        if self.ahead.load(Ordering::Relaxed) == UNKNOWN_TIME {
            // Whoever goes on hears of it if the state does not answer.
            drop(self.ask_time().await);
        }
        self.state_now()
    }

    /// How it behaves.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Calls an operation that sends nothing.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn get<A: Answer>(&self, operation: &Operation<(), A>, target: &Target) -> Result<A::Out, Failure> {
        self.call(operation, target, &()).await
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// Any [`Problem`]; of a write, [`Problem::Unknown`] if it may have had an effect.
    pub async fn call<B: Body + ?Sized, A: Answer>(
        &self,
        operation: &Operation<B, A>,
        target: &Target,
        body: &B,
    ) -> Result<A::Out, Failure> {
        let (request, answer) = self.call_numbered(operation, target, body).await;
        answer.map_err(|problem| Failure { request, operation: operation.spec, problem })
    }

    /// Calls an operation; tells the request's number also where it succeeds.
    async fn call_numbered<B: Body + ?Sized, A: Answer>(
        &self,
        operation: &Operation<B, A>,
        target: &Target,
        body: &B,
    ) -> (u64, Result<A::Out, Problem>) {
        let id = self.next_request.fetch_add(1, Ordering::Relaxed);
        match self.request(id, &operation.spec, target, body) {
            Ok(request) => (id, self.attempts::<A>(&request, target).await),
            Err(problem) => (id, Err(problem)),
        }
    }

    /// Sends a request until it is answered, or must not or need not be sent again.
    async fn attempts<A: Answer>(&self, request: &Request, target: &Target) -> Result<A::Out, Problem> {
        let spec = &request.operation;
        let mut attempt = 1;
        loop {
            let problem = match self.attempt(request, target.licence.as_deref(), A::JSON).await {
                Outcome::Answered(body) => match A::read(&body, &spec.to_string()) {
                    Ok(answer) => return Ok(answer),
                    Err(error) => failure::unreadable(spec.method, &body, error),
                },
                Outcome::Failed(problem) => problem,
            };
            let is_too_long = asked_to_wait(&problem) > self.policy.longest_pause;
            if attempt >= self.policy.attempts || !problem.may_be_repeated() || is_too_long {
                return Err(problem);
            }
            self.clock.sleep(self.pause(request.id, attempt, &problem)).await;
            attempt += 1;
        }
    }

    fn request<B: Body + ?Sized>(&self, id: u64, spec: &Spec, target: &Target, body: &B) -> Result<Request, Problem> {
        /// Objects in the body of one write. Source: the documentation's chapter on object limiting.
        const MOST_OBJECTS: usize = 10;
        if body.objects() > MOST_OBJECTS {
            return Err(Problem::Invalid(format!("{} objects in one request, at most {MOST_OBJECTS}", body.objects())));
        }
        let path = target.path(spec).map_err(Problem::Invalid)?;
        let body = body.json().map_err(|error| Problem::Invalid(format!("cannot be written as JSON: {error}")))?;
        Ok(Request { id, operation: *spec, target: path, authorization: self.keys.basic(), body })
    }

    async fn attempt(&self, request: &Request, licence: Option<&str>, json: bool) -> Outcome {
        let method = request.operation.method;
        let _pass = if method.is_read() { Some(self.gate.enter(licence, &self.clock).await) } else { None };
        let reply = {
            let send = pin!(self.transport.send(request));
            let time_out = pin!(self.clock.sleep(self.policy.time_out));
            match select(send, time_out).await {
                Either::Left((reply, _)) => reply,
                Either::Right(_) => Err(NoReply::Lost(Lost::TimedOut)),
            }
        };
        if let Ok(Reply { date: Some(date), .. }) = &reply {
            self.ahead.store(date.duration_since(self.clock.now()).as_secs(), Ordering::Relaxed);
        }
        match reply {
            Ok(reply) if reply.status == 200 && !(json && reply.is_web_page()) => Outcome::Answered(reply.body),
            Ok(reply) => {
                let problem = failure::of_reply(method, &reply);
                if let Problem::Throttled { retry_after } = problem {
                    let wait = retry_after.map(|wait| wait.min(self.policy.longest_pause));
                    self.gate.hold(licence, self.clock.now(), wait);
                }
                Outcome::Failed(problem)
            }
            Err(no_reply) => Outcome::Failed(failure::of_no_reply(method, no_reply)),
        }
    }

    /// How long to wait before the next attempt.
    fn pause(&self, id: u64, attempt: u32, problem: &Problem) -> Duration {
        let doubled = self.policy.pause.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let pause = doubled.min(self.policy.longest_pause);
        // A thousandth is fine enough to keep clients apart.
        let chance = mixed(self.policy.seed ^ id.rotate_left(20) ^ u64::from(attempt)) % 1_000;
        let taken = pause.saturating_mul(u32::try_from(chance).unwrap_or(0)) / 2_000;
        (pause - taken).max(asked_to_wait(problem))
    }

    /// Tells what an [`Unauthorised::Unclear`] meant, by asking which licences the keys reach.
    ///
    /// # Errors
    /// If that question has no answer either.
    pub async fn why_unauthorised(&self, licence: &str) -> Result<Unauthorised, Failure> {
        match self.get(&FACILITIES, &Target::new()).await {
            Ok(facilities) if facilities.iter().any(|facility| has_licence(facility, licence)) => {
                Ok(Unauthorised::NotPermitted)
            }
            Ok(_) => Ok(Unauthorised::OtherLicence),
            Err(Failure { problem: Problem::Unauthorised(Unauthorised::Unclear), .. }) => Ok(Unauthorised::Keys),
            Err(Failure { problem: Problem::Unauthorised(why), .. }) => Ok(why),
            Err(failure) => Err(failure),
        }
    }
}

/// How long the state asks to wait.
fn asked_to_wait(problem: &Problem) -> Duration {
    match problem {
        Problem::Throttled { retry_after } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

fn has_licence(facility: &Facility, licence: &str) -> bool {
    let number = facility.license.as_ref().and_then(|license| license.number.as_deref());
    number.is_some_and(|number| number.eq_ignore_ascii_case(licence))
}

/// A well-mixed number of a number (the finalizer of `SplitMix64`).
const fn mixed(number: u64) -> u64 {
    let a = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    c ^ (c >> 31)
}

//! What goes wrong between a client and the state, on demand and by a seed.

use super::Metrc;
use super::exchange::{Reply, Request};
use super::hands::{self, Hands};
use crate::SimError;
use crate::dice::Dice;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::time::Duration;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing is done, nothing is answered.
    TimeOutBefore,
    /// It is done, nothing is answered.
    TimeOutAfter,
    /// Nothing is answered; it is done some time later.
    LateEffect,
    /// The connection is cut; nothing is done.
    CutBefore,
    /// It is done; the connection is cut half-way through the answer.
    CutAfter,
    /// 429; nothing is done.
    TooManyRequests,
    /// 500; nothing is done.
    ErrorBefore,
    /// It is done, and answered with 500.
    ErrorAfter,
    /// 503 with a page for people; nothing is done.
    Maintenance,
    /// 200 with a page for people; nothing is done.
    WebPage,
    /// It is answered as if it were done, and is not.
    LostWrite,
    /// A page of a list lacks its last row.
    ShortPage,
    /// The page before is answered again.
    RepeatedPage,
    /// The user's key is not known.
    KeyExpired,
    /// The user may not do this.
    NotPermitted,
    /// A read answers what it answered before.
    StaleRead,
    /// A flood of nested arrays instead of the answer.
    Nested,
    /// Numbers that are none.
    NotANumber,
    /// A list that does not show yet what was modified in the last half minute.
    LaggingList,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::TimeOutBefore,
        Self::TimeOutAfter,
        Self::LateEffect,
        Self::CutBefore,
        Self::CutAfter,
        Self::TooManyRequests,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::Maintenance,
        Self::WebPage,
        Self::LostWrite,
        Self::ShortPage,
        Self::RepeatedPage,
        Self::KeyExpired,
        Self::NotPermitted,
        Self::StaleRead,
        Self::Nested,
        Self::NotANumber,
        Self::LaggingList,
    ];
}

/// Which requests are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// All.
    #[default]
    Any,
    /// GET.
    Reads,
    /// POST, PUT and DELETE.
    Writes,
}

/// How often something goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    kind: Fault,
    /// Of a thousand requests.
    per_mille: u32,
    #[serde(default)]
    on: On,
    /// Only requests whose path has this.
    path: Option<String>,
    /// At most so often.
    most: Option<u64>,
    /// Only from so many seconds after the beginning: a storm, or maintenance.
    #[serde(default)]
    from_s: u64,
    /// Only until so many seconds after the beginning.
    until_s: Option<u64>,
}

/// What a file of faults says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Milliseconds that an answer takes, at least and at most.
    #[serde(default)]
    latency_ms: [u32; 2],
    /// Milliseconds after which a late effect comes, at least and at most.
    #[serde(default = "late")]
    late_ms: [u32; 2],
    /// Seconds by which the server's clock is ahead of the client's.
    #[serde(default)]
    clock_ahead_s: i64,
    #[serde(default)]
    fault: Vec<Share>,
    /// What people do in the web page meanwhile.
    hands: Option<hands::Wanted>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { latency_ms: [0, 0], late_ms: late(), clock_ahead_s: 0, fault: Vec::new(), hands: None }
    }
}

const fn late() -> [u32; 2] {
    [1_000, 20_000]
}

/// Decides what becomes of each request.
#[derive(Debug)]
pub struct Faults {
    wanted: Wanted,
    seen: Vec<u64>,
    dice: Dice,
    hands: Option<Hands>,
}

/// When a request has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Now,
    Never,
    After(Duration),
}

/// What the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Answer,
    /// The answer, changed.
    Changed(Fault),
    Instead(Reply),
    Nothing,
    CutBefore,
    CutAfter,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Until it has its effect, and as long again until it is answered.
    pub each_way: Duration,
    pub effect: Effect,
    pub outcome: Outcome,
}

impl Faults {
    /// Nothing goes wrong, and answers take no time.
    #[must_use]
    pub fn none() -> Self {
        Self::of(Wanted::default(), 0)
    }

    /// Only answers take time: so many milliseconds, at least and at most.
    #[must_use]
    pub fn latency(milliseconds: [u32; 2], seed: u64) -> Self {
        Self::of(Wanted { latency_ms: milliseconds, ..Wanted::default() }, seed)
    }

    /// As a TOML text says.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn read(toml: &str, file: &str, seed: u64) -> Result<Self, SimError> {
        let wanted = toml::from_str(toml).map_err(|error: toml::de::Error| SimError::Faults {
            file: file.to_owned(),
            found: error.message().to_owned(),
            known: "latency_ms, late_ms, clock_ahead_s, a table [hands] of every_s and kinds, and tables [[fault]] of kind, \
                    per_mille, on, path, most, from_s and until_s"
                .to_owned(),
        })?;
        Ok(Self::of(wanted, seed))
    }

    fn of(wanted: Wanted, seed: u64) -> Self {
        let seen = vec![0; wanted.fault.len()];
        let hands = wanted.hands.clone().map(|wanted| Hands::new(wanted, seed));
        Self { wanted, seen, dice: Dice::new(seed, "faults"), hands }
    }

    /// The next requests of this kind go wrong so, `most` of them.
    pub fn plant(&mut self, kind: Fault, on: On, path: &str, most: u64) {
        let path = (!path.is_empty()).then(|| path.to_owned());
        let share = Share { kind, per_mille: 1_000, on, path, most: Some(most), from_s: 0, until_s: None };
        self.wanted.fault.push(share);
        self.seen.push(0);
    }

    /// How often things went wrong so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.seen.iter().sum()
    }

    /// People do in the web page what they have done by now.
    pub(super) fn hands_work(&mut self, server: &mut Metrc, now: Timestamp, passed: Duration) {
        if let Some(hands) = &mut self.hands {
            hands.work(server, now, passed);
        }
    }

    /// By how much the server's clock is ahead.
    pub(crate) const fn clock_ahead(&self) -> SignedDuration {
        SignedDuration::from_secs(self.wanted.clock_ahead_s)
    }

    fn chosen(&mut self, passed: Duration, request: &Request) -> Option<Fault> {
        for (share, seen) in self.wanted.fault.iter().zip(&mut self.seen) {
            let is_meant = match share.on {
                On::Any => true,
                On::Reads => request.is_read(),
                On::Writes => !request.is_read(),
            };
            let on_path = share.path.as_ref().is_none_or(|path| request.target.contains(path.as_str()));
            let is_left = share.most.is_none_or(|most| *seen < most);
            let is_time =
                passed.as_secs() >= share.from_s && share.until_s.is_none_or(|until| passed.as_secs() < until);
            if is_meant && on_path && is_left && is_time && self.dice.chance(share.per_mille, 1_000) {
                *seen += 1;
                return Some(share.kind);
            }
        }
        None
    }

    fn between(&mut self, [least, most]: [u32; 2]) -> Duration {
        let rolled = self.dice.between(i64::from(least), i64::from(most.max(least)));
        Duration::from_millis(u64::try_from(rolled).unwrap_or(0))
    }

    /// What becomes of a request, so long after the beginning.
    pub(super) fn plan(&mut self, passed: Duration, request: &Request) -> Plan {
        let each_way = self.between(self.wanted.latency_ms) / 2;
        let late = self.between(self.wanted.late_ms);
        let instead = |reply| (Effect::Never, Outcome::Instead(reply));
        let (effect, outcome) = match self.chosen(passed, request) {
            None => (Effect::Now, Outcome::Answer),
            Some(Fault::TimeOutBefore) => (Effect::Never, Outcome::Nothing),
            Some(Fault::TimeOutAfter) => (Effect::Now, Outcome::Nothing),
            Some(Fault::LateEffect) => (Effect::After(late), Outcome::Nothing),
            Some(Fault::CutBefore) => (Effect::Never, Outcome::CutBefore),
            Some(Fault::CutAfter) => (Effect::Now, Outcome::CutAfter),
            Some(Fault::TooManyRequests) => {
                let reply = Reply::message(429, "Too many requests. Please try again later.");
                instead(Reply { retry_after: Some(2), ..reply })
            }
            Some(Fault::ErrorBefore) => instead(error()),
            Some(Fault::ErrorAfter) => (Effect::Now, Outcome::Instead(error())),
            Some(Fault::Maintenance) => instead(Reply::web_page(503, "Scheduled maintenance")),
            Some(Fault::WebPage) => instead(Reply::web_page(200, "Scheduled maintenance")),
            Some(Fault::LostWrite) => (Effect::Never, Outcome::Changed(Fault::LostWrite)),
            Some(Fault::KeyExpired) => instead(Reply::message(401, "Authorization has been denied for this request.")),
            Some(Fault::NotPermitted) => instead(super::context::not_permitted()),
            Some(Fault::Nested) => instead(Reply::json(200, "[".repeat(10 << 20))),
            Some(fault) => (Effect::Now, Outcome::Changed(fault)),
        };
        Plan { each_way, effect, outcome }
    }
}

fn error() -> Reply {
    Reply::message(500, "An error has occurred.")
}

/// How far a list lags behind.
const LAG: SignedDuration = SignedDuration::from_secs(30);

/// An answer that is changed on its way.
pub(super) fn changed(fault: Fault, reply: Reply, now: Timestamp) -> Reply {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let body = match fault {
        Fault::ShortPage => without_last_row(&text),
        Fault::LaggingList => without_latest(&text, now),
        Fault::NotANumber => text.replacen("\"Quantity\":", "\"Quantity\":NaN,\"Was\":", 1),
        _ => text,
    };
    Reply { body: body.into_bytes(), ..reply }
}

/// A list, whole on one page, without the rows that were modified just now; it counts those that it shows.
fn without_latest(page: &str, now: Timestamp) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(page) else { return page.to_owned() };
    let is_whole = value.get("TotalPages").and_then(serde_json::Value::as_u64).is_some_and(|pages| pages <= 1);
    let Some(rows) = value.get_mut("Data").and_then(serde_json::Value::as_array_mut).filter(|_| is_whole) else {
        return page.to_owned();
    };
    let is_late = |row: &serde_json::Value| {
        let modified = row.get("LastModified").and_then(serde_json::Value::as_str)?.parse::<Timestamp>().ok()?;
        Some(now.duration_since(modified) < LAG)
    };
    rows.retain(|row| is_late(row) != Some(true));
    let left = rows.len();
    for count in ["Total", "TotalRecords", "RecordsOnPage"] {
        value[count] = left.into();
    }
    value.to_string()
}

/// A page whose last row is not there; it still says how many there were.
fn without_last_row(page: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(page) else { return page.to_owned() };
    if let Some(rows) = value.get_mut("Data").and_then(serde_json::Value::as_array_mut) {
        rows.pop();
        let left = rows.len();
        value["RecordsOnPage"] = left.into();
    }
    value.to_string()
}

//! A simulated Metrc: the state's server with its data, its rules and its manners, not canned answers.
//!
//! # Invariants
//! - A function of the requests, of the moments at which they come and of the seed: no clock, no threads, no chance of its
//!   own. The same requests at the same moments are answered the same bytes.
//! - What sources disagree on is a setting ([`Settings`]); what no source tells is chosen, and said here.
//! - It shares no code with the client; shapes of objects are the documented key sets (`shapes/`).
//!
//! # What is chosen
//! - A quantity in another unit than the package's is converted exactly; another kind of quantity is refused.
//! - An absolute adjustment below zero is refused; so is whatever would make a quantity negative, unless
//!   [`Settings::below_zero`].
//! - A sale's time is read as the facility's wall clock; an offset or a `Z` is ignored, as if it were not there.
//! - Of several receipts with one external number, `receipts/external/{n}` answers the latest.
//! - Error texts are ours: no catalogue of the real ones is public.

pub(crate) mod bodies;
mod context;
mod exchange;
mod faults;
mod hands;
#[cfg(feature = "serve")]
mod http;
mod items;
mod limits;
pub(crate) mod living;
mod locations;
mod packages;
mod records;
mod registry;
mod retail_ids;
mod sales;
mod seed;
#[cfg(feature = "serve")]
mod served;
mod settings;
mod shape;
mod summary;
mod table;
mod transfers;
mod version_one;
mod web_page;

pub use exchange::{Reply, Request};
pub use faults::{Fault, Faults, On};
pub use hands::Hand;
#[cfg(feature = "serve")]
pub use http::serve;
pub use limits::Ticket;
pub use seed::Sizes;
#[cfg(feature = "serve")]
pub use served::{Carried, Counted, Served};
pub use settings::{Order, PutAdjust, RateLimits, Settings};
pub use summary::{AdjustmentFacts, ReceiptFacts};
pub use web_page::{ByHand, Refused};

use crate::SimError;
use base64::Engine;
use context::{Answer, Context, not_found};
use exchange::Target;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use limits::Limiter;
use records::Licence;
use std::collections::{BTreeMap, BTreeSet};

/// The families of operations that are on this host.
const FAMILIES: [&str; 15] = [
    "caregivers",
    "employees",
    "facilities",
    "items",
    "labtests",
    "locations",
    "packages",
    "patient-checkins",
    "patients",
    "retailid",
    "sales",
    "sublocations",
    "tags",
    "transfers",
    "unitsofmeasure",
];

/// An employee and what he may.
#[derive(Debug, Clone)]
pub struct Employee {
    /// The name that stands on what he does.
    pub name: String,
    /// The employee's own licence.
    pub number: String,
    /// The key; a secret of a person that never was.
    pub key: String,
    /// Until when the key is good; for ever if `None`.
    pub key_ends: Option<Timestamp>,
    /// Names of permissions.
    pub permissions: BTreeSet<String>,
    /// The licences where he works.
    pub licences: Vec<String>,
}

/// A vendor's key.
#[derive(Debug, Clone)]
struct VendorKey {
    key: String,
    /// Good for the first version of the API alone.
    first_version_only: bool,
}

/// The server.
#[derive(Debug)]
pub struct Metrc {
    settings: Settings,
    zone: TimeZone,
    vendors: Vec<VendorKey>,
    employees: Vec<Employee>,
    licences: BTreeMap<String, Licence>,
    /// In the order in which they are told.
    order: Vec<String>,
    last_id: i64,
    limiter: Limiter,
}

impl Metrc {
    /// A server without anything in it.
    ///
    /// # Errors
    /// A zone that nobody knows.
    pub fn new(settings: Settings) -> Result<Self, SimError> {
        let zone = TimeZone::get(&settings.zone).map_err(|_| SimError::Options("a time zone that nobody knows"))?;
        let limiter = Limiter::new(settings.limits);
        Ok(Self {
            settings,
            zone,
            vendors: Vec::new(),
            employees: Vec::new(),
            licences: BTreeMap::new(),
            order: Vec::new(),
            last_id: 100_000,
            limiter,
        })
    }

    /// Answers as many requests as come.
    pub fn lift_limits(&mut self) {
        self.settings.limits = None;
        self.limiter = Limiter::new(None);
    }

    /// How it behaves.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The employees, with their keys.
    #[must_use]
    pub fn employees(&self) -> &[Employee] {
        &self.employees
    }

    /// An employee, to change what he may.
    pub fn employee_mut(&mut self, key: &str) -> Option<&mut Employee> {
        self.employees.iter_mut().find(|employee| employee.key == key)
    }

    /// Numbers of the licences, that of the store first.
    #[must_use]
    pub fn licences(&self) -> &[String] {
        &self.order
    }

    /// Counts a request that begins; a read beyond the limits is refused. What is admitted has to [`end`](Self::end).
    ///
    /// # Errors
    /// The reply to a request beyond the limits.
    pub fn begin(&mut self, now: Timestamp, request: &Request) -> Result<Ticket, Reply> {
        if !request.is_read() {
            return Ok(Ticket::default());
        }
        let target = Target::of(&request.target);
        let vendor = basic(request).map_or_else(String::new, |(vendor, _)| vendor);
        self.limiter.begin(now, &vendor, target.query("licensenumber"))
    }

    /// A request that was admitted is over.
    pub fn end(&mut self, ticket: Ticket) {
        self.limiter.end(ticket);
    }

    /// Answers a request, and does what it asks.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Reply {
        if let Some(reply) = self.door(now, request) {
            return reply;
        }
        let target = Target::of(&request.target);
        match self.answer(now, request, &target) {
            Ok(reply) | Err(reply) => reply,
        }
    }

    fn answer(&mut self, now: Timestamp, request: &Request, target: &Target) -> Answer {
        let mut path: Vec<&str> = target.path.iter().map(String::as_str).collect();
        let lower: Vec<String> = path.iter().take(2).map(|part| part.to_ascii_lowercase()).collect();
        let (family, version) = match lower.as_slice() {
            [family, version] => (family.as_str(), version.as_str()),
            _ => return Err(not_found()),
        };
        let asker = self.asker(now, request, version)?;
        let employee = &self.employees[asker];
        let is_first = version == "v1" && self.settings.version_one;
        // Webhooks are on another host, and integrators set themselves up in sandboxes only.
        if !(version == "v2" || is_first) || !FAMILIES.contains(&family) {
            return Err(not_found());
        }
        let method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|known| *known == request.method);
        let method =
            method.ok_or_else(|| Reply::message(405, "The requested resource does not support this method."))?;
        let rest = path.split_off(2);
        let (method, rest) = match is_first {
            true => version_one::translated(family, method, &rest),
            false => (method, rest.into_iter().map(str::to_owned).collect()),
        };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let call = Call { now, target, body: &request.body, method, family, path: &rest, is_first };
        if (family, method, rest.as_slice()) == ("facilities", "GET", &[]) {
            return Ok(registry::facilities(&self.reached(employee), employee));
        }
        if let Some(answer) = self.without_licence(&call, employee) {
            return answer;
        }
        self.with_licence(&call, asker)
    }

    /// The place of the employee who asks; 401 if nobody that is known.
    fn asker(&self, now: Timestamp, request: &Request, version: &str) -> Result<usize, Reply> {
        let refused = || Reply::message(401, "Authorization has been denied for this request.");
        let (vendor, user) = basic(request).ok_or_else(refused)?;
        let vendor = self.vendors.iter().find(|known| known.key == vendor).ok_or_else(refused)?;
        if vendor.first_version_only && version != "v1" {
            return Err(Reply::plain(401, "The provided API key is only valid for V1 API endpoints."));
        }
        let place = self.employees.iter().position(|employee| employee.key == user).ok_or_else(refused)?;
        if self.employees[place].key_ends.is_some_and(|ends| ends <= now) {
            return Err(refused());
        }
        Ok(place)
    }

    fn licence(&self, number: &str) -> Option<&Licence> {
        self.licences.get(number)
    }

    fn reached(&self, employee: &Employee) -> Vec<&Licence> {
        let reached = self.order.iter().filter(|number| employee.licences.contains(number));
        reached.filter_map(|number| self.licences.get(number)).collect()
    }

    /// The calls that take no licence.
    fn without_licence(&self, call: &Call<'_>, employee: &Employee) -> Option<Answer> {
        if call.method != "GET" {
            return None;
        }
        let mut last_id = self.last_id;
        let mut context = call.context(&self.settings, &self.zone, employee, &mut last_id);
        let path = call.path;
        match call.family {
            "unitsofmeasure" => registry::units(path),
            "sales" => sales::route_without_licence(&context, path),
            "labtests" => registry::lab_lists(&context, path),
            "transfers"
                if path.len() >= 2 && path != ["templates", "outgoing"] && path.first() != Some(&"manifest") =>
            {
                transfers::route_without_licence(&context, &self.reached(employee), path)
            }
            "patient-checkins" if path == ["locations"] => {
                Some(Ok(context::array([(1, "Front desk")], |(id, name), out| {
                    out.push_str(&format!("{{\"Id\":{id},\"Name\":\"{name}\"}}"));
                })))
            }
            "packages" if path == ["types"] => {
                let empty = &mut Licence::new("", "", 0);
                packages::route(&mut context, empty, "GET", path)
            }
            _ => None,
        }
    }

    /// The calls of a licence.
    fn with_licence(&mut self, call: &Call<'_>, asker: usize) -> Answer {
        let employee = &self.employees[asker];
        let number = self.licence_of(call.target, employee, call.family, call.path)?;
        let licence = self.licences.get_mut(&number).ok_or_else(context::not_permitted)?;
        let mut context = call.context(&self.settings, &self.zone, employee, &mut self.last_id);
        let (c, method, path) = (&mut context, call.method, call.path);
        let answer = match call.family {
            "packages" => packages::route(c, licence, method, path),
            "sales" => match path {
                ["transactions", rest @ ..] if call.is_first && method == "GET" => {
                    version_one::transactions(c, licence, rest)
                }
                _ => sales::route(c, licence, method, path),
            },
            "transfers" => transfers::route(c, licence, method, path),
            "items" => items::route(c, licence, method, path),
            "locations" => locations::route(c, licence, locations::Of::Rooms, method, path),
            "sublocations" => locations::route(c, licence, locations::Of::Places, method, path),
            "employees" if method == "GET" => registry::employees(c, licence, &self.employees, path),
            "tags" if method == "GET" => registry::tags(c, licence, path),
            "patients" => registry::patients(c, licence, method, path),
            "patient-checkins" => registry::check_ins(c, licence, method, path),
            "caregivers" if method == "GET" => registry::caregivers(c, path),
            "labtests" => registry::lab_tests(c, licence, method, path),
            "retailid" => retail_ids::route(c, licence, method, path),
            _ => None,
        };
        answer.unwrap_or_else(|| Err(not_found()))
    }

    /// The licence of a call. Reads by number may leave it out: then it is the one that has the record.
    fn licence_of(&self, target: &Target, employee: &Employee, family: &str, path: &[&str]) -> Result<String, Reply> {
        if let Some(asked) = target.query("licensenumber") {
            let reached = employee.licences.iter().find(|number| number.eq_ignore_ascii_case(asked));
            let number = reached.cloned().ok_or_else(context::not_permitted)?;
            // The record of another licence is no business of this one: 401, not 404.
            return match self.owner(family, path) {
                Some(owner) if owner != number => Err(context::not_permitted()),
                _ => Ok(number),
            };
        }
        let owner = self.owner(family, path).filter(|owner| employee.licences.contains(owner));
        owner.ok_or_else(|| Reply::message(400, "licenseNumber is required."))
    }

    /// The licence that has the record that a path names.
    fn owner(&self, family: &str, path: &[&str]) -> Option<String> {
        let has = |licence: &&Licence| match (family, path) {
            ("packages", [id]) => packages::find(licence, id).is_some(),
            ("sales", ["receipts", id]) => id.parse().ok().and_then(|id| licence.receipts.get(id)).is_some(),
            ("sales", ["deliveries", id]) => id.parse().ok().and_then(|id| licence.deliveries.get(id)).is_some(),
            ("items", [id]) => id.parse().ok().and_then(|id| licence.items.get(id)).is_some(),
            ("locations", [id]) => id.parse().ok().and_then(|id| licence.locations.get(id)).is_some(),
            _ => false,
        };
        self.licences.values().find(has).map(|licence| licence.number.clone())
    }
}

/// A call, taken apart.
struct Call<'c> {
    now: Timestamp,
    target: &'c Target,
    body: &'c [u8],
    method: &'static str,
    family: &'c str,
    /// Behind the version.
    path: &'c [&'c str],
    /// Of the first version.
    is_first: bool,
}

impl<'c> Call<'c> {
    fn context<'a>(
        &self,
        settings: &'a Settings,
        zone: &'a TimeZone,
        employee: &'a Employee,
        last_id: &'a mut i64,
    ) -> Context<'a>
    where
        'c: 'a,
    {
        Context {
            settings,
            zone,
            now: self.now,
            by: &employee.name,
            permissions: &employee.permissions,
            target: self.target,
            is_post: self.method == "POST",
            is_first: self.is_first,
            body: self.body,
            last_id,
        }
    }
}

/// Vendor's and user's key of HTTP Basic.
fn basic(request: &Request) -> Option<(String, String)> {
    let encoded = request.authorization.as_deref()?.strip_prefix("Basic ")?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let pair = String::from_utf8(bytes).ok()?;
    pair.split_once(':').map(|(vendor, user)| (vendor.to_owned(), user.to_owned()))
}

/// The header of HTTP Basic for two keys.
#[must_use]
pub fn basic_header(vendor: &str, user: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{vendor}:{user}")))
}

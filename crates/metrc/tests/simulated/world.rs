//! A client, a server, and the line between them.

use jiff::civil::date;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use trueup_metrc::api::packages::{self, Package};
use trueup_metrc::api::sales::{NewLine, NewReceipt};
use trueup_metrc::api::{Answer, Body, NumberText, Operation};
use trueup_metrc::client::{
    Client, Failure, Gate, Keys, Limits, NoReply, Policy, Problem, Reply, Request, Simulated, Target, TokioClock,
    Transport, Window,
};
use trueup_sim::metrc::{Faults, Metrc, Served, Settings, Sizes};

/// 20 November 2026, 14:00 in Denver.
pub const NOW: &str = "2026-11-20T21:00:00Z";
/// The licence of the simulated store.
pub const STORE: &str = "403R-X0001";

/// Carries requests to a server in this process, and remembers what was called.
#[derive(Debug, Clone)]
pub struct Line {
    inner: Simulated,
    called: Arc<Mutex<BTreeSet<String>>>,
}

impl Transport for Line {
    async fn send(&self, request: &Request) -> Result<Reply, NoReply> {
        self.called.lock().unwrap().insert(request.operation.to_string());
        self.inner.send(request).await
    }
}

/// A client and its server.
pub struct World {
    pub client: Client<Line, TokioClock>,
    pub served: Arc<Served>,
}

impl World {
    pub fn with(settings: Settings, sizes: Sizes, faults: Faults) -> Self {
        let now = NOW.parse().unwrap();
        let server = Metrc::store(settings, 7, now, sizes).unwrap();
        let keys = Keys::new(server.vendor_keys()[0], &server.employees()[0].key);
        let served = Arc::new(Served::new(server, faults, now));
        Self { client: Self::client(&served, keys), served }
    }

    /// With a server whose clock is ahead of the client's.
    pub fn ahead_by(minutes: i64, sizes: Sizes) -> Self {
        let now: jiff::Timestamp = NOW.parse().unwrap();
        let skew = jiff::SignedDuration::from_mins(minutes);
        let server = Metrc::store(Settings::default(), 7, now.checked_add(skew).unwrap(), sizes).unwrap();
        let keys = Keys::new(server.vendor_keys()[0], &server.employees()[0].key);
        let faults = Faults::read(&format!("clock_ahead_s = {}", minutes * 60), "skew", 0).unwrap();
        let served = Arc::new(Served::new(server, faults, now));
        Self { client: Self::client(&served, keys), served }
    }

    /// A client with other keys.
    pub fn client(served: &Arc<Served>, keys: Keys) -> Client<Line, TokioClock> {
        let clock = TokioClock::set(NOW.parse().unwrap());
        let policy = Policy { time_out: Duration::from_secs(30), ..Policy::default() };
        let line = Line { inner: Simulated::new(Arc::clone(served)), called: Arc::default() };
        Client::new(line, clock, keys, Gate::new(Limits::default()), policy)
    }

    /// What was called so far.
    pub fn called(&self) -> BTreeSet<String> {
        self.client.transport().called.lock().unwrap().clone()
    }

    /// Calls an operation of the store that has to succeed.
    pub async fn ok<B: Body + ?Sized, A: Answer>(
        &self,
        operation: &Operation<B, A>,
        target: Target,
        body: &B,
    ) -> A::Out {
        let answer = self.client.call(operation, &target, body).await;
        answer.unwrap_or_else(|failure| panic!("{failure}: {:?}", words(&failure)))
    }

    /// Calls an operation of the store that has to fail.
    pub async fn fails<B: Body + ?Sized, A: Answer>(
        &self,
        operation: &Operation<B, A>,
        target: Target,
        body: &B,
    ) -> Problem {
        match self.client.call(operation, &target, body).await {
            Ok(_) => panic!("{} succeeded", operation.spec),
            Err(failure) => failure.problem,
        }
    }

    /// All packages on the active list.
    pub async fn active(&self) -> Vec<Package> {
        let target = Target::of(STORE).modified(self.ever());
        self.client.list(&packages::ACTIVE, &target).await.unwrap().rows
    }

    /// A package by its label.
    pub async fn package(&self, label: &str) -> Package {
        self.ok(&packages::BY_LABEL, Target::of(STORE).at(label), &()).await
    }

    /// A window that has everything.
    pub fn ever(&self) -> Window {
        let to = self.served.now().checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
        Window { from: "2015-01-01T00:00:00Z".parse().unwrap(), to }
    }
}

/// The state's words.
pub fn words(failure: &Failure) -> Vec<String> {
    rejected(&failure.problem)
}

/// The state's words.
pub fn rejected(problem: &Problem) -> Vec<String> {
    let Problem::Rejected(rows) = problem else { return Vec::new() };
    rows.iter().map(|row| format!("{}: {}", row.row.unwrap(), row.message.reveal())).collect()
}

/// A number.
pub fn number(text: &str) -> NumberText {
    NumberText::new(text).unwrap()
}

/// What a package holds, as the API wrote it.
pub fn held(package: &Package) -> &str {
    package.quantity.as_ref().unwrap().as_str()
}

/// What a package holds, in whole pieces.
pub fn pieces(package: &Package) -> i64 {
    held(package).strip_suffix(".0").unwrap().parse().unwrap()
}

/// A line of a sale of one, of a package that is counted in pieces.
pub fn line(package: &Package, quantity: &str) -> NewLine {
    let label = package.label.clone().unwrap();
    let unit = package.unit_of_measure_name.clone().unwrap();
    NewLine::new(label, number(quantity), unit, number("21.50"))
}

/// A receipt of some lines at 13:55.
pub fn receipt(external: &str, lines: Vec<NewLine>) -> NewReceipt {
    let mut receipt = NewReceipt::new(date(2026, 11, 20).at(13, 55, 0, 0), "Consumer".into(), lines);
    receipt.external_receipt_number = Some(external.into());
    receipt
}

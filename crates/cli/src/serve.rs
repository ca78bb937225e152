//! `trueup serve` and `trueup demo`.

use crate::args::{DemoOptions, ServeOptions};
use crate::books::{location, open, read_key};
use crate::metrc::Connection;
use crate::progress::Progress;
use crate::{Status, Trouble, runtime};
use jiff::Timestamp;
use serde::Serialize;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use trueup_intake::{Snapshots, read_settings};
use trueup_server::{
    Connection as Link, Desk, Desks, Gate, Limits, Service, Surroundings, Timing, first_operator, token_for,
};
use trueup_sim::metrc::{Faults as Weather, Served};
use trueup_sim::{Faults, StoreOptions, live_with_server};
use trueup_store::{Location, Store};

/// The clock and the randomness of this computer; a demonstration's clock was set to the end of its world's history.
struct Here {
    ahead: jiff::SignedDuration,
}

impl Surroundings for Here {
    fn now(&self) -> Timestamp {
        let now = runtime::now();
        now.checked_add(self.ahead).unwrap_or(now)
    }

    fn random(&self) -> [u8; 32] {
        // Without randomness nothing that is secret may be made.
        runtime::random().unwrap_or_else(|_| std::process::abort())
    }
}

fn print(text: &str) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    let cannot =
        |error: std::io::Error| Trouble::Output { file: "standard output".to_owned(), error: error.to_string() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(cannot)
}

/// Done when the process is asked to end.
async fn asked_to_stop() {
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => tokio::select! {
                () = interrupted => {}
                _ = terminated.recv() => {}
            },
            Err(_) => interrupted.await,
        }
    }
    #[cfg(not(unix))]
    interrupted.await;
}

/// What is printed once, where there was no operator yet.
fn operator(store: &Store, surroundings: &dyn Surroundings) -> Result<Option<(String, String)>, Trouble> {
    first_operator(store, surroundings).map_err(|error| Trouble::State(error.to_string()))
}

fn link(connection: &Connection, now: Timestamp, gate: &Arc<Gate>) -> Result<Link, Trouble> {
    let (base_url, vendor, user) = connection.parts();
    let seed = now.as_nanosecond().unsigned_abs() % (1 << 63);
    let seed = u64::try_from(seed).unwrap_or_default();
    Link::new(base_url, (vendor, user), (now, seed), Arc::clone(gate))
        .map_err(|error| Trouble::State(error.to_string()))
}

/// `trueup serve`.
pub(crate) fn serve(options: &ServeOptions) -> Result<Status, Trouble> {
    let surroundings: Arc<dyn Surroundings> = Arc::new(Here { ahead: jiff::SignedDuration::ZERO });
    let store = Arc::new(open(&location(&options.books)?, true)?);
    let key = options.audit_key.as_deref().map(read_key).transpose()?;
    if let Some(folder) = options.checkpoints.as_deref().filter(|folder| !folder.is_dir()) {
        return Err(Trouble::Usage(format!("--checkpoints {}: there is no such folder", folder.display())));
    }
    let connection = Connection::perhaps(options.connection.as_deref())?;
    let timing = Timing { pull: Duration::from_secs(u64::from(options.pull_every)), ..Timing::default() };
    if let Some((login, password)) = operator(&store, &*surroundings)? {
        print(&format!("log in as {login} with {password}\n(shown once; nobody else knows it)\n"))?;
    }
    runtime::block_on_many(async {
        let mut desks = Vec::new();
        // The limits are those of the vendor's key, which all stores share.
        let gate = Gate::new(Limits::default());
        for folder in &options.store {
            let license = license_of(folder, connection.is_some(), surroundings.now())?;
            let link = connection.as_ref().map(|connection| link(connection, surroundings.now(), &gate)).transpose()?;
            desks.push(Desk::new(&license, folder.clone(), link, timing));
        }
        let listener = tokio::net::TcpListener::bind(options.listen).await;
        let listener = listener.map_err(|error| Trouble::Usage(format!("--listen {}: {error}", options.listen)))?;
        print(&format!("http://{}\n", options.listen))?;
        let service = Service::new(Arc::clone(&store), Arc::new(Desks::new(desks)), surroundings);
        if let Some(key) = key {
            service.sign_hourly(key, options.checkpoints.clone());
        }
        go_on(listener, service).await
    })
}

/// The licence of a store folder.
fn license_of(folder: &Path, is_pulled: bool, now: Timestamp) -> Result<String, Trouble> {
    let snapshots = is_pulled.then_some(Snapshots { pos: now, state: now, now, exported: None });
    Ok(read_settings(folder, snapshots)?.license.to_string())
}

async fn go_on(listener: tokio::net::TcpListener, service: Service) -> Result<Status, Trouble> {
    service.start();
    let served = trueup_server::serve(listener, service, asked_to_stop()).await;
    served.map_err(|error| Trouble::State(format!("the listener failed: {error}")))?;
    Ok(Status::Done)
}

/// What a program has to know of a demonstration.
#[derive(Serialize)]
struct Told<'t> {
    url: String,
    users: [User<'t>; 1],
    license: &'t str,
    api_token: &'t str,
}

#[derive(Serialize)]
struct User<'t> {
    name: &'t str,
    password: &'t str,
    role: &'t str,
}

/// People who change something in the state's page now and then, so that there is something to see.
const HANDS: &str = "[hands]\nevery_s = 60\nkinds = [\"adjust\", \"void\", \"edit\"]\n";

/// What the demonstration's state system takes at once.
const AT_ONCE: Limits =
    Limits { facility_rate: 5_000, vendor_rate: 5_000, facility_at_once: 10, vendor_at_once: 10, share: 100 };

/// `trueup demo`.
pub(crate) fn demo(options: &DemoOptions) -> Result<Status, Trouble> {
    let folder = tempfile::Builder::new().prefix("trueup-demo-").tempdir();
    let folder = folder.map_err(|error| Trouble::Usage(format!("no folder for the demonstration: {error}")))?;
    let root = folder.path().join("store");
    let life = StoreOptions {
        faults: Faults::Share { parts: 2, of: 100 },
        packages: options.packages,
        days: 7,
        ..StoreOptions::new(options.seed)
    };
    let progress = Progress::new();
    let (_, mut server) = live_with_server(&life, &root, &mut |done, all| {
        progress.days(usize::try_from(done).unwrap_or(usize::MAX), usize::try_from(all).unwrap_or(usize::MAX));
    })?;
    drop(progress);
    // Nobody who tries it wants to wait for a real API.
    server.lift_limits();
    let license = server.licences().first().cloned().unwrap_or_default();
    let settings = read_settings(&root, None)?;
    // The world's clock goes on from the moment at which its history ends.
    let end = settings.as_of;
    let written = std::fs::write(root.join("pos/as_of.txt"), format!("{}\n", settings.pos_as_of));
    written.map_err(|error| Trouble::Output { file: "pos/as_of.txt".to_owned(), error: error.to_string() })?;
    let surroundings: Arc<dyn Surroundings> = Arc::new(Here { ahead: end.duration_since(runtime::now()) });
    let books = Location::Sqlite(folder.path().join("books.db"));
    let store = Arc::new(open(&books, true)?);
    let (login, password) = operator(&store, &*surroundings)?.unwrap_or_default();
    let token = token_for(&store, &*surroundings, (&login, "demo"))?;
    let weather = Weather::read(HANDS, "the demonstration", options.seed)?;
    let keys = (
        server.vendor_keys().first().map(|key| (*key).to_owned()).unwrap_or_default(),
        server.employees().first().map(|employee| employee.key.clone()).unwrap_or_default(),
    );
    let timing = Timing { pull: Duration::from_secs(10), again: Duration::from_secs(30), ..Timing::default() };
    runtime::block_on_many(async {
        let cannot = |error: std::io::Error| Trouble::Usage(format!("--port {}: {error}", options.port));
        let state = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot)?;
        let state_url = format!("http://{}", state.local_addr().map_err(cannot)?);
        tokio::spawn(trueup_sim::metrc::serve(state, Arc::new(Served::new(server, weather, end))));
        let link = Link::new(&state_url, (&keys.0, &keys.1), (end, options.seed), Gate::new(AT_ONCE));
        let link = link.map_err(|error| Trouble::State(error.to_string()))?;
        let desks = Arc::new(Desks::new([Desk::new(&license, root.clone(), Some(link), timing)]));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await.map_err(cannot)?;
        let url = format!("http://{}", listener.local_addr().map_err(cannot)?);
        if options.json {
            let user = User { name: &login, password: &password, role: "operator" };
            let told = Told { url, users: [user], license: &license, api_token: &token };
            let line = serde_json::to_string(&told).map_err(|error| Trouble::State(error.to_string()))?;
            print(&format!("{line}\n"))?;
        } else {
            print(&format!(
                "A simulated store with a week behind it, its state system, and the service:\n\n  {url}\n\
                 \n  log in as   {login}\n  password    {password}\n  API token   {token}\n\n\
                 curl -H 'Authorization: Bearer {token}' {url}/api/v1/licenses/{license}/discrepancies?limit=3\n\n\
                 Ctrl-C ends it; nothing is kept.\n"
            ))?;
        }
        go_on(listener, Service::new(store, desks, surroundings)).await
    })
}

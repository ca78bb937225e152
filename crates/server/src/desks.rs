//! One task per licence: pulls the state now and then, watches the folder, and looks again when anything changed.

use crate::Service;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, watch};
use trueup_app::desk::{
    DeskFolder, Live, PullError, Pulled, Puller, Push, PushAnswer, PushError, Pushed, Signature, Tracked, View, look,
    push, read_folder, track, track_some,
};
use trueup_app::sync::{Applied, Orders, SyncError, apply, check_orders, recover, settle_unknown};
use trueup_intake::{InputError, Store as Folder, read_settings};
use trueup_metrc::client::{Client, Clock as _, Gate, Http, HttpError, Keys, Policy, TokioClock};
use trueup_store::audit::Actor;
use trueup_store::queue::{HeldLease, renew_lease, return_lease, take_lease};
use trueup_store::{PlanStep, StoreError, Text};

/// Where the state's system is, and with which keys.
pub struct Connection {
    client: Client<Http, TokioClock>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    /// To an address with a vendor's and a user's key, on a clock that shows `now`. `gate` is one for all with the
    /// vendor's key.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn new(
        base_url: &str,
        (vendor, user): (&str, &str),
        (now, seed): (Timestamp, u64),
        gate: Arc<Gate>,
    ) -> Result<Self, HttpError> {
        let policy = Policy { seed, ..Policy::default() };
        let (http, keys) = (Http::new(base_url)?, Keys::new(vendor, user));
        Ok(Self { client: Client::new(http, TokioClock::set(now), keys, gate, policy) })
    }
}

/// How often things are done.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Between two pulls.
    pub pull: Duration,
    /// Between two looks at what is in the folder.
    pub watch: Duration,
    /// What is in flight gets due without anything happening: so often it is looked again.
    pub again: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { pull: Duration::from_secs(60), watch: Duration::from_secs(2), again: Duration::from_secs(60) }
    }
}

/// How long the lease of who sends lasts if he is not heard of any more, and how often he is.
const SENDING: SignedDuration = SignedDuration::from_mins(2);
const HEARD_OF: Duration = Duration::from_secs(30);

/// What is known of a licence just now.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The last look that succeeded.
    pub view: Option<Arc<View>>,
    /// How many looks there were.
    pub looks: u64,
    /// The last pull that succeeded.
    pub pulled: Option<Pulled>,
    /// Why the last pull did not succeed.
    pub pull_trouble: Option<String>,
    /// Why the last look did not.
    pub look_trouble: Option<String>,
    /// Why the last plan did not come to its end.
    pub sync_trouble: Option<String>,
}

/// A licence that is kept in agreement.
#[derive(Debug)]
pub struct Desk {
    /// Its number.
    pub license: String,
    folder: DeskFolder,
    connection: Option<Connection>,
    timing: Timing,
    state: RwLock<State>,
    wake: Notify,
    /// One plan is carried out at a time.
    sending: Arc<Semaphore>,
    /// What looks took in so far.
    live: Mutex<Kept>,
}

/// What is kept from look to look.
#[derive(Debug, Default)]
struct Kept {
    live: Live,
    /// How often the POS told rows: a folder that was read before it did lacks them.
    told: u64,
}

/// Something that happened, for those who listen.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Event {
    /// The licence.
    pub license: String,
    /// `list_changed`, `looked`, `plan_done`, `trouble`.
    pub kind: &'static str,
    /// How many looks there were.
    pub look: u64,
    /// Discrepancies that are open.
    pub open: usize,
}

/// All licences.
#[derive(Debug)]
pub struct Desks {
    desks: BTreeMap<String, Arc<Desk>>,
    events: broadcast::Sender<Event>,
    /// True once the service ends.
    closing: watch::Sender<bool>,
}

impl Desk {
    /// A licence with its folder; without a connection the state's side is what lies in the folder.
    #[must_use]
    pub fn new(license: &str, folder: PathBuf, connection: Option<Connection>, timing: Timing) -> Self {
        Self {
            license: license.to_owned(),
            folder: DeskFolder::new(folder),
            connection,
            timing,
            state: RwLock::default(),
            wake: Notify::new(),
            sending: Arc::new(Semaphore::new(1)),
            live: Mutex::default(),
        }
    }

    /// What is known of it.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Pulls and looks as soon as possible.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether the state's system can be asked and told.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Whether the state would take these steps with this reason.
    pub(crate) async fn check_orders(&self, steps: &[PlanStep], reason: Option<&str>) -> Result<(), SyncError> {
        match &self.connection {
            Some(connection) => check_orders(&connection.client, &self.license, steps, reason).await,
            None => Ok(()),
        }
    }

    /// A person looked what became of a submission of which nobody knew.
    pub(crate) fn settle(&self, service: &Service, what: (&str, bool, &str), by: &Actor) -> Result<(), SyncError> {
        let lease = self.lease(service)?;
        let settled = settle_unknown(&service.store, &lease, what, (service.surroundings.now(), by));
        service.store.write(move |tx| return_lease(tx, &lease))?;
        Ok(settled?)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.live.lock().unwrap_or_else(|broken| {
            // What was thought to be told may not have been written.
            let mut kept = broken.into_inner();
            kept.live = Live::default();
            kept
        })
    }

    /// Takes in rows that the POS tells.
    pub(crate) fn told(&self, service: &Service, rows: &Push<'_>) -> Result<PushAnswer, PushError> {
        let mut kept = self.kept();
        let missing = || StoreError::refused("nothing was seen yet; send it again in a minute");
        let view = self.state().view.ok_or_else(missing)?;
        let stamp = (self.now(service), new_source(service));
        let folder = (&self.folder, self.exported()?);
        let Pushed { answer, seen } = push(&service.store, folder, (&view, &mut kept.live), rows, stamp)?;
        let Some((view, packages)) = seen else { return Ok(answer) };
        kept.told = kept.told.saturating_add(1);
        let view = self.now_seen(view);
        let tracked = track_some(&service.store, &view, &packages)?;
        drop(kept);
        service.desks.tell(self, if tracked == Tracked::default() { "looked" } else { "list_changed" });
        Ok(answer)
    }

    /// What is known from now on: as much as is kept from look to look.
    fn now_seen(&self, view: View) -> Arc<View> {
        let view = Arc::new(view);
        self.change(|state| {
            state.looks = state.looks.saturating_add(1);
            state.view = Some(Arc::clone(&view));
        });
        view
    }

    /// Reads the folder and looks at it. `state` is up to when the state was pulled, where it is.
    fn look(&self, service: &Service, state: Option<Timestamp>) -> Result<Tracked, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let told = self.kept().told;
        let before = self.read(service, state);
        let mut kept = self.kept();
        // Rows may have been told while the folder was read.
        let again = kept.told != told;
        let (folder, exported) =
            if again { self.read(service, state) } else { before }.map_err(|error| words(&error))?;
        let stamp = (self.now(service), new_source(service));
        let looked = look(&service.store, (self.folder.root(), folder), stamp, &mut kept.live);
        let view = self.now_seen(looked.map_err(|error| words(&error))?);
        let tracked = track(&service.store, &view).map_err(|error| words(&error))?;
        if let Some(exported) = exported {
            self.folder.let_go(exported).map_err(|error| words(&error))?;
        }
        self.change(|state| state.look_trouble = None);
        Ok(tracked)
    }

    /// The folder, and when the POS's files in it were exported, where the POS may tell more.
    fn read(&self, service: &Service, state: Option<Timestamp>) -> Result<(Folder, Option<Timestamp>), InputError> {
        let root = self.folder.root();
        // Where nothing is pulled, what store.toml says holds, until the POS tells more.
        let (state, exported) = match state {
            Some(state) => (state, self.exported()?),
            None => {
                let settings = read_settings(root, None)?;
                (settings.state_as_of, settings.pos_as_of)
            }
        };
        let snapshots = self.folder.snapshots(exported, state, self.now(service)).map_err(|error| {
            InputError::new(
                "pos/pushed",
                error.to_string(),
                "what the POS told",
                "check the folder, then export from the POS",
            )
        })?;
        let is_told = self.connection.is_some() || snapshots.exported.is_some();
        Ok((read_folder(root, is_told.then_some(snapshots))?, Some(exported)))
    }

    /// When the POS's files were exported.
    fn exported(&self) -> Result<Timestamp, InputError> {
        match self.connection {
            Some(_) => self.folder.pos_as_of(),
            None => Ok(read_settings(self.folder.root(), None)?.pos_as_of),
        }
    }

    /// The state's clock where one is known: its records are reckoned by it.
    fn now(&self, service: &Service) -> Timestamp {
        self.connection.as_ref().map_or_else(|| service.surroundings.now(), |it| it.client.clock().now())
    }

    /// Done once nothing is being sent any more; nothing is begun from then on.
    pub(crate) async fn done_sending(&self) {
        // It is never closed.
        drop(self.sending.acquire().await.map(tokio::sync::SemaphorePermit::forget));
    }

    /// Permission to carry out a plan; nothing if another one is being carried out.
    pub(crate) fn begin_sending(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.sending).try_acquire_owned().ok()
    }

    /// Carries out an approved plan in the background, then pulls and looks.
    pub(crate) fn carry_out(
        self: &Arc<Self>,
        service: &Service,
        plan: String,
        orders: Orders,
        sending: OwnedSemaphorePermit,
    ) {
        let (desk, service) = (Arc::clone(self), service.clone());
        let runtime = tokio::runtime::Handle::current();
        // The books are written in between, which must not hold up who else is served.
        tokio::task::spawn_blocking(move || {
            let send = || runtime.block_on(desk.send(&service, &plan, &orders));
            let done = catch_unwind(AssertUnwindSafe(send))
                .unwrap_or_else(|_| Err(SyncError::Refused("a fault of trueup: please report it".to_owned())));
            let trouble = done.err().map(|error| format!("plan {plan}: {error}"));
            let kind = if trouble.is_some() { "trouble" } else { "plan_done" };
            if trouble.is_some() {
                // What was on its way is unknown now; nothing else is sent before that is written down.
                runtime.block_on(desk.recover_at_last(&service));
            }
            desk.change(|state| {
                let more = state.sync_trouble.take().map_or_else(String::new, |more| format!("; {more}"));
                state.sync_trouble = trouble.map(|trouble| format!("{trouble}{more}"));
            });
            drop(sending);
            service.desks.tell(&desk, kind);
            desk.wake();
        });
    }

    /// Settles what was under way, as soon as the books can be written and the lease is free.
    async fn recover_at_last(&self, service: &Service) {
        while let Err(error) = self.recover(service) {
            self.change(|state| state.sync_trouble = Some(error.to_string()));
            tokio::time::sleep(HEARD_OF).await;
        }
    }

    async fn send(&self, service: &Service, plan: &str, orders: &Orders) -> Result<Applied, SyncError> {
        let missing = || SyncError::Refused("there is no connection to the state's system".to_owned());
        let client = &self.connection.as_ref().ok_or_else(missing)?.client;
        let lease = self.lease(service)?;
        let applied = tokio::select! {
            applied = apply(&service.store, client, &lease, (&self.license, plan), orders) => applied,
            lost = hold_on(service, &lease) => Err(lost),
        };
        service.store.write(move |tx| return_lease(tx, &lease))?;
        applied
    }

    /// The lease of who sends for this licence.
    fn lease(&self, service: &Service) -> Result<HeldLease, SyncError> {
        let (license, now) = (self.license.clone(), service.surroundings.now());
        let owner = format!("serve-{}", service.name);
        let taken = service.store.write(move |tx| take_lease(tx, (&license, "sender"), &owner, now, SENDING))?;
        taken.ok_or_else(|| SyncError::Refused("another process sends for this licence just now".to_owned()))
    }

    /// What the last process had under way when it ended is unknown from now on.
    fn recover(&self, service: &Service) -> Result<(), SyncError> {
        let lease = self.lease(service)?;
        let unknown = recover(&service.store, &lease, service.surroundings.now())?;
        service.store.write(move |tx| return_lease(tx, &lease))?;
        if !unknown.is_empty() {
            let told = format!(
                "trueup ended while {} was on its way to the state: look there whether it was done; it is not sent again",
                unknown.join(", ")
            );
            self.change(|state| state.sync_trouble = Some(told));
        }
        Ok(())
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Holds on to a lease for as long as it is waited for; ends only if the lease is lost.
async fn hold_on(service: &Service, lease: &HeldLease) -> SyncError {
    let mut until = lease.expires_at;
    loop {
        tokio::time::sleep(HEARD_OF).await;
        let (held, now) = (lease.clone(), service.surroundings.now());
        match service.store.write(move |tx| renew_lease(tx, &held, now, SENDING)) {
            Ok(Some(held)) => until = held.expires_at,
            Ok(None) => return SyncError::Refused("another process sends for this licence by now".to_owned()),
            // It is held until its end, also if that cannot be put off just now.
            Err(error) if service.surroundings.now() >= until => return error.into(),
            Err(_) => {}
        }
    }
}

impl Desks {
    /// Of these licences.
    #[must_use]
    pub fn new(desks: impl IntoIterator<Item = Desk>) -> Self {
        let desks = desks.into_iter().map(|desk| (desk.license.clone(), Arc::new(desk))).collect();
        Self { desks, events: broadcast::channel(256).0, closing: watch::channel(false).0 }
    }

    /// A licence.
    #[must_use]
    pub fn get(&self, license: &str) -> Option<&Arc<Desk>> {
        self.desks.get(license)
    }

    /// All of them, by number.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Desk>> {
        self.desks.values()
    }

    /// What happens from now on, until the service ends.
    pub(crate) fn listen(&self) -> (broadcast::Receiver<Event>, watch::Receiver<bool>) {
        (self.events.subscribe(), self.closing.subscribe())
    }

    fn tell(&self, desk: &Desk, kind: &'static str) {
        let state = desk.state();
        let open = state.view.as_ref().map_or(0, |view| view.outcome.discrepancies.len());
        let event = Event { license: desk.license.clone(), kind, look: state.looks, open };
        // Nobody may be listening.
        drop(self.events.send(event));
    }

    /// Who listens is told that there is no more.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Keeps all licences until the runtime ends.
    pub(crate) fn start(self: &Arc<Self>, service: &Service) {
        for desk in self.desks.values() {
            let work = Work {
                desk: Arc::clone(desk),
                service: service.clone(),
                puller: Puller::default(),
                seen: Signature::new(),
                recovering: desk.begin_sending(),
            };
            tokio::spawn(work.go_on());
        }
    }
}

/// The work of one licence.
struct Work {
    desk: Arc<Desk>,
    service: Service,
    puller: Puller,
    /// What the folder looked like the last time.
    seen: Signature,
    /// Nothing is sent before it is known what the last process had under way.
    recovering: Option<OwnedSemaphorePermit>,
}

impl Work {
    async fn go_on(mut self) {
        let timing = self.desk.timing;
        let (mut until_pull, mut until_look) = (Duration::ZERO, Duration::ZERO);
        loop {
            if self.recovering.is_some() {
                self.recover().await;
            }
            let mut must_look = until_look.is_zero();
            if until_pull.is_zero() {
                must_look |= self.pull().await;
                until_pull = timing.pull;
            }
            let signature = self.desk.folder.signature().unwrap_or_default();
            if must_look || signature != self.seen {
                self.look().await;
                self.seen = signature;
                until_look = timing.again;
            }
            tokio::select! {
                () = self.desk.wake.notified() => (until_pull, until_look) = (Duration::ZERO, Duration::ZERO),
                () = tokio::time::sleep(timing.watch) => {
                    until_pull = until_pull.saturating_sub(timing.watch);
                    until_look = until_look.saturating_sub(timing.watch);
                }
            }
        }
    }

    /// What the last process had under way is settled once its lease has ended.
    async fn recover(&mut self) {
        let (desk, service) = (Arc::clone(&self.desk), self.service.clone());
        let recovered = tokio::task::spawn_blocking(move || desk.recover(&service)).await;
        match recovered {
            Ok(Ok(())) => {
                self.recovering = None;
                // Why it could not be settled at once is no more.
                self.desk.change(|state| state.sync_trouble.take_if(|told| !told.contains("on its way")));
            }
            // A licence that was never looked at has nothing under way, and no lease yet.
            Ok(Err(SyncError::Store(StoreError::Missing { .. }))) => self.recovering = None,
            Ok(Err(error)) => self.desk.change(|state| state.sync_trouble = Some(error.to_string())),
            Err(_) => {}
        }
    }

    /// Whether anything changed.
    async fn pull(&mut self) -> bool {
        let Some(connection) = &self.desk.connection else { return false };
        let pulled = self.puller.pull(&connection.client, &self.desk.license, self.desk.folder.root()).await;
        match pulled {
            Ok(pulled) => {
                let changed = pulled.changed > 0;
                self.desk.change(|state| {
                    state.pull_trouble = None;
                    state.pulled = Some(pulled);
                });
                changed
            }
            Err(error) => {
                let prefix = if matches!(error, PullError::State(_)) { "the state's system: " } else { "" };
                self.desk.change(|state| state.pull_trouble = Some(format!("{prefix}{error}")));
                self.tell("trouble");
                false
            }
        }
    }

    fn tell(&self, kind: &'static str) {
        self.service.desks.tell(&self.desk, kind);
    }

    async fn look(&self) {
        let pulled = self.desk.state().pulled.map(|pulled| pulled.as_of);
        if self.desk.connection.is_some() && pulled.is_none() {
            // Not all of it is there yet.
            return;
        }
        let (desk, service) = (Arc::clone(&self.desk), self.service.clone());
        let looked = tokio::task::spawn_blocking(move || desk.look(&service, pulled)).await;
        match looked.unwrap_or_else(|_| Err("a fault of trueup: please report it".to_owned())) {
            Ok(tracked) => self.tell(if tracked == Tracked::default() { "looked" } else { "list_changed" }),
            Err(trouble) => {
                self.desk.change(|state| state.look_trouble = Some(trouble));
                self.tell("trouble");
            }
        }
    }
}

/// A name for what is taken in.
fn new_source(service: &Service) -> Text {
    let random = service.surroundings.random();
    let number = random.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    Text::from(format!("s-{number:016x}"))
}

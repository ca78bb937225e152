//! One task per licence: pulls the state now and then, watches the folder, and looks again when anything changed.

use crate::Surroundings;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, watch};
use trueup_app::desk::{DeskFolder, PullError, Pulled, Puller, Signature, Tracked, View, look, track};
use trueup_intake::Snapshots;
use trueup_metrc::client::{Client, Clock as _, Gate, Http, HttpError, Keys, Limits, Policy, TokioClock};
use trueup_store::{Store, Text};

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
    /// To an address with a vendor's and a user's key, on a clock that shows `now`, within limits.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn new(
        base_url: &str,
        (vendor, user): (&str, &str),
        (now, seed): (Timestamp, u64),
        limits: Limits,
    ) -> Result<Self, HttpError> {
        let policy = Policy { seed, ..Policy::default() };
        let (http, keys) = (Http::new(base_url)?, Keys::new(vendor, user));
        Ok(Self { client: Client::new(http, TokioClock::set(now), keys, Gate::new(limits), policy) })
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
}

/// Something that happened, for those who listen.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Event {
    /// The licence.
    pub license: String,
    /// `list_changed`, `looked`, `trouble`.
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

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
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

    /// Who listens is told that there is no more.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Keeps all licences until the runtime ends.
    pub fn start(self: &Arc<Self>, store: &Arc<Store>, surroundings: &Arc<dyn Surroundings>) {
        for desk in self.desks.values() {
            let work = Work {
                desk: Arc::clone(desk),
                desks: Arc::clone(self),
                store: Arc::clone(store),
                surroundings: Arc::clone(surroundings),
                puller: Puller::default(),
                seen: Signature::new(),
            };
            tokio::spawn(work.go_on());
        }
    }
}

/// The work of one licence.
struct Work {
    desk: Arc<Desk>,
    desks: Arc<Desks>,
    store: Arc<Store>,
    surroundings: Arc<dyn Surroundings>,
    puller: Puller,
    /// What the folder looked like the last time.
    seen: Signature,
}

impl Work {
    async fn go_on(mut self) {
        let timing = self.desk.timing;
        let (mut until_pull, mut until_look) = (Duration::ZERO, Duration::ZERO);
        loop {
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
        let state = self.desk.state();
        let open = state.view.as_ref().map_or(0, |view| view.outcome.discrepancies.len());
        let event = Event { license: self.desk.license.clone(), kind, look: state.looks, open };
        // Nobody may be listening.
        drop(self.desks.events.send(event));
    }

    async fn look(&self) {
        let looked = self.look_once().await;
        match looked {
            Ok((view, tracked)) => {
                self.desk.change(|state| {
                    state.look_trouble = None;
                    state.looks = state.looks.saturating_add(1);
                    state.view = Some(Arc::new(view));
                });
                self.tell(if tracked == Tracked::default() { "looked" } else { "list_changed" });
            }
            Err(Some(trouble)) => {
                self.desk.change(|state| state.look_trouble = Some(trouble));
                self.tell("trouble");
            }
            // Not all of it is there yet.
            Err(None) => {}
        }
    }

    async fn look_once(&self) -> Result<(View, Tracked), Option<String>> {
        let now = self.now();
        let snapshots = match &self.desk.connection {
            None => None,
            Some(_) => {
                let state = self.desk.state().pulled.ok_or(None)?.as_of;
                let pos = self.desk.folder.pos_as_of().map_err(|error| Some(error.to_string()))?;
                Some(Snapshots { pos, state, now })
            }
        };
        let (store, root) = (Arc::clone(&self.store), self.desk.folder.root().to_owned());
        let source = self.surroundings.random();
        let number = source.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let source = Text::from(format!("s-{number:016x}"));
        let looked = tokio::task::spawn_blocking(move || {
            let view = look(&store, &root, snapshots, (now, source)).map_err(|error| error.to_string())?;
            let tracked = track(&store, &view).map_err(|error| error.to_string())?;
            Ok((view, tracked))
        });
        looked.await.map_err(|_| Some("a fault of trueup: please report it".to_owned()))?.map_err(Some)
    }

    /// The state's clock where one is known: its records are reckoned by it.
    fn now(&self) -> Timestamp {
        self.desk.connection.as_ref().map_or_else(|| self.surroundings.now(), |it| it.client.clock().now())
    }
}

//! A store's simulated life with its state system, and the desk over both.

use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use trueup_app::desk::{Live, Puller, Tracked, View, look, read_folder, track};
use trueup_intake::Snapshots;
use trueup_metrc::client::{Client, Gate, Keys, Limits, Policy, Simulated, TokioClock};
use trueup_sim::metrc::{Faults as Weather, Served};
use trueup_sim::{Faults, StoreOptions, Truth, live_with_server};
use trueup_store::{Location, OpenOptions, Store, Text};

/// A store after its weeks, its state, and the desk over it.
pub struct World {
    pub folder: tempfile::TempDir,
    pub truth: Truth,
    pub licence: String,
    pub served: Arc<Served>,
    pub client: Client<Simulated, TokioClock>,
    pub books: Store,
    /// When the POS was exported last; at the end of its life, if not later.
    pub exported: Option<Timestamp>,
    puller: Puller,
    looks: u32,
    live: Live,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { faults: Faults::Share { parts: 3, of: 100 }, ..StoreOptions::new(seed) };
        let (truth, server) = live_with_server(&options, &folder.path().join("store"), &mut |_, _| {}).unwrap();
        let licence = server.licences()[0].clone();
        let keys = Keys::new(server.vendor_keys()[0], &server.employees()[0].key);
        let now = end_of(&folder.path().join("store"));
        let served = Arc::new(Served::new(server, Weather::none(), now));
        let gate = Gate::new(Limits::default());
        let client =
            Client::new(Simulated::new(Arc::clone(&served)), TokioClock::set(now), keys, gate, Policy::default());
        let books = Location::Sqlite(folder.path().join("books.db"));
        let books = Store::open(&books, &OpenOptions::new(now, "i-desk")).unwrap();
        Self {
            folder,
            truth,
            licence,
            served,
            client,
            books,
            exported: None,
            puller: Puller::default(),
            looks: 0,
            live: Live::default(),
        }
    }

    pub fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    /// Pulls and looks; gives the view, what became of the list, and how many records had changed.
    pub async fn round(&mut self) -> (View, Tracked, u64) {
        let pulled = self.puller.pull(&self.client, &self.licence, &self.root()).await.unwrap();
        let snapshots = Snapshots {
            pos: self.exported.unwrap_or_else(|| end_of(&self.root())),
            state: pulled.as_of,
            now: pulled.as_of,
            exported: None,
        };
        self.looks += 1;
        let source = Text::from(format!("s-{}", self.looks));
        let folder = read_folder(&self.root(), Some(snapshots)).unwrap();
        let view = look(&self.books, (&self.root(), folder), (pulled.as_of, source), &mut self.live).unwrap();
        let tracked = track(&self.books, &view).unwrap();
        (view, tracked, pulled.changed)
    }

    pub fn log_size(&self) -> usize {
        let mut size = 0;
        let each = &mut |_| {
            size += 1;
            Ok(())
        };
        self.books.read(|tx| trueup_store::audit::entries(tx, &self.licence, (0, 1_000_000), each)).unwrap();
        size
    }
}

/// When the life ended: the POS's export.
pub fn end_of(store: &Path) -> Timestamp {
    let text = std::fs::read_to_string(store.join("store.toml")).unwrap();
    let line =
        text.lines().find(|line| line.starts_with("pos_as_of")).or(text.lines().find(|line| line.starts_with("as_of")));
    line.unwrap().split('"').nth(1).unwrap().parse().unwrap()
}

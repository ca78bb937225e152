//! The service: pulls, compares and keeps all day, and answers over HTTP.
//!
//! ```text
//! desks    one task per licence: pulls the state, watches the folder, looks again when either changed
//! checkpoints  the logs' lengths, signed every hour
//! people   who may ask: passwords, tokens
//! api      the routes under /api/v1 and their OpenAPI document, which are one list
//! problem  what went wrong, as problem+json with codes that stay
//! ```
//!
//! Invariants:
//! - Decisions are made in `app`; here is only who asks, what for, and in which form it is answered.
//! - Every route of `/api/v1` but the log-in, the document and what says that the process lives needs a token.
//! - Nothing of a request but its method, its path's pattern and its status is ever logged or counted.
//! - No clock and no randomness but those of [`Surroundings`].

mod api;
mod checkpoints;
mod desks;
mod people;
mod problem;

pub use api::{document, router};
pub use desks::{Connection, Desk, Desks, Timing};
pub use people::{PeopleError, first_operator, token_for};
pub use trueup_metrc::client::{Gate, Limits};

use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use trueup_store::Store;
use trueup_store::audit::SigningKey;

/// How long the end of the service waits for plans that are being carried out.
const LONGEST_PLAN: Duration = Duration::from_secs(600);

/// What the process gives.
pub trait Surroundings: Send + Sync + 'static {
    /// The moment.
    fn now(&self) -> Timestamp;

    /// 32 random bytes.
    fn random(&self) -> [u8; 32];
}

/// Everything that a request may need.
#[derive(Clone)]
pub struct Service {
    /// The books.
    pub store: Arc<Store>,
    /// The licences that are kept in agreement.
    pub desks: Arc<Desks>,
    /// Clock and randomness.
    pub surroundings: Arc<dyn Surroundings>,
    people: Arc<people::People>,
    /// Tells this process from others.
    name: String,
}

impl Service {
    /// A service over books and desks.
    #[must_use]
    pub fn new(store: Arc<Store>, desks: Arc<Desks>, surroundings: Arc<dyn Surroundings>) -> Self {
        let name = trueup_store::ledger::hex(&surroundings.random()[..6]);
        Self { store, desks, surroundings, people: Arc::default(), name }
    }

    /// Signs every hour how long the logs are, and puts the notes into a folder, if there is one; until the runtime ends.
    pub fn sign_hourly(&self, key: SigningKey, folder: Option<PathBuf>) {
        tokio::spawn(checkpoints::go_on(self.clone(), Arc::new(key), folder));
    }

    /// Keeps all licences from now on, until the runtime ends.
    pub fn start(&self) {
        self.desks.start(self);
    }
}

/// Answers on a listener until `stop` is done; requests that are under way are answered before it returns.
///
/// # Errors
/// A listener that fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    service: Service,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let desks = Arc::clone(&service.desks);
    let stop = async move {
        stop.await;
        desks.close();
    };
    let all = Arc::clone(&service.desks);
    axum::serve(listener, router(service)).with_graceful_shutdown(stop).await?;
    // A plan that is being carried out comes to its end; one that does not is settled by the next start.
    let ended = async {
        for desk in all.all() {
            desk.done_sending().await;
        }
    };
    drop(tokio::time::timeout(LONGEST_PLAN, ended).await);
    Ok(())
}

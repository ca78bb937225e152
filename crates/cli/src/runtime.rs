//! What this crate alone does: read the clock, and wait.

use crate::Trouble;
use std::future::Future;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<R>(future: impl Future<Output = Result<R, Trouble>>) -> Result<R, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Trouble::State(format!("cannot wait for answers: {error}")))?.block_on(future)
}

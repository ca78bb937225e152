//! What this crate alone does: read the clock, ask for randomness, and wait.

use crate::Trouble;
use std::future::Future;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// So many random bytes of the system.
///
/// # Errors
/// [`Trouble::Usage`] if the system has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Trouble::Usage(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

/// Runs a future to its end on as many threads as there are processors.
pub(crate) fn block_on_many<R>(future: impl Future<Output = Result<R, Trouble>>) -> Result<R, Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Trouble::State(format!("cannot wait for requests: {error}")))?.block_on(future)
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<R>(future: impl Future<Output = Result<R, Trouble>>) -> Result<R, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Trouble::State(format!("cannot wait for answers: {error}")))?.block_on(future)
}

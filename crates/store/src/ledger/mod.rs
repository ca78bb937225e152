//! Facts: appended in batches, each with its audit entry and its balances; read by package, since a number, as of a moment.

mod append;
mod fact;
mod licence;
mod movement;
mod read;
mod source;
mod work;

pub use append::{Appended, Batch, append, hex};
pub use fact::{Fact, identity};
pub use licence::create_license;
pub use movement::{MovementError, moment_of, moment_parts, movement_of, natural_key, row_of};
pub use read::{Everything, Life, WITHDRAWN, balances, current, everything, facts_after, life, observations, seq_at};
pub use source::{begin_source, complete_source, known_file, last_source};
pub use work::{discrepancies_of, discrepancy_events, open_discrepancies};

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 26] = [
    &fact::PACKAGE,
    &fact::MOVEMENT,
    &fact::OBSERVATION,
    &fact::RECEIPT,
    &fact::COUNT_LINE,
    &fact::MANIFEST_LINE,
    &fact::SKU_CONVERSION,
    &fact::BASELINE,
    &read::MOVEMENTS_OF_PACKAGE,
    &read::OBSERVATIONS_OF_PACKAGE,
    &read::COUNTS_OF_PACKAGE,
    &read::MANIFESTS_OF_PACKAGE,
    &read::MOVEMENTS_AFTER,
    &read::OBSERVATIONS,
    &read::BALANCES,
    &read::SEQ_AT,
    &read::PACKAGES,
    &read::WEIGHTS,
    &read::MANIFESTS,
    &read::COUNTS,
    &read::BASELINES,
    &source::OF_FILE,
    &source::LAST,
    &work::OPEN,
    &work::OF_PACKAGE,
    &work::EVENTS,
];

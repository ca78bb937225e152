//! Queued work: leases with fences.

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 0] = [];

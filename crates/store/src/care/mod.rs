//! Keeping the books well.

pub(crate) mod witness;

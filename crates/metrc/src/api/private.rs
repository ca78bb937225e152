//! What must not be seen by chance.

use crate::wire::Text;
use std::fmt;

/// Text about a person, or a key: it is sent, and shown only by [`reveal`](Self::reveal).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Private(Text);

impl Private {
    /// Hides a text.
    pub fn new(text: impl Into<Text>) -> Self {
        Self(text.into())
    }

    /// The text itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl serde::Serialize for Private {
    /// For what is sent to the state.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

//! The two keys that every call carries.

use crate::api::Private;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The vendor's key (one a company and state) and the user's (one an employee). Neither is ever shown.
#[derive(Debug, Clone)]
pub struct Keys {
    vendor: Private,
    user: Private,
}

impl Keys {
    /// Keys as they stand in the web page.
    pub fn new(vendor: &str, user: &str) -> Self {
        Self { vendor: Private::new(vendor), user: Private::new(user) }
    }

    /// The header of HTTP Basic: the vendor's key is the name, the user's the password.
    pub(super) fn basic(&self) -> Private {
        let pair = format!("{}:{}", self.vendor.reveal(), self.user.reveal());
        Private::new(format!("Basic {}", STANDARD.encode(pair)))
    }
}

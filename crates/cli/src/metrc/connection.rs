//! Where the state's system is, and with which keys.

use super::Metrc;
use crate::Trouble;
use crate::args::ConnectionOptions;
use serde::Deserialize;
use std::path::Path;
use trueup_metrc::client::{Client, Gate, Http, Keys, Limits, Policy, TokioClock};

/// An address and two keys.
#[derive(Deserialize)]
pub(crate) struct Connection {
    base_url: String,
    vendor_key: String,
    user_key: String,
}

/// Keys are no arguments: those can be seen by everybody on the computer.
const ADDRESS: &str = "TRUEUP_METRC_URL";
const VENDOR: &str = "TRUEUP_METRC_VENDOR_KEY";
const USER: &str = "TRUEUP_METRC_USER_KEY";

impl Connection {
    /// From a file, or from the environment; nothing where neither names one.
    pub fn perhaps(file: Option<&Path>) -> Result<Option<Self>, Trouble> {
        match file {
            None if std::env::var_os(ADDRESS).is_none_or(|value| value.is_empty()) => Ok(None),
            file => Self::read(&ConnectionOptions { connection: file.map(Path::to_owned) }).map(Some),
        }
    }

    /// The address, the vendor's key and the user's.
    pub fn parts(&self) -> (&str, &str, &str) {
        (&self.base_url, &self.vendor_key, &self.user_key)
    }

    /// From a file, or from the environment.
    pub fn read(options: &ConnectionOptions) -> Result<Self, Trouble> {
        match &options.connection {
            Some(file) => Self::of_file(file),
            None => {
                let variable = |name: &str| {
                    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| {
                        Trouble::Usage(format!(
                            "{name} is not set; set {ADDRESS}, {VENDOR} and {USER}, or name a file with --connection"
                        ))
                    })
                };
                Ok(Self { base_url: variable(ADDRESS)?, vendor_key: variable(VENDOR)?, user_key: variable(USER)? })
            }
        }
    }

    /// The first line of the file, as `trueup sim metrc` prints it.
    fn of_file(file: &Path) -> Result<Self, Trouble> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Trouble::Usage(format!("--connection {name}: it cannot be read: {error}")))?;
        let first = text.lines().next().unwrap_or_default();
        // The parser's words would repeat the keys.
        serde_json::from_str(first).map_err(|_| {
            Trouble::Usage(format!(
                "--connection {name}: its first line has to be a JSON object with base_url, vendor_key and user_key"
            ))
        })
    }

    /// A client that shows `now`.
    pub fn client(&self, now: jiff::Timestamp) -> Result<Metrc, Trouble> {
        let http = Http::new(&self.base_url).map_err(|error| Trouble::State(error.to_string()))?;
        let keys = Keys::new(&self.vendor_key, &self.user_key);
        let seed = now.as_nanosecond().unsigned_abs();
        let policy = Policy { seed: u64::try_from(seed % (1 << 63)).unwrap_or(0), ..Policy::default() };
        Ok(Client::new(http, TokioClock::set(now), keys, Gate::new(Limits::default()), policy))
    }
}

//! The Metrc v2 API of a retailer: a client for it, and readers for files of its answers.
//!
//! - [`api`]: every operation that a retailer's licence can use, with the types of what is sent and answered.
//! - [`client`]: calls them within the API's limits, over any transport and on any clock; reads lists and proves them whole;
//!   pulls a licence; writes with care. Feature `http`: over HTTP (reqwest, rustls).
//! - [`ListReader`] and [`Latest`]: files of answers, as far as a reconciliation reads them, record by record.
//!
//! The crate depends on no other crate of the workspace (but for the simulated server of feature `simulated`) and decides
//! nothing: it says what an answer says, or refuses it.
//!
//! # Invariants of the readers
//! - A number stays as it was written ([`NumberText`]); no float is ever made of it.
//! - A date or time stays text. Missing, `null`, `""` and the zero date `0001-01-01…` are all `None`.
//! - Fields about patients, caregivers, consumers, recipients, drivers, vehicles and addresses are in no struct.
//!   Their values are skipped, and no message repeats them.
//! - Unknown fields are skipped, and their names are noted ([`FileFacts::notes`]). Documented fields that are left out
//!   (`LEFT_OUT` of each struct) are skipped in silence.
//! - A field that is read and stands twice in one object is refused, as is whatever contradicts itself.
//! - Files are streamed: memory is bounded by one record, or by one page where the records come in pages ([`limits`]).
//!
//! # The API, as far as it matters here
//! - A page is `Data, Total, TotalRecords, PageSize, RecordsOnPage, Page, CurrentPage, TotalPages`; `Total` is
//!   `TotalRecords` and `Page` is `CurrentPage` in every sample; pages count from 1 and hold at most 20 rows; an empty
//!   list has 0 or 1 pages. Source: API documentation and live answers (New York, 2026).
//! - The order of rows is not documented, so paging over a changing list can skip or repeat rows: distinct ids have to be
//!   as many as `TotalRecords`. Source: inference from the documentation.
//! - `Transactions` of receipts is always empty in lists; each receipt has to be fetched by its id. Source: live answers.
//! - `SalesDateTime` is the facility's wall clock without a zone; `LastModified` has an offset and seven fraction digits.
//!   Source: API documentation.
//! - Zero dates stand for null; empty text comes as `""` as often as null; fields get added without notice; an item's
//!   `QuantityType` is a number in the documentation's package and text elsewhere. Source: documentation, live answers.
//! - An adjustment has no id of its own. Source: live answers.
//!
//! # Example: everything of a licence
//! ```no_run
//! # #[cfg(feature = "http")]
//! # async fn pull(now: jiff::Timestamp) -> Result<(), Box<dyn std::error::Error>> {
//! use trueup_metrc::client::{Client, Cursor, Gate, Http, Keys, Limits, Pace, Policy, TokioClock};
//!
//! let http = Http::new("https://api-co.metrc.com")?;
//! let keys = Keys::new("vendor's key", "user's key");
//! let client = Client::new(http, TokioClock::set(now), keys, Gate::new(Limits::default()), Policy::default());
//! let mut cursor = Cursor::default();
//! let report = client.pull("403R-00001", Pace::default(), &mut cursor, &mut |changed| println!("{changed:?}")).await?;
//! println!("{} lists, each proven whole", report.proofs.len());
//! # Ok(())
//! # }
//! ```
//!
//! # Example: a file
//! ```
//! use trueup_metrc::{ListReader, Package};
//!
//! let file = br#"[{"Id": 1, "Label": "1A4FF0300000257000018842", "Quantity": 37.0}]"#;
//! let mut list = ListReader::<Package>::new();
//! let mut packages = Vec::new();
//! let facts = list.read_file("packages.json", &file[..], &mut |package, _| {
//!     packages.push(package);
//!     Ok(())
//! })?;
//! list.finish()?;
//! assert_eq!(facts.records, 1);
//! assert_eq!(packages[0].quantity.as_ref().map(|quantity| quantity.as_str()), Some("37.0"));
//! # Ok::<(), trueup_metrc::WireError>(())
//! ```

pub mod api;
pub mod client;
mod error;
mod latest;
pub mod limits;
mod page;
mod reader;
mod records;
mod scanner;
mod time;
mod wire;

pub use error::WireError;
pub use latest::{Latest, LatestFacts, Origin};
pub use reader::{FileFacts, ListReader};
pub use records::{Adjustment, Delivery, Item, Package, Receipt, Record, Transaction, Transfer, TransferPackage};
pub use wire::{NumberText, Text};

#[cfg(test)]
mod tests;

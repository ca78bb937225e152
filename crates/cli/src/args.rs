//! The arguments of the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Keeps a cannabis retailer's three books in agreement: the point of sale, the state's system and the shelf.
#[derive(Debug, Parser)]
#[command(name = "trueup", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find and explain every difference between the books of a store folder.
    ///
    /// Exit status as diff: 0 the books agree, 1 they differ, 2 trouble (then nothing is written).
    Reconcile(ReconcileOptions),
    /// Simulate: make the records of a store that never was, with the truth about every difference.
    #[command(subcommand)]
    Sim(SimCommand),
    /// Talk to the state's Metrc: list, adjust with care, pull a licence into files.
    #[command(subcommand)]
    Metrc(MetrcCommand),
    /// Keep stores in agreement all day: pull, compare, keep, and answer over HTTP (`/api/v1/openapi.json` says what).
    Serve(ServeOptions),
    /// A simulated store with its simulated state system, and the service over both, ready to be tried.
    Demo(DemoOptions),
    /// Take a store folder's records into the books, once; the same folder again changes nothing.
    Import(ImportOptions),
    /// The audit log: sign how long it is, export it, check an export without trusting anybody.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Copy the books while others go on, encrypted, and restore the copy once to see that it works.
    Backup(BackupOptions),
    /// Bring a backup back. Books that are there are put aside; nothing in it is believed to be still to be sent.
    Restore(RestoreOptions),
    /// Look at everything in the books: rows, facts, log, balances, checkpoints, clock, free space.
    ///
    /// Exit status: 0 all is well, 1 something is not, 2 the books cannot be opened.
    Doctor(DoctorOptions),
    /// Put closed months into folders of Parquet files that prove themselves, and check such a folder.
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// For how long records are kept: show what is over its time, set the rule or a legal hold, remove what is archived.
    Retention(RetentionOptions),
    /// Copy the books into another database and prove that nothing differs.
    Migrate(MigrateOptions),
}

/// Where the books are.
#[derive(Debug, Args)]
pub struct BooksOptions {
    /// A file, or the address of a PostgreSQL database (postgres://…); or TRUEUP_DB.
    #[arg(long, value_name = "FILE|ADDRESS")]
    pub db: Option<String>,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeOptions {
    #[command(flatten)]
    pub books: BooksOptions,
    /// The folder of a store; may be given several times.
    #[arg(long, value_name = "DIR", required = true)]
    pub store: Vec<PathBuf>,
    /// Pull the state's side with the keys of this file, as `sim metrc` prints it; without it, and without
    /// TRUEUP_METRC_URL, TRUEUP_METRC_VENDOR_KEY and TRUEUP_METRC_USER_KEY, it is what lies in the folders.
    #[arg(long, value_name = "FILE")]
    pub connection: Option<PathBuf>,
    /// Sign every hour how long the logs are, with the key of this file (`audit key` makes one).
    #[arg(long, value_name = "FILE")]
    pub audit_key: Option<PathBuf>,
    /// Where to put what is signed: somewhere that whoever runs the books cannot change.
    #[arg(long, value_name = "DIR", requires = "audit_key")]
    pub checkpoints: Option<PathBuf>,
    /// Where to listen. Other computers reach it only through a proxy that speaks TLS.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    pub listen: std::net::SocketAddr,
    /// Seconds between two pulls.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    pub pull_every: u32,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoOptions {
    /// The seed of the world.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Packages of the store.
    #[arg(long, default_value_t = 300)]
    pub packages: u32,
    /// The port on this computer; any free one if it is 0.
    #[arg(long, default_value_t = 8420)]
    pub port: u16,
    /// One line of JSON instead of words.
    #[arg(long)]
    pub json: bool,
}

/// `import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    #[command(flatten)]
    pub books: BooksOptions,
    /// The store folder.
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
}

/// `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Make a key that signs checkpoints, in a file that only you can read; prints the half that anybody may have.
    Key {
        /// The file; it must not be there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Sign how long the log of a licence is; prints the checkpoint. Keep it elsewhere: a rewritten log cannot hide from it.
    Checkpoint {
        #[command(flatten)]
        log: LogOptions,
    },
    /// Write the whole log of a licence into a file that can be checked without the books.
    Export {
        #[command(flatten)]
        log: LogOptions,
        /// The file; standard output without it.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Check an export; names the first entry that was altered, is missing, out of its place or cut off.
    ///
    /// Exit status: 0 all of it fits, 1 something does not, 2 the file cannot be read.
    Verify {
        /// The export.
        file: PathBuf,
        /// The key that is trusted, as `audit key` printed it; without it the file's own is believed.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A checkpoint that was kept elsewhere; may be given several times.
        #[arg(long, value_name = "FILE")]
        against: Vec<PathBuf>,
    },
}

/// A licence's log, and the key.
#[derive(Debug, Args)]
pub struct LogOptions {
    #[command(flatten)]
    pub books: BooksOptions,
    /// The licence.
    #[arg(long, alias = "license")]
    pub licence: String,
    /// The file of the key that signs.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

/// `backup`.
#[derive(Debug, Args)]
pub struct BackupOptions {
    #[command(flatten)]
    pub books: BooksOptions,
    /// The file to write; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Whom it is encrypted for (age1…); may be given several times. `age-keygen` makes one.
    #[arg(long, value_name = "AGE", required = true)]
    pub recipient: Vec<String>,
}

/// `restore`.
#[derive(Debug, Args)]
pub struct RestoreOptions {
    /// The backup.
    pub file: PathBuf,
    /// The file of the identity (AGE-SECRET-KEY-1…) that opens it.
    #[arg(long, value_name = "FILE")]
    pub identity: PathBuf,
    /// Where the books shall be.
    #[arg(long, value_name = "FILE")]
    pub db: PathBuf,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorOptions {
    #[command(flatten)]
    pub books: BooksOptions,
    /// The key that checkpoints have to be signed by, as `audit key` printed it.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// `archive`.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Write the closed months that are in no archive yet, a folder each; every folder is proven before it counts.
    Write {
        #[command(flatten)]
        log: LogOptions,
        /// The folder in which the months' folders shall be.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Check a month's folder without the books; names the first thing that does not fit.
    ///
    /// Exit status: 0 all of it fits, 1 something does not.
    Verify {
        /// The folder of a month.
        folder: PathBuf,
        /// The key that is trusted, as `audit key` printed it; without it the folder's own is believed.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

/// `retention`.
#[derive(Debug, Args)]
pub struct RetentionOptions {
    #[command(flatten)]
    pub books: BooksOptions,
    /// The licence.
    #[arg(long, alias = "license")]
    pub licence: String,
    /// Keep records for so many days (7 × 366 where nothing was said).
    #[arg(long, value_name = "N")]
    pub days: Option<i64>,
    /// Nothing is removed any more, for this reason.
    #[arg(long, value_name = "REASON", conflicts_with = "release")]
    pub hold: Option<String>,
    /// The hold is over.
    #[arg(long)]
    pub release: bool,
    /// Remove what is over its time. It stays in the archives, and its hashes in the books.
    #[arg(long)]
    pub remove: bool,
}

/// `migrate`.
#[derive(Debug, Args)]
pub struct MigrateOptions {
    /// Where the books are: sqlite:FILE or postgres://…
    #[arg(long, value_name = "ADDRESS")]
    pub from: String,
    /// Where they shall be: an empty postgres://… or a new sqlite:FILE.
    #[arg(long, value_name = "ADDRESS")]
    pub to: String,
}

/// What can be done in Metrc.
#[derive(Debug, Subcommand)]
pub enum MetrcCommand {
    /// The licences that the keys reach.
    Facilities(FacilitiesOptions),
    /// Packages.
    Packages(PackagesOptions),
    /// Sales receipts.
    Receipts(ReceiptsOptions),
    /// Adjustments of packages.
    Adjustments(ListOptions),
    /// Incoming manifests.
    Transfers(ListOptions),
    /// Rooms.
    Locations(ListOptions),
    /// Reasons of adjustments.
    Reasons(ListOptions),
    /// Adjust one package: shown first, sent once, looked for afterwards.
    Adjust(AdjustOptions),
    /// Read everything of a licence into the state/ folder that `reconcile` reads; each list is proven whole.
    Pull(PullOptions),
}

impl MetrcCommand {
    /// How to connect.
    #[must_use]
    pub fn connection(&self) -> &ConnectionOptions {
        match self {
            Self::Facilities(options) => &options.connection,
            Self::Packages(options) => &options.list_options.connection,
            Self::Receipts(options) => &options.list_options.connection,
            Self::Adjustments(options)
            | Self::Transfers(options)
            | Self::Locations(options)
            | Self::Reasons(options) => &options.connection,
            Self::Adjust(options) => &options.connection,
            Self::Pull(options) => &options.connection,
        }
    }
}

/// Where Metrc is, and the keys: from a file or from `TRUEUP_METRC_URL`, `TRUEUP_METRC_VENDOR_KEY` and
/// `TRUEUP_METRC_USER_KEY`.
#[derive(Debug, Args)]
pub struct ConnectionOptions {
    /// A file whose first line is a JSON object with base_url, vendor_key and user_key, as `sim metrc` prints it; without
    /// it TRUEUP_METRC_URL, TRUEUP_METRC_VENDOR_KEY and TRUEUP_METRC_USER_KEY are used.
    #[arg(long, value_name = "FILE")]
    pub connection: Option<PathBuf>,
}

/// Options of `trueup metrc facilities`.
#[derive(Debug, Args)]
pub struct FacilitiesOptions {
    /// How to connect.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub format: RowFormat,
}

/// Options of every list.
#[derive(Debug, Args)]
pub struct ListOptions {
    /// How to connect.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// The licence's number.
    #[arg(long, value_name = "NUMBER")]
    pub licence: String,
    /// Only what was modified since then; everything if nothing is said.
    #[arg(long, value_name = "TIME")]
    pub since: Option<jiff::Timestamp>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub format: RowFormat,
}

/// Options of `trueup metrc packages`.
#[derive(Debug, Args)]
pub struct PackagesOptions {
    /// What every list has.
    #[command(flatten)]
    pub list_options: ListOptions,
    /// Which list.
    #[arg(long, value_enum, default_value_t = PackageList::Active)]
    pub list: PackageList,
}

/// The state's lists of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PackageList {
    Active,
    Onhold,
    Inactive,
    Intransit,
}

/// Options of `trueup metrc receipts`.
#[derive(Debug, Args)]
pub struct ReceiptsOptions {
    /// What every list has.
    #[command(flatten)]
    pub list_options: ListOptions,
    /// Which list: inactive are the finalized and the voided ones.
    #[arg(long, value_enum, default_value_t = ReceiptList::Active)]
    pub list: ReceiptList,
    /// With their lines: one more request a receipt.
    #[arg(long)]
    pub lines: bool,
}

/// The state's lists of receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReceiptList {
    Active,
    Inactive,
}

/// Options of `trueup metrc adjust`.
#[derive(Debug, Args)]
pub struct AdjustOptions {
    /// How to connect.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// The licence's number.
    #[arg(long, value_name = "NUMBER")]
    pub licence: String,
    /// The package's tag.
    #[arg(long, value_name = "TAG")]
    pub package: String,
    /// By how much: -2.5.
    #[arg(
        long,
        value_name = "QUANTITY",
        allow_hyphen_values = true,
        conflicts_with = "to",
        required_unless_present = "to"
    )]
    pub by: Option<String>,
    /// To how much.
    #[arg(long, value_name = "QUANTITY")]
    pub to: Option<String>,
    /// The unit; the package's own if nothing is said.
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// One of the state's reasons.
    #[arg(long)]
    pub reason: String,
    /// A note; some reasons need one.
    #[arg(long)]
    pub note: Option<String>,
    /// The store's time zone, for the adjustment's date.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub zone: jiff::tz::TimeZone,
    /// Show what would be done, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

fn zone(name: &str) -> Result<jiff::tz::TimeZone, String> {
    jiff::tz::TimeZone::get(name).map_err(|_| "expected a name such as America/Denver".to_owned())
}

/// Options of `trueup metrc pull`.
#[derive(Debug, Args)]
pub struct PullOptions {
    /// How to connect.
    #[command(flatten)]
    pub connection: ConnectionOptions,
    /// The licence's number.
    #[arg(long, value_name = "NUMBER")]
    pub licence: String,
    /// The store folder; its state/ must not exist yet, or be empty.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Only what was modified since then; everything if nothing is said.
    #[arg(long, value_name = "TIME")]
    pub since: Option<jiff::Timestamp>,
}

/// The forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// For people.
    Table,
    /// For programs: one JSON object a row, with the API's names; nothing about patients, customers and drivers.
    Jsonl,
    /// For spreadsheets: the columns of the table.
    Csv,
}

/// What can be simulated.
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Live a store's weeks and write its folder, and truth.json beside it: each difference with its causes.
    ///
    /// The same options give the same files, byte for byte.
    Store(SimStoreOptions),
    /// Serve a simulated Metrc on a port of this computer, for people and other programs.
    ///
    /// The first line on standard output is a JSON object: base_url, vendor_key, user_key, licenses. Ends with Ctrl-C.
    Metrc(SimMetrcOptions),
}

/// Options of `trueup sim metrc`.
#[derive(Debug, Args)]
pub struct SimMetrcOptions {
    /// The port; any free one if 0.
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub port: u16,
    /// Whose rules: the state's two letters.
    #[arg(long, value_name = "CO", default_value = "CO")]
    pub state: String,
    /// Decides everything that chance decides.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Active packages of the store.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub packages: u32,
    /// Its receipts.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub receipts: u32,
    /// Live a store's weeks first: its POS reports to this server, its people make mistakes. Its POS's records, store.toml
    /// and the truth are written here; the state's are pulled with `trueup metrc pull`.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["longest_window", "row_by_row", "no_limits"])]
    pub life: Option<PathBuf>,
    /// Business days of the life.
    #[arg(long, value_name = "N", default_value_t = 7, requires = "life")]
    pub days: u32,
    /// Mistakes of the life per sales line (0.01), or a TOML file of how many of each kind.
    #[arg(long, value_name = "RATE|FILE", default_value = "0.01", requires = "life")]
    pub mistakes: String,
    /// A TOML file of what goes wrong, as docs/simulated-metrc.md tells: latency, faults, people in the web page.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// The longest window of a list in hours; any if nothing is said.
    #[arg(long, value_name = "HOURS")]
    pub longest_window: Option<u32>,
    /// Requests with one bad row do the others.
    #[arg(long)]
    pub row_by_row: bool,
    /// Any number of reads a second.
    #[arg(long)]
    pub no_limits: bool,
}

/// Options of `trueup sim store`.
#[derive(Debug, Args)]
pub struct SimStoreOptions {
    /// The folder to write; it must not exist yet, or be empty.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Decides everything that chance decides.
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// Packages on hand when the window begins.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub packages: u32,
    /// Business days of the window.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub days: u32,
    /// Receipts of the POS within the window; 60 a day if nothing is said.
    #[arg(long, value_name = "N")]
    pub receipts: Option<u64>,
    /// Lines on them; 2.2 a receipt if nothing is said.
    #[arg(long, value_name = "N")]
    pub lines: Option<u64>,
    /// Mistakes per sales line (0.01), or a TOML file of how many of each kind (sale_not_reported = 3).
    #[arg(long, value_name = "RATE|FILE", default_value = "0.01")]
    pub faults: String,
    /// The form of the state's records.
    #[arg(long, value_enum, default_value_t = StateRecords::Json)]
    pub state: StateRecords,
}

/// The forms of a simulated state's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateRecords {
    /// Answers of the Metrc v2 API, one record a line.
    Json,
    /// Tables, as people export them.
    Csv,
}

/// Options of `trueup reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileOptions {
    /// The store folder: store.toml, pos/, state/ and, where there are counts, shelf/.
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    /// Reckon ages from this moment instead of the one at which the snapshots were taken.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the answer to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How many threads may work; as many as the computer has processors if nothing is said. The answer is the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Tell the story of one package instead: both books side by side, and where they parted.
    #[arg(long, value_name = "TAG", conflicts_with = "format")]
    pub explain: Option<String>,
}

/// The forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: by incident, worst first.
    Table,
    /// For programs: one JSON object per discrepant package, then a summary.
    Jsonl,
    /// For spreadsheets: one row per package and cause.
    Csv,
    /// A workbook: discrepancies, causes, plans, incidents, inputs.
    Xlsx,
}

//! Reading the whole folder in the order in which its parts need each other.

use crate::inputs::InputFacts;
use crate::join::{self, Files, GiveUp, Joined, Manner, NamedFile};
use crate::measures::Measures;
use crate::pushed::{self, Told};
use crate::{pos_files, shelf_files, state_files, store_toml};
use jiff::Timestamp;
use rustc_hash::FxHashSet;
use std::path::Path;
use trueup_core::{Movement, PackageTag, QuantityError};
use trueup_reconcile::{Books, Fact, Settings};
use trueup_table::{InputError, find};

/// When the books of a folder were taken, where that is known better than `store.toml` can say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshots {
    /// The POS's export.
    pub pos: Timestamp,
    /// The state's answers.
    pub state: Timestamp,
    /// The moment from which ages are reckoned.
    pub now: Timestamp,
    /// When the POS's files were exported, where it told more since: rows in `pos/pushed/`.
    pub exported: Option<Timestamp>,
}

/// How to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// The moment from which ages are reckoned, as a person wrote it.
    pub ages_from: Option<&'o str>,
    /// When the books were taken.
    pub snapshots: Option<Snapshots>,
    /// Whether to leave out what both books hold alike.
    pub join: Join,
    /// A package of which every movement is wanted.
    pub whole: Option<PackageTag>,
}

/// Whether sales that both books hold alike are left out of the books while they are read. The answer is the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Join {
    /// Where the files are large.
    #[default]
    Large,
    /// Wherever the files can be joined.
    Always,
    /// Nowhere.
    Never,
}

/// A store folder that was read wholly.
#[derive(Debug)]
pub struct Store {
    /// What `store.toml` says.
    pub settings: Settings,
    /// What the books say.
    pub books: Books,
    /// What is known of each file.
    pub inputs: Vec<InputFacts>,
    /// Whether sales that both books hold alike were left out.
    pub joined: bool,
    measures: Measures,
}

/// The books while they fill.
pub(crate) struct Reading {
    pub settings: Settings,
    pub measures: Measures,
    pub books: Books,
    pub inputs: Vec<InputFacts>,
    /// Packages in the POS's inventory or in the state's lists.
    pub stocked: FxHashSet<PackageTag>,
    /// Packages that the POS sold and that are in neither.
    pub sold_out: FxHashSet<PackageTag>,
    /// The folder is read again whenever something changes.
    pub is_watched: bool,
}

/// Reads `store.toml` alone.
///
/// # Errors
/// What cannot be used in it.
pub fn read_settings(root: &Path, snapshots: Option<Snapshots>) -> Result<Settings, InputError> {
    Ok(store_toml::read(root, None, snapshots)?.0)
}

/// Reads a store folder. `progress` is told the name of each part before it is read.
///
/// # Errors
/// The first input that cannot be used.
pub fn read_store(root: &Path, options: Options<'_>, progress: &mut dyn FnMut(&str)) -> Result<Store, InputError> {
    if !root.is_dir() {
        return Err(InputError::new(
            root.display().to_string(),
            "there is no such folder",
            "a store folder with store.toml, pos/ and state/",
            "check the path given with --store",
        ));
    }
    progress("store.toml");
    let (settings, facts) = store_toml::read(root, options.ages_from, options.snapshots)?;
    let mut reading = Reading {
        settings,
        measures: Measures::default(),
        books: Books::new(),
        sold_out: FxHashSet::default(),
        inputs: vec![facts],
        stocked: FxHashSet::default(),
        is_watched: options.snapshots.is_some(),
    };
    // The state's packages say in which unit each package is kept; everything after is brought to it.
    progress("the state's packages and the POS's inventory");
    let inventory = required(root, "inventory");
    let (packages, rows) = rayon::join(
        || state_files::packages(&mut reading, root),
        || inventory.and_then(|file| pos_files::read_inventory_rows(&file)),
    );
    packages?;
    if let Some(file) = find(root, "pos", "sku_map")? {
        pos_files::sku_map(&mut reading, &file)?;
    }
    pos_files::inventory(&mut reading, rows?)?;
    let mut told = told_since(&mut reading, root, options.snapshots)?;
    progress("the POS's sales");
    let (sales, movements) = (required(root, "sales")?, find(root, "pos", "movements")?);
    let state_sales = match try_join(&mut reading, root, options, (&sales, movements.as_ref()), progress)? {
        Some(joined) => {
            let Joined { pos, state, settled, dimensions } = joined;
            for (package, dimension) in dimensions {
                reading.measures.suggest_dimension(package, dimension);
            }
            for (package, settled) in settled {
                if settled.in_pos {
                    reading.note_sold(package);
                }
                reading.books.settle(package, settled).map_err(|error| of_books(&error))?;
            }
            pos_files::joined_sales(&mut reading, pos)?;
            Some(state)
        }
        None => {
            pos_files::note_dimensions(&mut reading, &sales, movements.as_ref())?;
            pos_files::sales(&mut reading, &sales, &mut told)?;
            None
        }
    };
    let joined = state_sales.is_some();
    if let Some(file) = movements {
        progress("the POS's movements");
        pos_files::movements(&mut reading, &file, &mut told)?;
    }
    take_told(&mut reading, told)?;
    progress("the state's receipts");
    state_files::receipts(&mut reading, root, state_sales)?;
    progress("the state's adjustments and transfers");
    state_files::adjustments(&mut reading, root)?;
    state_files::transfers(&mut reading, root)?;
    progress("counts and weights");
    shelf_files::read(&mut reading, root)?;
    Ok(finish(reading, joined))
}

/// Files below this together are read row by row: that takes no time either.
const LARGE_BYTES: u64 = 8 << 20;

/// Joins the sales of both books, if that is wanted and can be done.
fn try_join(
    reading: &mut Reading,
    root: &Path,
    options: Options<'_>,
    (sales, movements): (&NamedFile, Option<&NamedFile>),
    progress: &mut dyn FnMut(&str),
) -> Result<Option<Joined>, InputError> {
    let Some(state) = state_files::sales_tables(root)? else { return Ok(None) };
    let bytes: u64 = state.iter().chain([sales]).map(|(path, _)| path.metadata().map_or(0, |file| file.len())).sum();
    let wanted = match options.join {
        Join::Large => bytes >= LARGE_BYTES,
        Join::Always => true,
        Join::Never => false,
    };
    if !wanted {
        return Ok(None);
    }
    progress("the sales of both books");
    let before = reading.measures.pieces_may_weigh().then(|| reading.measures.clone());
    // Whatever is wrong with these files is told when their turn comes.
    let noted = movements.map_or(Ok(()), |file| pos_files::note_dimensions_of_movements(reading, file));
    let observed = shelf_files::first_observations(root, &reading.settings.zone);
    let manner = Manner { whole: options.whole, observed: &observed };
    let files = Files { pos: sales, state: &state };
    let joined = noted.map_err(|_| GiveUp).and_then(|()| join::join(reading, &files, &manner));
    if let (Err(GiveUp), Some(measures)) = (&joined, before) {
        reading.measures = measures;
    }
    Ok(joined.ok())
}

/// What the POS told since its files were exported.
fn told_since(reading: &mut Reading, root: &Path, snapshots: Option<Snapshots>) -> Result<Told, InputError> {
    match snapshots.and_then(|snapshots| snapshots.exported) {
        Some(since) => pushed::read(root, since, &reading.settings, &mut reading.measures),
        None => Ok(Told::default()),
    }
}

/// Takes what was told into the books: the movements, and what is on hand after them.
fn take_told(reading: &mut Reading, told: Told) -> Result<(), InputError> {
    reading.inputs.extend(told.inputs);
    // What the export says of a row that was told again is in its stock; in one order, whatever that of the tables in memory.
    let mut replaced: Vec<Movement> = told.lines.into_values().chain(told.events.into_values()).flatten().collect();
    replaced.sort_unstable();
    for movement in &replaced {
        add_to_stock(reading, movement, pushed::net(movement).saturating_neg())?;
    }
    for movement in told.movements {
        add_to_stock(reading, &movement, pushed::net(&movement))?;
        pos_files::keep_sale(reading, movement)?;
    }
    Ok(())
}

fn add_to_stock(reading: &mut Reading, movement: &Movement, change: i64) -> Result<(), InputError> {
    if change == 0 {
        return Ok(());
    }
    let books = reading.books.get(movement.package);
    let stock = books.as_ref().map(trueup_reconcile::PackageBooks::stock).unwrap_or_default();
    let after = pushed::stock_after(stock, movement, change).map_err(|error| of_books(&error))?;
    reading.stocked.insert(movement.package);
    reading.books.record(Fact::PosStock(after)).map_err(|error| of_books(&error))
}

impl Store {
    /// Reads rows that the POS tells, from a folder that has them in `pos/pushed/`, in the measures of this store's packages. What a row
    /// of the export that they replace is about another package is not known here.
    ///
    /// # Errors
    /// The first row that cannot be used.
    pub fn read_told(&self, root: &Path) -> Result<Told, InputError> {
        pushed::read(root, Timestamp::MIN, &self.settings, &mut self.measures.clone())
    }
}

fn required(root: &Path, stem: &str) -> Result<(std::path::PathBuf, String), InputError> {
    find(root, "pos", stem)?.ok_or_else(|| {
        InputError::new(
            format!("pos/{stem}.csv"),
            "the file is missing",
            format!("pos/{stem}.csv (or .xlsx, .csv.zst, .parquet)"),
            "export it from the POS; a table with only its header means that there is nothing",
        )
    })
}

fn finish(mut reading: Reading, joined: bool) -> Store {
    note_sold_out(&mut reading);
    let Reading { settings, books, inputs, measures, .. } = reading;
    Store { settings, books, inputs, joined, measures }
}

/// Sales of packages that neither snapshot has any more are compared by receipt; that is said.
fn note_sold_out(reading: &mut Reading) {
    let sold_out = reading.sold_out.len();
    let sales = reading.inputs.iter_mut().find(|input| input.file.starts_with("pos/sales"));
    if let Some(input) = sales.filter(|_| sold_out > 0) {
        input
            .notes
            .push(format!("sales of {sold_out} packages that are in neither snapshot (sold out): compared by receipt"));
    }
}

fn of_books(error: &QuantityError) -> InputError {
    let todo = "check the units of its rows";
    InputError::new("the store folder", error.to_string(), "one dimension per package", todo)
}

impl Reading {
    /// Takes a movement into the books.
    pub(crate) fn keep(&mut self, movement: Movement) -> Result<(), InputError> {
        self.books.record(Fact::Movement(Box::new(movement))).map_err(|error| of_books(&error))
    }

    /// The POS sold some of the package.
    pub(crate) fn note_sold(&mut self, package: PackageTag) {
        if !self.stocked.contains(&package) {
            self.sold_out.insert(package);
        }
    }
}

//! Reading the whole folder in the order in which its parts need each other.

use crate::inputs::InputFacts;
use crate::measures::Measures;
use crate::{pos_files, shelf_files, state_files, store_toml};
use rustc_hash::FxHashSet;
use std::path::Path;
use trueup_core::{Movement, PackageTag};
use trueup_reconcile::{Books, Fact, Settings};
use trueup_table::{InputError, find};

/// How to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// The moment from which ages are reckoned, as a person wrote it.
    pub ages_from: Option<&'o str>,
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
    let (settings, facts) = store_toml::read(root, options.ages_from)?;
    let mut reading = Reading {
        settings,
        measures: Measures::default(),
        books: Books::new(),
        sold_out: FxHashSet::default(),
        inputs: vec![facts],
        stocked: FxHashSet::default(),
    };
    // The state's packages say in which unit each package is kept; everything after is brought to it.
    progress("the state's packages");
    state_files::packages(&mut reading, root)?;
    progress("the POS's inventory");
    if let Some(file) = find(root, "pos", "sku_map")? {
        pos_files::sku_map(&mut reading, &file)?;
    }
    pos_files::inventory(&mut reading, &required(root, "inventory")?)?;
    progress("the POS's sales");
    let (sales, movements) = (required(root, "sales")?, find(root, "pos", "movements")?);
    pos_files::note_dimensions(&mut reading, &sales, movements.as_ref())?;
    pos_files::sales(&mut reading, &sales)?;
    if let Some(file) = movements {
        progress("the POS's movements");
        pos_files::movements(&mut reading, &file)?;
    }
    progress("the state's receipts");
    state_files::receipts(&mut reading, root)?;
    progress("the state's adjustments and transfers");
    state_files::adjustments(&mut reading, root)?;
    state_files::transfers(&mut reading, root)?;
    progress("counts and weights");
    shelf_files::read(&mut reading, root)?;
    Ok(finish(reading))
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

fn finish(mut reading: Reading) -> Store {
    note_sold_out(&mut reading);
    Store { settings: reading.settings, books: reading.books, inputs: reading.inputs }
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

impl Reading {
    /// Takes a movement into the books.
    pub(crate) fn keep(&mut self, movement: Movement) -> Result<(), InputError> {
        self.books.record(Fact::Movement(Box::new(movement))).map_err(|error| {
            InputError::new(
                "the store folder",
                error.to_string(),
                "one dimension per package",
                "check the units of its rows",
            )
        })
    }
}

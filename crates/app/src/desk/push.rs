//! What a POS tells row by row: written down in the folder, taken into the books, and the list is right.
//!
//! The rows are put into `pos/pushed/`, once it is known that they go together and before the books hear of them, so that they are there
//! when the folder is read as a whole. Who tells them again, because he got no answer, changes nothing: his key says that it is the
//! same, and a row that names the same line or event takes the place of the one before.

use super::folder::DeskFolder;
use super::live::Live;
use super::look::View;
use crate::import::{ImportOptions, import_told};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use trueup_core::{Book, Movement, PackageTag, PosStock, QuantityError};
use trueup_intake::{InputError, PUSHED, RowName, net, stock_after, telling_name};
use trueup_reconcile::{Books, Fact, PackageBooks, Settings};
use trueup_store::audit::Actor;
use trueup_store::ledger::hex;
use trueup_store::{RequestKey, Store, StoreError, Text, ValueRef};

/// Rows that a POS tells.
#[derive(Debug, Clone, Copy)]
pub struct Push<'p> {
    /// Names the request; the same rows with the same key are told once.
    pub key: &'p str,
    /// Everything up to this moment has been told.
    pub as_of: Timestamp,
    /// A table of sales with its heading; nothing for none.
    pub sales: Option<&'p [u8]>,
    /// A table of movements.
    pub movements: Option<&'p [u8]>,
}

/// What telling came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAnswer {
    /// Facts that were new to the books.
    pub new_facts: u64,
    /// Packages that were looked at again.
    pub packages: usize,
    /// Discrepancies that are open now.
    pub open: usize,
}

/// What telling came to, and what is known since.
#[derive(Debug)]
pub struct Pushed {
    /// The answer.
    pub answer: PushAnswer,
    /// What is known now, and the packages that were looked at again; nothing if it had been told before.
    pub seen: Option<(View, BTreeSet<PackageTag>)>,
}

/// Why rows are not taken in. Nothing of them is, then.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// A row cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The books.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is told of a package does not go together.
    #[error("{0}; check the units of the rows")]
    Quantity(#[from] QuantityError),
    /// The folder cannot be written.
    #[error(
        "the rows cannot be kept: {0}; nothing was taken in; check the folder and the free space, and send them again"
    )]
    Folder(#[from] io::Error),
    /// The key was used for other rows.
    #[error("the key {0} was used for other rows: use a new one for each request")]
    KeyReused(Text),
    /// The moment cannot be.
    #[error("as_of {as_of}: {why}")]
    Moment {
        /// What was said.
        as_of: Timestamp,
        /// What is wrong about it.
        why: String,
    },
}

/// How far the POS's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// Takes rows in, and compares what they touch. `exported` is when the folder's files were; `view` is what is known so far.
///
/// # Errors
/// [`PushError`].
pub fn push(
    store: &Store,
    (folder, exported): (&DeskFolder, Timestamp),
    (view, live): (&View, &mut Live),
    push: &Push<'_>,
    (now, source_id): (Timestamp, Text),
) -> Result<Pushed, PushError> {
    let license = Text::new(view.settings.license.as_str());
    let request_hash = hash_of(push);
    let key = [ValueRef::Text(&license), ValueRef::Text(push.key)];
    if let Some(known) = store.read(|tx| tx.get::<RequestKey>(&key))? {
        if known.request_hash != request_hash {
            return Err(PushError::KeyReused(Text::new(push.key)));
        }
        let answer = serde_json::from_str(&known.answer).map_err(StoreError::refused)?;
        return Ok(Pushed { answer, seen: None });
    }
    check_moment(push.as_of, exported, now)?;
    let told = read_rows(folder.root(), view, push)?;
    let Some(reconciler) = &live.reconciler else {
        return Err(StoreError::refused("the files were not read yet; send it again in a minute").into());
    };
    let settings = moved(&view.settings, push.as_of, now);
    let packages = after(reconciler.books(), told, &|movement| live.known.packages_of(movement, &settings), &settings)?;
    keep_rows(folder, push, &request_hash)?;
    let done = take_in(store, (view, live), (settings, packages), push, (request_hash, now, source_id));
    if done.is_err() {
        // What is in memory may be ahead of the books: the next look begins anew.
        *live = Live::default();
    }
    done
}

fn hash_of(push: &Push<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [push.as_of.to_string().as_bytes(), push.sales.unwrap_or_default(), push.movements.unwrap_or_default()]
    {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn check_moment(as_of: Timestamp, exported: Timestamp, now: Timestamp) -> Result<(), PushError> {
    let no = |why: String| Err(PushError::Moment { as_of, why });
    if as_of <= exported {
        return no(format!(
            "the POS's files were exported at {exported}, and tell what was before; send what came later"
        ));
    }
    if as_of.duration_since(now) > AHEAD {
        return no(format!("it is {now}: check the clock of the POS"));
    }
    Ok(())
}

/// The rows as movements; nothing is kept yet.
fn read_rows(root: &Path, view: &View, push: &Push<'_>) -> Result<Vec<Movement>, PushError> {
    let beside = tempfile::Builder::new().prefix(".trueup-push-").tempdir_in(root)?;
    let place = beside.path().join(PUSHED).join(telling_name(push.as_of, "told"));
    std::fs::create_dir_all(&place)?;
    for (name, table) in tables(push) {
        std::fs::write(place.join(name), table)?;
    }
    Ok(view.folder.read_told(beside.path())?.movements)
}

fn tables<'p>(push: &Push<'p>) -> impl Iterator<Item = (&'static str, &'p [u8])> {
    let both = [("sales.csv", push.sales), ("movements.csv", push.movements)];
    both.into_iter().filter_map(|(name, table)| Some((name, table?)))
}

/// Puts the rows into the folder, all of them or none.
fn keep_rows(folder: &DeskFolder, push: &Push<'_>, hash: &[u8; 32]) -> io::Result<()> {
    let place = folder.root().join(PUSHED);
    std::fs::create_dir_all(&place)?;
    let named = place.join(telling_name(push.as_of, &hex(&hash[..8])));
    if named.exists() {
        // The process ended after it had kept them.
        return Ok(());
    }
    let beside = tempfile::Builder::new().prefix(".telling-").tempdir_in(&place)?;
    for (name, table) in tables(push) {
        let mut file = File::create(beside.path().join(name))?;
        file.write_all(table)?;
        file.sync_all()?;
    }
    std::fs::rename(beside.keep(), named)?;
    File::open(place)?.sync_all()
}

/// The settings once the POS told everything up to a moment.
fn moved(before: &Settings, as_of: Timestamp, now: Timestamp) -> Settings {
    let pos_as_of = before.pos_as_of.max(as_of);
    Settings { pos_as_of, as_of: before.as_of.max(pos_as_of), ages_from: Some(now), ..before.clone() }
}

fn take_in(
    store: &Store,
    (view, live): (&View, &mut Live),
    (settings, packages): (Settings, BTreeMap<PackageTag, Vec<Fact>>),
    push: &Push<'_>,
    (request_hash, now, source_id): ([u8; 32], Timestamp, Text),
) -> Result<Pushed, PushError> {
    let Live { known, reconciler } = live;
    let Some(reconciler) = reconciler else { return Err(StoreError::refused("the files were not read yet").into()) };
    reconciler.advance(settings.clone());
    let mut changed = view.changed.clone();
    let mut told: Vec<Arc<PackageBooks>> = Vec::new();
    for (package, facts) in packages {
        reconciler.replace(package, facts)?;
        if let Some(books) = reconciler.books().get(package).map(Arc::new) {
            changed.insert(package, Arc::clone(&books));
            told.push(books);
        }
    }
    let touched: BTreeSet<PackageTag> = reconciler.settle().into_iter().collect();
    let outcome = reconciler.outcome();
    let import = ImportOptions { now, source_id, actor: Actor::program("pos"), name: push.key.to_owned() };
    let request = RequestKey {
        license_id: Text::new(settings.license.as_str()),
        request_key: Text::new(push.key),
        request_hash,
        answer: String::new(),
        recorded_at: now,
    };
    let counts = (touched.len(), outcome.discrepancies.len());
    let answer = import_told(store, (&told, &settings), (&import, known), (request, counts))?;
    let (folder, new_facts) = (Arc::clone(&view.folder), answer.new_facts);
    let view = View { at: now, settings, folder, changed, outcome, new_facts };
    Ok(Pushed { answer, seen: Some((view, touched)) })
}

/// Everything that is known of packages after rows were told, of those that rows of the same names were of before, too.
fn after(
    books: &Books,
    told: Vec<Movement>,
    packages_of: &dyn Fn(&Movement) -> Vec<PackageTag>,
    settings: &Settings,
) -> Result<BTreeMap<PackageTag, Vec<Fact>>, QuantityError> {
    let facts_of = |package| books.get(package).map(|it| it.facts()).unwrap_or_default();
    let mut packages: BTreeMap<PackageTag, Vec<Fact>> = BTreeMap::new();
    for movement in told {
        let name = RowName::of(&movement, &settings.zone);
        let mut concerned = packages_of(&movement);
        concerned.push(movement.package);
        concerned.sort_unstable();
        concerned.dedup();
        for package in concerned {
            let facts = packages.entry(package).or_insert_with(|| facts_of(package));
            let is_it = |fact: &mut Fact| matches!(fact, Fact::Movement(it) if it.book == Book::Pos && RowName::of(it, &settings.zone) == name);
            // It was told before: what it did then is no more.
            for fact in facts.extract_if(.., is_it).collect::<Vec<_>>() {
                if let Fact::Movement(before) = fact {
                    add_to_stock(facts, &before, net(&before).saturating_neg())?;
                }
            }
        }
        let facts = packages.entry(movement.package).or_insert_with(|| facts_of(movement.package));
        add_to_stock(facts, &movement, net(&movement))?;
        facts.push(Fact::Movement(Box::new(movement)));
    }
    // All or nothing: they have to go together before anything is kept.
    let mut tried = Books::new();
    packages.values().flatten().try_for_each(|fact| tried.record(fact.clone()))?;
    Ok(packages)
}

fn add_to_stock(facts: &mut Vec<Fact>, movement: &Movement, change: i64) -> Result<(), QuantityError> {
    if change == 0 {
        return Ok(());
    }
    let stock: Vec<PosStock> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::PosStock(row) => Some(row.clone()),
            _ => None,
        })
        .collect();
    let after = stock_after(&stock, movement, change)?;
    facts.retain(|fact| !matches!(fact, Fact::PosStock(row) if row.sku == after.sku && row.room == after.room));
    facts.push(Fact::PosStock(after));
    Ok(())
}

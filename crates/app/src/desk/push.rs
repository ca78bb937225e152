//! What a POS tells row by row: written down in the folder, taken into the books, and the list is right.
//!
//! The rows are put into `pos/pushed/` before anything else is done with them, so that they are there when the folder is read as a
//! whole. Who tells them again, because he got no answer, changes nothing: his key says that it is the same, and a row that names the
//! same line or event takes the place of the one before.

use super::folder::DeskFolder;
use super::live::Live;
use super::look::View;
use crate::import::{ImportOptions, import_told};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use trueup_core::{Book, Movement, PackageTag, QuantityError};
use trueup_intake::{InputError, PUSHED, RowName, effect, stock_after};
use trueup_reconcile::{Fact, PackageBooks, Settings};
use trueup_store::audit::Actor;
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
    keep_rows(folder, push)?;
    let settings = moved(&view.settings, push.as_of, now);
    let mut of_packages: BTreeMap<PackageTag, Vec<Movement>> = BTreeMap::new();
    for movement in told {
        of_packages.entry(movement.package).or_default().push(movement);
    }
    let done = take_in(store, (view, live), (settings, of_packages, exported), push, (request_hash, now, source_id));
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
    let place = beside.path().join(PUSHED);
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

/// Adds the rows to those in the folder.
fn keep_rows(folder: &DeskFolder, push: &Push<'_>) -> io::Result<()> {
    let place = folder.root().join(PUSHED);
    std::fs::create_dir_all(&place)?;
    for (name, table) in tables(push) {
        let mut file = OpenOptions::new().append(true).create(true).open(place.join(name))?;
        let is_new = file.metadata()?.len() == 0;
        let heading = table.iter().position(|byte| *byte == b'\n').map_or(table.len(), |end| end.saturating_add(1));
        file.write_all(if is_new { table } else { table.get(heading..).unwrap_or_default() })?;
        file.sync_all()?;
    }
    let as_of = folder.told_as_of().unwrap_or_default().map_or(push.as_of, |before| before.max(push.as_of));
    let beside = place.join(".as_of.txt");
    let mut file = File::create(&beside)?;
    file.write_all(as_of.to_string().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, place.join("as_of.txt"))
}

/// The settings once the POS told everything up to a moment.
fn moved(before: &Settings, as_of: Timestamp, now: Timestamp) -> Settings {
    let pos_as_of = before.pos_as_of.max(as_of);
    Settings { pos_as_of, as_of: before.as_of.max(pos_as_of), ages_from: Some(now), ..before.clone() }
}

fn take_in(
    store: &Store,
    (view, live): (&View, &mut Live),
    (settings, of_packages, exported): (Settings, BTreeMap<PackageTag, Vec<Movement>>, Timestamp),
    push: &Push<'_>,
    (request_hash, now, source_id): ([u8; 32], Timestamp, Text),
) -> Result<Pushed, PushError> {
    let Live { known, reconciler } = live;
    let Some(reconciler) = reconciler else {
        return Err(StoreError::refused("the files were not read yet; send it again in a minute").into());
    };
    reconciler.advance(settings.clone());
    let mut changed = view.changed.clone();
    let mut told: Vec<Arc<PackageBooks>> = Vec::new();
    for (package, movements) in of_packages {
        let before = reconciler.books().get(package);
        reconciler.replace(package, after(before.as_ref(), movements, &settings, exported)?)?;
        if let Some(books) = reconciler.books().get(package).map(Arc::new) {
            changed.insert(package, Arc::clone(&books));
            told.push(books);
        }
    }
    let touched: BTreeSet<PackageTag> = reconciler.settle().into_iter().collect();
    let outcome = reconciler.outcome();
    let import = ImportOptions { now, source_id, actor: Actor::program("pos"), name: push.key.to_owned() };
    let (packages, open) = (touched.len(), outcome.discrepancies.len());
    let answer = |new_facts| PushAnswer { new_facts, packages, open };
    let request = |new_facts| {
        Ok(RequestKey {
            license_id: Text::new(settings.license.as_str()),
            request_key: Text::new(push.key),
            request_hash,
            answer: serde_json::to_string(&answer(new_facts)).map_err(StoreError::refused)?,
            recorded_at: now,
        })
    };
    let new_facts = import_told(store, (&told, &settings), (&import, known), &request)?;
    let folder = Arc::clone(&view.folder);
    let view = View { at: now, settings, folder, changed, outcome, new_facts };
    Ok(Pushed { answer: answer(new_facts), seen: Some((view, touched)) })
}

/// Everything that is known of a package after rows were told.
fn after(
    before: Option<&PackageBooks>,
    told: Vec<Movement>,
    settings: &Settings,
    exported: Timestamp,
) -> Result<Vec<Fact>, QuantityError> {
    let mut facts = before.map(PackageBooks::facts).unwrap_or_default();
    let mut stock = before.map(|books| books.stock().to_vec()).unwrap_or_default();
    for movement in told {
        let name = RowName::of(&movement, &settings.zone);
        let mut change = effect(&movement, exported);
        facts.retain(|fact| match fact {
            Fact::Movement(known) if known.book == Book::Pos && RowName::of(known, &settings.zone) == name => {
                // It was told before: what it did then is no more.
                change = change.saturating_sub(effect(known, exported));
                false
            }
            _ => true,
        });
        if change != 0 {
            let row = stock_after(&stock, &movement, change)?;
            stock.retain(|known| known.sku != row.sku || known.room != row.room);
            stock.push(row.clone());
            facts.push(Fact::PosStock(row));
        }
        facts.push(Fact::Movement(Box::new(movement)));
    }
    Ok(facts)
}

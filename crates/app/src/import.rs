//! A store folder's records into the books.
//!
//! The folder was read and checked as a whole before the first row is written. Rows are written some hundred at a time; if the process
//! dies in between, the import is begun again, and what is there already is known. Only a completed import counts as complete.

use crate::desk::PushAnswer;
use crate::records::{self, Of};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::sync::Arc;
use trueup_core::{Book, Dimension, Movement, MovementKind, PackageTag, Text, When, Zone};
use trueup_intake::Store as Folder;
use trueup_reconcile::{PackageBooks, Settings};
use trueup_store::audit::{Actor, Draft};
use trueup_store::ledger::{
    Appended, Batch, Fact, WITHDRAWN, append, begin_source, complete_source, create_license, current, facts_after,
    identity, known_file, last_source, movement_of, natural_key, observations, row_of, seq_at,
};
use trueup_store::{
    Baseline, License, Movement as MovementRow, Observation, Package, RequestKey, Source, Store, StoreError, Tx,
    ValueRef,
};

/// Who imports, and when.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The moment.
    pub now: Timestamp,
    /// Names the import; random.
    pub source_id: Text,
    /// Who.
    pub actor: Actor,
    /// What the folder is called.
    pub name: String,
}

/// What was taken in already, by whoever imports the same licence again and again: facts that are told as the last time need not be
/// asked for in the books. Knows nothing at first.
#[derive(Debug, Default)]
pub struct Known {
    told: FxHashMap<[u8; 16], [u8; 16]>,
    /// What each book said last of each package, SKU and room, and when.
    said: FxHashMap<[u8; 16], (Timestamp, [u8; 16])>,
    /// The lines of each receipt and each event: what is no line of it any more is withdrawn.
    records: FxHashMap<[u8; 16], Vec<Line>>,
    /// What the books hold of that was read.
    is_filled: bool,
    count: u64,
}

/// A movement, by its package and its natural key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    package: Text,
    natural: [u8; 16],
}

impl Known {
    /// Reads what the books hold, the first time.
    fn fill(&mut self, store: &Store, license: &str, settings: &Settings) -> Result<(), StoreError> {
        if self.is_filled {
            return Ok(());
        }
        for row in store.read(|tx| observations(tx, license, i64::MAX))? {
            self.note(&row);
        }
        // What happened in the window was learned in it.
        let begin = settings.window_start.saturating_sub(A_DAY).unwrap_or(settings.window_start);
        let mut movements = Vec::new();
        store.read(|tx| {
            let before = seq_at(tx, license, begin)?;
            facts_after(tx, license, (before, i64::MAX), &mut |row| {
                movements.push(row);
                Ok(())
            })
        })?;
        for row in current(&movements) {
            // A row of another version of trueup says so when the books are read.
            let Ok(movement) = movement_of(row, Dimension::Count) else { continue };
            if let Some(record) = record_of(&movement, settings) {
                let line = Line { package: row.package_id.clone(), natural: row.natural_key };
                self.records.entry(record).or_default().push(line);
            }
        }
        self.is_filled = true;
        Ok(())
    }

    /// Packages with a line of the record that a movement is of.
    pub(crate) fn packages_of(&self, movement: &Movement, settings: &Settings) -> Vec<PackageTag> {
        let lines = record_of(movement, settings).and_then(|record| self.records.get(&record));
        let tags = lines.into_iter().flatten().filter_map(|line| PackageTag::parse(&line.package).ok());
        tags.collect()
    }

    /// The lines that records had and have no more, by what is told of these records now.
    fn withdrawn(&mut self, told: FxHashMap<[u8; 16], Vec<Line>>) -> Vec<Line> {
        // Without day and till in their names, lines of two records may have changed places.
        let held: FxHashSet<(Text, [u8; 16])> =
            told.values().flatten().map(|line| (line.package.clone(), line.natural)).collect();
        let mut gone = Vec::new();
        for (record, lines) in told {
            let before = self.records.insert(record, lines);
            let now = self.records.get(&record);
            gone.extend(before.into_iter().flatten().filter(|line| now.is_none_or(|now| !now.contains(line))));
        }
        gone.retain(|line| !held.contains(&(line.package.clone(), line.natural)));
        gone.sort_unstable_by(|a, b| (&a.package, a.natural).cmp(&(&b.package, b.natural)));
        gone
    }

    /// Notes what a book said; gives whether it said something else the last time.
    fn note(&mut self, row: &Observation) -> bool {
        let (name, said) = identity(&Observation { observed_at: Timestamp::UNIX_EPOCH, ..row.clone() });
        match self.said.get(&name) {
            Some((at, _)) if row.observed_at < *at => true,
            Some((_, before)) if *before == said => false,
            _ => {
                self.said.insert(name, (row.observed_at, said));
                true
            }
        }
    }

    /// Drops what books said the last time, too: that nothing changed is no fact. Every weight is one.
    fn filter_said(&mut self, rows: &mut Vec<Observation>) {
        let mut weights: Vec<Observation> = rows.extract_if(.., |row| row.book == records::SCALE).collect();
        self.filter(&mut weights);
        rows.retain(|row| {
            let is_news = self.note(row);
            self.count += u64::from(!is_news);
            is_news
        });
        rows.append(&mut weights);
    }

    /// Drops the facts that were told so the last time.
    fn filter<F: Fact>(&mut self, facts: &mut Vec<F>) {
        facts.retain(|fact| {
            let (name, said) = identity(fact);
            let is_known = self.told.insert(name, said) == Some(said);
            self.count += u64::from(is_known);
            !is_known
        });
    }
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The licence.
    pub license: Text,
    /// Facts that were new, or new versions.
    pub new: u64,
    /// Facts that were known already.
    pub known: u64,
    /// The same files were taken in before, then.
    pub known_since: Option<Timestamp>,
}

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Facts that are written in one transaction.
const FACTS_AT_ONCE: usize = 500;

/// Takes a folder's records in. `progress` is told how many packages of how many are done.
///
/// # Errors
/// Those of the store. What was written until then stays and is known the next time.
pub fn import_folder(
    store: &Store,
    folder: &Folder,
    (options, known): (&ImportOptions, &mut Known),
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Imported, StoreError> {
    let done = take_folder(store, folder, (options, known), progress);
    if done.is_err() {
        // What was thought to be told may not have been written.
        *known = Known::default();
    }
    done
}

fn take_folder(
    store: &Store,
    folder: &Folder,
    (options, known): (&ImportOptions, &mut Known),
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Imported, StoreError> {
    let license = Text::new(folder.settings.license.as_str());
    let hash = content_hash(folder);
    begin_license(store, folder, options)?;
    // Files that came back after others were taken in are taken in again: what they say holds anew.
    let is_last = |tx: &mut Tx<'_>| Ok(last_source(tx, &license)?.and_then(|it| it.content_hash) == Some(hash));
    if store.read(is_last)?
        && let Some(source) = store.read(|tx| known_file(tx, &license, &hash))?
    {
        let known = u64::try_from(source.rows_new.saturating_add(source.rows_known)).unwrap_or_default();
        return Ok(Imported { license, new: 0, known, known_since: source.completed_at });
    }
    begin(store, &license, hash, options)?;
    let of = Of { license: license.clone(), source: options.source_id.clone() };
    known.count = 0;
    known.fill(store, &license, &folder.settings)?;
    let mut written = Appended::default();
    let mut batch = Batch::default();
    let mut records: FxHashMap<[u8; 16], Vec<Line>> = FxHashMap::default();
    let tags = folder.books.tags();
    for (number, tag) in tags.iter().enumerate() {
        if let Some(package) = folder.books.get(*tag) {
            let mut told = Batch::default();
            take_in(&mut told, &mut records, &of, (&package, &folder.settings))?;
            add(&mut batch, told, known);
        }
        if size(&batch) >= FACTS_AT_ONCE {
            write(store, &license, options, std::mem::take(&mut batch), &mut written)?;
            progress(number, tags.len());
        }
    }
    write(store, &license, options, batch, &mut written)?;
    let gone = no_more(store, folder, &of)?;
    for row in &gone {
        known.note(row);
    }
    for some in gone.chunks(FACTS_AT_ONCE) {
        let batch = Batch { observations: some.to_vec(), ..Batch::default() };
        write(store, &license, options, batch, &mut written)?;
    }
    for some in known.withdrawn(records).chunks(FACTS_AT_ONCE) {
        let rows = withdrawals(store, &of, some)?;
        for row in &rows {
            known.told.remove(&identity(row).0);
        }
        write(store, &license, options, Batch { movements: rows, ..Batch::default() }, &mut written)?;
    }
    written.known += known.count;
    let (now, id, draft) = (options.now, options.source_id.clone(), draft(options, "import.complete"));
    let name = license.clone();
    store.write(move |tx| complete_source(tx, (&name, &id), now, written, &draft).map(drop))?;
    progress(tags.len(), tags.len());
    Ok(Imported { license, new: written.new, known: written.known, known_since: None })
}

/// Takes in what was told of some packages since the last import, and the answer to who told it, in one transaction.
///
/// # Errors
/// Those of the store; then nothing was written.
pub(crate) fn import_told(
    store: &Store,
    (packages, settings): (&[Arc<PackageBooks>], &Settings),
    (options, known): (&ImportOptions, &mut Known),
    (request, (touched, open)): (RequestKey, (usize, usize)),
) -> Result<PushAnswer, StoreError> {
    let license = Text::new(settings.license.as_str());
    let of = Of { license: license.clone(), source: options.source_id.clone() };
    let mut batch = Batch::default();
    let mut records: FxHashMap<[u8; 16], Vec<Line>> = FxHashMap::default();
    for package in packages {
        let mut told = Batch::default();
        take_in(&mut told, &mut records, &of, (package, settings))?;
        add(&mut batch, told, known);
    }
    for (record, lines) in records {
        // Other packages may have lines of it, too.
        let before = known.records.entry(record).or_default();
        for line in lines {
            if !before.contains(&line) {
                before.push(line);
            }
        }
    }
    let source = source_of(&license, None, "push", options);
    let (now, begin, whole) = (options.now, draft(options, "push.begin"), draft(options, "push"));
    store.write(move |tx| {
        begin_source(tx, &source, &begin)?;
        let appended = append(tx, &license, now, &batch, &whole)?;
        complete_source(tx, (&license, &source.source_id), now, appended, &draft_of(&source, "push.complete"))?;
        let answer = PushAnswer { new_facts: appended.new, packages: touched, open };
        let text = serde_json::to_string(&answer).map_err(StoreError::refused)?;
        tx.insert(&[RequestKey { answer: text, ..request.clone() }])?;
        Ok(answer)
    })
}

fn draft_of(source: &Source, action: &str) -> Draft {
    Draft::new(Actor::program(&source.actor), action).to("source", &source.source_id, None)
}

fn draft(options: &ImportOptions, action: &str) -> Draft {
    Draft::new(options.actor.clone(), action).to("source", &options.source_id, None)
}

/// One hash of all files' hashes, by name.
fn content_hash(folder: &Folder) -> [u8; 32] {
    let mut files: Vec<String> =
        folder.inputs.iter().map(|input| format!("{} {}\n", input.file, input.sha256)).collect();
    files.sort_unstable();
    let parts: Vec<&str> = files.iter().map(String::as_str).collect();
    let (first, second) = (natural_key(&parts), natural_key(&[&parts.concat()]));
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&first);
    hash[16..].copy_from_slice(&second);
    hash
}

/// The licence, where it is not in the books yet.
fn begin_license(store: &Store, folder: &Folder, options: &ImportOptions) -> Result<(), StoreError> {
    let settings = &folder.settings;
    let license = License {
        license_id: Text::new(settings.license.as_str()),
        name: Text::new(settings.license.as_str()),
        jurisdiction: Text::default(),
        system: Text::const_new("metrc"),
        time_zone: Text::new(settings.zone.name()),
        chain_id: None,
        // Where no rule of the state is known, records are kept for seven years.
        retention_days: 7 * 366,
        legal_hold: None,
        unverified_since: None,
        created_at: options.now,
        version: 1,
    };
    let draft = Draft::new(options.actor.clone(), "license.create").to("license", &license.license_id, Some(1));
    store.write(move |tx| match tx.get::<License>(&[ValueRef::Text(&license.license_id)])? {
        Some(_) => Ok(()),
        None => create_license(tx, &license, &draft),
    })
}

fn begin(store: &Store, license: &Text, hash: [u8; 32], options: &ImportOptions) -> Result<(), StoreError> {
    let source = source_of(license, Some(hash), "file", options);
    let draft = draft(options, "import.begin");
    store.write(move |tx| begin_source(tx, &source, &draft))
}

fn source_of(license: &Text, content_hash: Option<[u8; 32]>, kind: &'static str, options: &ImportOptions) -> Source {
    Source {
        license_id: license.clone(),
        source_id: options.source_id.clone(),
        kind: Text::const_new(kind),
        book: Text::const_new(if kind == "push" { "pos" } else { "all" }),
        name: options.name.clone(),
        content_hash,
        begun_at: options.now,
        completed_at: None,
        rows_new: 0,
        rows_known: 0,
        actor: options.actor.id.clone(),
        version: 1,
    }
}

/// Adds what is not known.
fn add(batch: &mut Batch, mut told: Batch, known: &mut Known) {
    known.filter(&mut told.packages);
    known.filter(&mut told.movements);
    known.filter_said(&mut told.observations);
    known.filter(&mut told.counts);
    known.filter(&mut told.manifest_lines);
    known.filter(&mut told.baselines);
    batch.packages.append(&mut told.packages);
    batch.movements.append(&mut told.movements);
    batch.observations.append(&mut told.observations);
    batch.counts.append(&mut told.counts);
    batch.manifest_lines.append(&mut told.manifest_lines);
    batch.baselines.append(&mut told.baselines);
}

fn size(batch: &Batch) -> usize {
    batch.packages.len()
        + batch.movements.len()
        + batch.observations.len()
        + batch.counts.len()
        + batch.manifest_lines.len()
        + batch.baselines.len()
}

fn write(
    store: &Store,
    license: &Text,
    options: &ImportOptions,
    batch: Batch,
    written: &mut Appended,
) -> Result<(), StoreError> {
    let (license, now, draft) = (license.clone(), options.now, draft(options, "import"));
    let appended = store.write(move |tx| append(tx, &license, now, &batch, &draft))?;
    written.new += appended.new;
    written.known += appended.known;
    Ok(())
}

/// What the POS and the state told of before, and tell of no more.
fn no_more(store: &Store, folder: &Folder, of: &Of) -> Result<Vec<Observation>, StoreError> {
    let settings = &folder.settings;
    let before = store.read(|tx| observations(tx, &of.license, i64::MAX))?;
    let is_gone = |row: &Observation| {
        let package = records::tag_of(row).ok().and_then(|tag| folder.books.get(tag));
        let (sku, room) = (&row.sku_id, &row.room);
        match (row.book.as_str(), row.status.as_str(), package) {
            (_, records::ABSENT, _) => None,
            (records::POS, _, package) => {
                let told =
                    package.is_some_and(|it| it.stock().iter().any(|it| it.sku.as_str() == sku && it.room == *room));
                (!told).then_some(settings.pos_as_of)
            }
            (records::STATE, _, package) => {
                package.is_none_or(|it| it.state().is_none()).then_some(settings.state_as_of)
            }
            _ => None,
        }
        // A snapshot does not know what was told later.
        .filter(|at| row.observed_at < *at)
    };
    Ok(before.iter().filter_map(|row| Some(records::absent(of, row, is_gone(row)?))).collect())
}

/// The next versions of movements that their records do not have any more.
fn withdrawals(store: &Store, of: &Of, lines: &[Line]) -> Result<Vec<MovementRow>, StoreError> {
    let mut rows = Vec::new();
    for line in lines {
        let key = [ValueRef::Text(&of.license), ValueRef::Text(&line.package), ValueRef::Bytes(&line.natural)];
        let latest = store.read(|tx| tx.rows(<MovementRow as Fact>::latest(), &key))?;
        rows.extend(latest.into_iter().map(|row| MovementRow {
            kind: Text::const_new(WITHDRAWN),
            quantity: 0,
            details: None,
            source_id: of.source.clone(),
            ..row
        }));
    }
    Ok(rows)
}

/// What names the record that a movement is a line of: a receipt, an event. Receipts' numbers of a POS may begin anew every day.
fn record_of(movement: &Movement, settings: &Settings) -> Option<[u8; 16]> {
    if movement.reference.is_empty() {
        return None;
    }
    let terminal = match &movement.kind {
        MovementKind::Sale(line) | MovementKind::Return(line) | MovementKind::Void(line) => line.terminal.as_str(),
        _ => "",
    };
    let day = match movement.book {
        Book::Pos => settings.zone.day(movement.when.moment()).to_string(),
        _ => String::new(),
    };
    Some(natural_key(&[movement.book.name(), kind_class(movement), &movement.reference, terminal, &day]))
}

fn kind_class(movement: &Movement) -> &'static str {
    match &movement.kind {
        MovementKind::Sale(_) => "sale",
        MovementKind::Return(_) => "return",
        MovementKind::Void(_) => "void",
        _ => "other",
    }
}

/// All that is said of one package.
fn take_in(
    batch: &mut Batch,
    records: &mut FxHashMap<[u8; 16], Vec<Line>>,
    of: &Of,
    (package, settings): (&PackageBooks, &Settings),
) -> Result<(), StoreError> {
    let tag = Text::from(package.package().to_string());
    batch.packages.push(Package {
        license_id: of.license.clone(),
        seq: 0,
        package_id: tag.clone(),
        dimension: Text::const_new(records::dimension_name(package.dimension())),
        recorded_at: Timestamp::UNIX_EPOCH,
        source_id: of.source.clone(),
    });
    let mut seen: BTreeMap<Vec<String>, u32> = BTreeMap::new();
    for movement in package.movements() {
        let parts = name_parts(movement, &settings.zone);
        let count = seen.entry(parts.clone()).or_default();
        *count += 1;
        let mut parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let nth = count.to_string();
        parts.push(&nth);
        let natural = natural_key(&parts);
        if let Some(record) = record_of(movement, settings) {
            records.entry(record).or_default().push(Line { package: tag.clone(), natural });
        }
        batch.movements.push(row_of(&of.license, &of.source, natural, movement)?);
    }
    batch.observations.extend(package.stock().iter().map(|stock| records::stock_row(of, stock, settings.pos_as_of)));
    batch.observations.extend(package.state().map(|state| records::state_row(of, state, settings.state_as_of)));
    batch.observations.extend(package.weights().iter().map(|weight| records::weight_row(of, weight)));
    batch.manifest_lines.extend(package.transfers().iter().map(|row| records::transfer_row(of, row)));
    let mut lines: BTreeMap<String, u32> = BTreeMap::new();
    for count in package.counts() {
        let name = format!("{}/{}/{}/{}", tag, count.pass, count.room, count.sku);
        let nth = lines.entry(name.clone()).or_default();
        *nth += 1;
        batch.counts.push(records::count_row(
            of,
            count,
            Text::from(format!("{name}/{nth}/{}/{}", count.quantity.atoms(), count.by)),
        ));
    }
    batch.baselines.extend(package.baseline().and_then(|baseline| {
        Some(Baseline {
            license_id: of.license.clone(),
            seq: 0,
            package_id: tag,
            version: 0,
            difference: i64::try_from(baseline.difference.atoms()).ok()?,
            note: baseline.note.to_string(),
            approved_by: baseline.approved_by.clone(),
            recorded_at: Timestamp::UNIX_EPOCH,
            source_id: of.source.clone(),
        })
    }));
    Ok(())
}

/// What names a change in its book. What has no number is named by what it says; equal ones are counted.
fn name_parts(movement: &Movement, zone: &Zone) -> Vec<String> {
    let kind = kind_class(movement).to_owned();
    let mut parts = vec![movement.book.name().to_owned(), kind, movement.package.to_string()];
    parts.extend([movement.reference.to_string(), movement.line.to_string()]);
    if movement.reference.is_empty() {
        let number = format!("{}/{}", movement.number.0.mantissa(), movement.number.0.scale());
        parts.extend([
            date_or_moment(movement.when, zone),
            number,
            movement.reason.to_string(),
            movement.note.to_string(),
        ]);
    }
    parts
}

/// A moment as it names something: a date is the same whether it was read as one or as midnight UTC.
fn date_or_moment(when: When, zone: &Zone) -> String {
    match when.date_at_midnight_utc() {
        Some(date) => date.to_string(),
        None if when.is_day() => zone.day(when.bounds().0).to_string(),
        None => when.moment().to_string(),
    }
}

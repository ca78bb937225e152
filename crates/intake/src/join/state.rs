//! The state's rows of sales, looked through.

use super::cell;
use super::clock::{Clock, Moment};
use super::record::{self, Effect, Package, Partitions, Record, Tags};
use super::{Counts, Edges, GiveUp, NamedFile, open};
use crate::inputs::Tally;
use crate::state_files::{SALES, TWICE, sale_column as column};
use trueup_core::{When, Zone};
use trueup_table::{Blocks, PlainRow, SingleRows, TableFacts};

struct Places {
    receipt: Option<usize>,
    number: Option<usize>,
    sold_at: Option<usize>,
    package: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
    voided_at: Option<usize>,
    finalized: Option<usize>,
    recorded_at: Option<usize>,
}

impl Places {
    fn of(blocks: &Blocks) -> Self {
        Self {
            receipt: blocks.place(column::RECEIPT),
            number: blocks.place(column::NUMBER),
            sold_at: blocks.place(column::SOLD_AT),
            package: blocks.place(column::PACKAGE),
            quantity: blocks.place(column::QUANTITY),
            unit: blocks.place(column::UNIT),
            voided_at: blocks.place(column::VOIDED_AT),
            finalized: blocks.place(column::FINALIZED),
            recorded_at: blocks.place(column::RECORDED_AT),
        }
    }
}

/// One of the state's files, read.
pub(super) struct StateFile {
    pub facts: TableFacts,
    pub tally: Tally,
    pub rows: SingleRows,
    /// Where it begins when all files stand one after the other.
    pub base: u64,
}

/// A row that finds its sale by time alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Numberless {
    pub package: Package,
    pub second: i64,
    /// Where its receipt begins.
    pub offset: u64,
}

/// What was read of the state's sales.
pub(super) struct StateSide {
    pub tags: Tags,
    pub records: Partitions,
    pub numberless: Vec<Numberless>,
    /// Rows that only the reconciler understands, by package and by where their receipt begins.
    pub odd: Vec<(Package, u64)>,
    pub files: Vec<StateFile>,
}

/// A receipt, whose rows stand together.
#[derive(Default)]
struct Run {
    /// The state's id and the POS's number, one after the other, and where the first ends.
    cells: Vec<u8>,
    end: usize,
    core: Option<u64>,
    offset: u64,
}

struct Reader<'m> {
    edges: Edges,
    places: Places,
    clock: Clock<'m>,
    tags: Tags,
    records: Partitions,
    numberless: Vec<Numberless>,
    odd: Vec<(Package, u64)>,
    base: u64,
    run: Option<Run>,
    receipts: Together,
    counts: Counts,
}

/// Reads all files, one after the other.
pub(super) fn read(files: &[NamedFile], zone: &Zone, edges: Edges, partitions: usize) -> Result<StateSide, GiveUp> {
    let mut side = StateSide {
        tags: Tags::new(partitions),
        records: Partitions::new(partitions),
        numberless: Vec::new(),
        odd: Vec::new(),
        files: Vec::new(),
    };
    let (mut base, mut receipts) = (0, Together::default());
    for file in files {
        let mut blocks = open(file, &SALES)?;
        let mut reader = Reader {
            edges,
            places: Places::of(&blocks),
            clock: Clock::new(zone),
            tags: side.tags,
            records: side.records,
            numberless: side.numberless,
            odd: side.odd,
            base,
            run: None,
            receipts,
            counts: Counts::default(),
        };
        while let Some(block) = blocks.next_block()? {
            for row in block.rows() {
                reader.row(&row)?;
            }
        }
        (side.tags, side.records) = (reader.tags, reader.records);
        (side.numberless, side.odd) = (reader.numberless, reader.odd);
        receipts = reader.receipts;
        let tally = reader.counts.tally(TWICE);
        let (facts, rows) = blocks.finish();
        side.files.push(StateFile { facts, tally, rows, base });
        base += file.0.metadata().map_err(|_| GiveUp)?.len();
    }
    if receipts.are_together() { Ok(side) } else { Err(GiveUp) }
}

impl Reader<'_> {
    fn row(&mut self, row: &PlainRow<'_>) -> Result<(), GiveUp> {
        let places = &self.places;
        let (receipt, number) = (row.cell(places.receipt), row.cell(places.number));
        let (core, offset) = self.receipt(row, receipt, number)?;
        let places = &self.places;
        let unit = cell::unit(row.cell(places.unit))?;
        let amount = cell::amount(row.cell(places.quantity), unit)?;
        cell::flag(row.cell(places.finalized))?;
        let (package, partition) = self.tags.package(row.cell(places.package))?;
        let sold_at = self.clock.read(row.cell(places.sold_at))?;
        let voided = self.clock.optional(row.cell(places.voided_at))?;
        let recorded = self.clock.optional(row.cell(places.recorded_at))?;
        let is_after = self.count(sold_at);
        if matches!(sold_at.odd, Some(When::Twice { .. } | When::Day { .. })) {
            self.odd.push((package, offset));
            return Ok(());
        }
        let Some(core) = core else {
            self.numberless.push(Numberless { package, second: sold_at.second, offset });
            return Ok(());
        };
        let recorded_late = recorded.is_some_and(|at| at.stands_after(self.edges.state));
        let effect = match (amount, voided) {
            _ if is_after || recorded_late => Effect::Keep,
            (None, _) => Effect::Keep,
            (Some(amount), None) => Effect::Sold(amount),
            (Some(_), Some(voided)) if voided.is_after(self.edges.state) => Effect::Keep,
            (Some(amount), Some(_)) => Effect::Voided(amount),
        };
        let (second, dimension) = (sold_at.second, unit.dimension());
        let record = Record::new(&record::Row { package, core, second, effect, dimension, offset, run: 0 });
        self.records.push(partition, record.ok_or(GiveUp)?);
        Ok(())
    }

    /// Counts the row for the notes; whether it is of after the snapshot.
    fn count(&mut self, sold_at: Moment) -> bool {
        self.counts.twice += u64::from(matches!(sold_at.odd, Some(When::Twice { .. })));
        let is_after = sold_at.is_after(self.edges.state);
        if is_after {
            self.counts.after += 1;
        } else if sold_at.last_second() < self.edges.window {
            self.counts.before += 1;
        }
        is_after
    }

    /// The core of the receipt's number, if it has one, and where the receipt begins.
    fn receipt(&mut self, row: &PlainRow<'_>, receipt: &[u8], number: &[u8]) -> Result<(Option<u64>, u64), GiveUp> {
        if let Some(run) = &self.run
            && run.cells.get(..run.end) == Some(receipt)
        {
            // A receipt has one number; if its rows say two, only the reconciler can tell.
            let same = run.cells.get(run.end..) == Some(number);
            return if same { Ok((run.core, run.offset)) } else { Err(GiveUp) };
        }
        if receipt.is_empty() {
            return Err(GiveUp);
        }
        let mut run = self.run.take().unwrap_or_default();
        run.cells.clear();
        run.cells.extend_from_slice(receipt);
        run.end = receipt.len();
        run.cells.extend_from_slice(number);
        run.core = if number.is_empty() { None } else { Some(cell::core(number)?) };
        run.offset = self.base + row.offset();
        let told = (run.core, run.offset);
        self.run = Some(run);
        self.receipts.note(receipt)?;
        Ok(told)
    }
}

/// Watches whether the rows of each receipt stand together, so that it is complete when the next begins.
#[derive(Default)]
struct Together {
    last: Option<u64>,
    /// The ids only rise, or only fall.
    order: Option<std::cmp::Ordering>,
    in_order: bool,
    all: Vec<u64>,
}

impl Together {
    fn note(&mut self, receipt: &[u8]) -> Result<(), GiveUp> {
        let plain = receipt.len() <= 18 && receipt.first() != Some(&b'0') && receipt.iter().all(u8::is_ascii_digit);
        let id = if plain { cell::core(receipt)? } else { cell::weak_hash(&[receipt], 0) };
        match self.last {
            None => self.in_order = true,
            Some(last) => {
                let order = id.cmp(&last);
                self.in_order &= plain && order.is_ne() && *self.order.get_or_insert(order) == order;
            }
        }
        self.last = Some(id);
        self.all.push(id);
        Ok(())
    }

    fn are_together(mut self) -> bool {
        if self.in_order {
            return true;
        }
        self.all.sort_unstable();
        self.all.windows(2).all(|pair| pair[0] != pair[1])
    }
}

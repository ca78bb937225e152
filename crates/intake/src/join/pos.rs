//! The POS's rows of sales, looked through.

use super::cell::{self, NOBODY};
use super::clock::{Clock, Days, Moment};
use super::record::{self, Effect, OFFSET_BITS, Package, Partitions, Record, Tags};
use super::{Counts, Edges, GiveUp};
use crate::inputs::Tally;
use crate::measures::Measures;
use crate::pos_files::TWICE;
use rustc_hash::FxHashMap;
use trueup_core::{Dimension, PackageTag, Sku, Text, Unit, When, Zone};
use trueup_pos::{SaleKind, SalesHeader, sale_column as column};
use trueup_table::{Blocks, PlainRow, SingleRows, TableFacts};

/// Where the cells of a row are.
struct Places {
    receipt: Option<usize>,
    line: Option<usize>,
    sold_at: Option<usize>,
    kind: Option<usize>,
    package: Option<usize>,
    sku: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
    original: Option<usize>,
    voided_at: Option<usize>,
    line_total: Option<usize>,
    terminal: Option<usize>,
    state_receipt: Option<usize>,
    is_void: Option<usize>,
    is_return: Option<usize>,
    is_coupon: Option<usize>,
}

impl Places {
    fn of(blocks: &Blocks) -> Self {
        Self {
            receipt: blocks.place(column::RECEIPT),
            line: blocks.place(column::LINE),
            sold_at: blocks.place(column::SOLD_AT),
            kind: blocks.place(column::KIND),
            package: blocks.place(column::PACKAGE),
            sku: blocks.place(column::SKU),
            quantity: blocks.place(column::QUANTITY),
            unit: blocks.place(column::UNIT),
            original: blocks.place(column::ORIGINAL),
            voided_at: blocks.place(column::VOIDED_AT),
            line_total: blocks.place(column::LINE_TOTAL),
            terminal: blocks.place(column::TERMINAL),
            state_receipt: blocks.place(column::STATE_RECEIPT),
            is_void: blocks.place(column::IS_VOID),
            is_return: blocks.place(column::IS_RETURN),
            is_coupon: blocks.place(column::IS_COUPON),
        }
    }
}

/// A receipt, as far as its rows stand together: its number, till and time.
#[derive(Default)]
struct Run {
    /// The three cells, one after the other, and where the first two end.
    cells: Vec<u8>,
    ends: (usize, usize),
    core: u64,
    sold_at: Option<Moment>,
    offset: u64,
    number: u32,
    /// The last line's number, as far as lines count up.
    line: Option<u32>,
    is_suspect: bool,
    /// Its local time exists twice.
    is_twice: bool,
}

impl Run {
    fn is_of(&self, receipt: &[u8], terminal: &[u8], sold_at: &[u8]) -> bool {
        let (first, second) = self.ends;
        self.cells.get(first..second) == Some(terminal)
            && self.cells.get(second..) == Some(sold_at)
            && self.cells.get(..first) == Some(receipt)
            && self.sold_at.is_some()
    }

    fn begin(&mut self, receipt: &[u8], terminal: &[u8], sold_at: &[u8]) {
        self.cells.clear();
        self.cells.extend_from_slice(receipt);
        self.cells.extend_from_slice(terminal);
        self.ends = (receipt.len(), self.cells.len());
        self.cells.extend_from_slice(sold_at);
    }
}

/// What was read of the POS's sales.
pub(super) struct PosSide {
    pub tags: Tags,
    pub records: Partitions,
    /// Rows that only the reconciler understands, by package; all of the package is kept.
    pub odd: Vec<(Package, u64)>,
    /// Receipts whose lines may be in the file twice: where each begins.
    pub suspects: Vec<u64>,
    pub tally: Tally,
    pub facts: TableFacts,
    pub rows: SingleRows,
}

struct Reader<'m> {
    measures: &'m Measures,
    converts: Converts,
    edges: Edges,
    days: &'m Days,
    header: SalesHeader,
    places: Places,
    clock: Clock<'m>,
    tags: Tags,
    records: Partitions,
    odd: Vec<(Package, u64)>,
    run: Run,
    receipts: Receipts,
    counts: Counts,
}

/// Reads the whole file.
pub(super) fn read<'m>(
    mut blocks: Blocks,
    header: SalesHeader,
    (measures, zone, days): (&'m Measures, &'m Zone, &'m Days),
    edges: Edges,
    partitions: usize,
) -> Result<PosSide, GiveUp> {
    let mut tags = Tags::new(partitions);
    let mut reader = Reader {
        measures,
        converts: Converts::of(measures, &mut tags)?,
        edges,
        days,
        header,
        places: Places::of(&blocks),
        clock: Clock::new(zone),
        tags,
        records: Partitions::new(partitions),
        odd: Vec::new(),
        run: Run::default(),
        receipts: Receipts::default(),
        counts: Counts::default(),
    };
    while let Some(block) = blocks.next_block()? {
        for row in block.rows() {
            reader.row(&row)?;
        }
    }
    reader.end_run();
    let (facts, rows) = blocks.finish();
    Ok(PosSide {
        tags: reader.tags,
        records: reader.records,
        odd: reader.odd,
        suspects: reader.receipts.suspects(),
        tally: reader.counts.tally(TWICE),
        facts,
        rows,
    })
}

impl Reader<'_> {
    fn row(&mut self, row: &PlainRow<'_>) -> Result<(), GiveUp> {
        let places = &self.places;
        let receipt = row.cell(places.receipt);
        let (terminal, sold_at) = (row.cell(places.terminal), row.cell(places.sold_at));
        if !self.run.is_of(receipt, terminal, sold_at) {
            self.begin_run(row, receipt, terminal, sold_at)?;
        }
        self.note_line(row);
        let Some(sold_at) = self.run.sold_at else { return Err(GiveUp) };
        self.counts.twice += u64::from(self.run.is_twice);
        let kind = self.kind(row)?;
        let voided = self.voided(row, kind, sold_at)?;
        let unit = cell::unit(row.cell(self.places.unit))?;
        let quantity = row.cell(self.places.quantity);
        if !cell::is_optional_decimal(row.cell(self.places.line_total)) {
            return Err(GiveUp);
        }
        let is_coupon = cell::flag(row.cell(self.places.is_coupon))?;
        let package = row.cell(self.places.package);
        let tag = package;
        let package = if package.is_empty() { None } else { Some(self.tags.package(package)?) };
        let Some((package, partition)) = package.filter(|_| !is_coupon) else {
            self.counts.merchandise += 1;
            return cell::number(quantity).map(drop);
        };
        let is_after = sold_at.is_after(self.edges.pos);
        if is_after {
            self.counts.after += 1;
        } else {
            self.counts.before += u64::from(sold_at.second < self.edges.window);
        }
        let measured = self.amount(row, (tag, package), quantity, unit)?;
        let is_linked = !row.cell(self.places.state_receipt).is_empty();
        let (Measured::Amount(amount, dimension), false) = (measured, is_linked) else {
            self.odd.push((package, row.offset()));
            return Ok(());
        };
        let effect = match (kind, amount, voided) {
            _ if is_after => Effect::Keep,
            (_, None, _) | (SaleKind::Void, ..) => Effect::Keep,
            (SaleKind::Sale, Some(amount), None) => Effect::Sold(amount),
            (SaleKind::Sale, Some(_), Some(voided)) if voided.is_after(self.edges.pos) => Effect::Keep,
            (SaleKind::Sale, Some(amount), Some(_)) => Effect::Voided(amount),
            (SaleKind::Return, Some(amount), _) => Effect::Returned(amount),
        };
        let core = self.core(row, kind)?;
        let record = Record::new(&record::Row {
            package,
            core,
            second: sold_at.second,
            effect: if core == NOBODY { Effect::Keep } else { effect },
            dimension,
            offset: row.offset(),
            run: self.run.number,
        });
        self.records.push(partition, record.ok_or(GiveUp)?);
        Ok(())
    }

    /// The core of the receipt that the row is about.
    fn core(&self, row: &PlainRow<'_>, kind: SaleKind) -> Result<u64, GiveUp> {
        match kind {
            SaleKind::Sale => Ok(self.run.core),
            SaleKind::Return | SaleKind::Void => match row.cell(self.places.original) {
                b"" if kind == SaleKind::Void => Ok(self.run.core),
                b"" => Ok(NOBODY),
                named => cell::core(named),
            },
        }
    }

    /// The row's quantity in the package's measure, and the dimension of that.
    fn amount(
        &self,
        row: &PlainRow<'_>,
        (tag, package): (&[u8], Package),
        quantity: &[u8],
        unit: Unit,
    ) -> Result<Measured, GiveUp> {
        let as_written = || Ok(Measured::Amount(cell::amount(quantity, unit)?, unit.dimension()));
        if !self.converts.may(tag) {
            return as_written();
        }
        let sku = row.cell(self.places.sku);
        match self.converts.piece(package, sku) {
            Some((thousandths, dimension)) if unit == Unit::Each => {
                Ok(Measured::Amount(cell::pieces(quantity, thousandths)?, dimension))
            }
            _ => {
                let tag = PackageTag::parse(cell::text(tag)?).map_err(|_| GiveUp)?;
                if !self.measures.converts(tag) {
                    return as_written();
                }
                let number = cell::number(quantity)?;
                let Some(dimension) = self.measures.dimension(tag) else { return Ok(Measured::Unknown) };
                let sku = Sku::new(cell::text(sku)?);
                let measured = self.measures.in_dimension((tag, dimension), &sku, number, unit).map_err(|_| GiveUp)?;
                Ok(Measured::Amount(cell::in_thousandths(measured), dimension))
            }
        }
    }

    fn kind(&self, row: &PlainRow<'_>) -> Result<SaleKind, GiveUp> {
        match row.cell(self.places.kind) {
            b"sale" => Ok(SaleKind::Sale),
            b"return" => Ok(SaleKind::Return),
            b"void" => Ok(SaleKind::Void),
            b"" if self.header.by_flags => {
                let returned = cell::flag(row.cell(self.places.is_return))?;
                Ok(if returned { SaleKind::Return } else { SaleKind::Sale })
            }
            other => match cell::text(other)?.to_ascii_lowercase().as_str() {
                "sale" => Ok(SaleKind::Sale),
                "return" => Ok(SaleKind::Return),
                "void" => Ok(SaleKind::Void),
                _ => Err(GiveUp),
            },
        }
    }

    fn voided(&mut self, row: &PlainRow<'_>, kind: SaleKind, sold_at: Moment) -> Result<Option<Moment>, GiveUp> {
        let at = self.clock.optional(row.cell(self.places.voided_at))?;
        let flagged = cell::flag(row.cell(self.places.is_void))? && kind != SaleKind::Void;
        if kind != SaleKind::Sale && (at.is_some() || flagged) {
            return Err(GiveUp);
        }
        Ok(at.or(flagged.then_some(sold_at)))
    }

    fn begin_run(&mut self, row: &PlainRow<'_>, receipt: &[u8], terminal: &[u8], sold_at: &[u8]) -> Result<(), GiveUp> {
        self.end_run();
        if receipt.is_empty() {
            return Err(GiveUp);
        }
        let mut moment = self.clock.read(sold_at)?;
        self.run.is_twice = false;
        match moment.odd {
            // A POS that writes dates without times: only the reconciler can tell its sales apart.
            Some(When::Day { .. }) => return Err(GiveUp),
            // The POS's local times that exist twice are read as the earlier.
            Some(When::Twice { earlier, .. }) => {
                self.run.is_twice = true;
                moment.odd = (earlier.subsec_nanosecond() != 0).then_some(When::Instant(earlier));
            }
            _ => {}
        }
        self.run.begin(receipt, terminal, sold_at);
        self.run.core = cell::core(receipt)?;
        self.run.sold_at = Some(moment);
        self.run.offset = row.offset();
        self.run.number = self.run.number.wrapping_add(1);
        (self.run.line, self.run.is_suspect) = (None, false);
        let day = self.days.of(moment.second).ok_or(GiveUp)?;
        self.receipts.note((receipt, terminal), (self.run.core, day), row.offset());
        Ok(())
    }

    fn end_run(&mut self) {
        if self.run.is_suspect {
            self.receipts.suspects.push(self.run.offset);
        }
    }

    /// Lines of a receipt that count up are there once.
    fn note_line(&mut self, row: &PlainRow<'_>) {
        let line = row.cell(self.places.line);
        if line.is_empty() {
            return;
        }
        let digits = line.len() <= 9 && line.iter().all(u8::is_ascii_digit);
        let number = digits.then(|| line.iter().fold(0, |value, byte| value * 10 + u32::from(byte & 15)));
        let counts_up = number.is_some_and(|number| self.run.line.is_none_or(|last| last < number));
        self.run.is_suspect |= !counts_up;
        self.run.line = number.or(self.run.line);
    }
}

/// What a row's quantity comes to.
enum Measured {
    /// In thousandths, unless the join cannot add it up.
    Amount(Option<u32>, Dimension),
    /// Only the reconciler can tell.
    Unknown,
}

/// Which packages' numbers may have to be converted: none is left out, few are too many.
struct Converts {
    bits: Vec<u64>,
    /// Any package's may.
    all: bool,
    /// What one piece of a package's SKUs holds, in thousandths, where that is a whole number of them.
    pieces: FxHashMap<(Package, Text), (u32, Dimension)>,
}

impl Converts {
    /// Half a million bits, which the processor's cache holds.
    const WORDS: usize = 1 << 13;

    fn of(measures: &Measures, tags: &mut Tags) -> Result<Self, GiveUp> {
        let all = measures.pieces_may_weigh();
        let mut converts = Self { bits: vec![0; Self::WORDS], all, pieces: FxHashMap::default() };
        for tag in measures.converted() {
            let (word, bit) = Self::place(tag.to_string().as_bytes());
            converts.bits[word] |= bit;
        }
        for (tag, sku, piece) in measures.pieces() {
            if let Some(thousandths) = cell::in_thousandths(piece) {
                let (package, _) = tags.package(tag.to_string().as_bytes())?;
                converts.pieces.insert((package, Text::new(sku.as_str())), (thousandths, piece.dimension()));
            }
        }
        Ok(converts)
    }

    fn place(tag: &[u8]) -> (usize, u64) {
        let end = tag.len().checked_sub(8).and_then(|from| tag.get(from..)).and_then(|end| end.try_into().ok());
        let mixed = end.map_or(0, u64::from_le_bytes).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 45;
        (usize::try_from(mixed >> 6).unwrap_or(0), 1 << (mixed & 63))
    }

    #[inline]
    fn may(&self, tag: &[u8]) -> bool {
        let (word, bit) = Self::place(tag);
        self.all || self.bits[word] & bit != 0
    }

    fn piece(&self, package: Package, sku: &[u8]) -> Option<(u32, Dimension)> {
        let sku = Text::from_utf8(sku).ok()?;
        self.pieces.get(&(package, sku)).copied()
    }
}

/// The name of a till, as its cell has it.
type Till = Box<[u8]>;
/// The business day and the number's core of a receipt: what rises from one to the next.
type DayAndCore = (usize, u64);

/// Watches whether a receipt comes again later in the file.
#[derive(Default)]
struct Receipts {
    /// The last receipt of each till.
    last: Vec<(Till, DayAndCore)>,
    /// Of each receipt a few bits of a hash (number, till, day), and below them where it begins.
    all: Vec<u64>,
    /// Some receipt did not count up.
    may_repeat: bool,
    suspects: Vec<u64>,
}

impl Receipts {
    fn note(&mut self, (receipt, terminal): (&[u8], &[u8]), (core, day): (u64, usize), offset: u64) {
        const MOST_TILLS: usize = 64;
        let key = (day, core);
        match self.last.iter().position(|(till, _)| **till == *terminal) {
            Some(place) => {
                self.may_repeat |= self.last[place].1 >= key || !cell::is_number(core);
                self.last[place].1 = key;
                self.last.swap(0, place);
            }
            None => {
                self.may_repeat |= self.last.len() >= MOST_TILLS || !cell::is_number(core);
                self.last.truncate(MOST_TILLS);
                self.last.push((terminal.into(), key));
            }
        }
        self.all.push(cell::weak_hash(&[receipt, terminal], day) << OFFSET_BITS | offset);
    }

    /// Where receipts begin that may be in the file twice.
    fn suspects(mut self) -> Vec<u64> {
        if self.may_repeat {
            self.all.sort_unstable();
            let hash = |receipt: &u64| receipt >> OFFSET_BITS;
            let same = self.all.chunk_by(|a, b| hash(a) == hash(b)).filter(|receipts| receipts.len() > 1);
            self.suspects.extend(same.flatten().map(|receipt| receipt & ((1 << OFFSET_BITS) - 1)));
        }
        self.suspects
    }
}

//! Reading again the rows that are kept, as rows of a table.

use super::state::StateFile;
use super::{GiveUp, NamedFile};
use crate::measures::Measures;
use crate::pos_files;
use crate::state_files;
use rustc_hash::FxHashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use trueup_core::{Movement, PackageTag};
use trueup_pos::{SALES, SalesHeader, check_sales_header, read_sale};
use trueup_reconcile::Settings;
use trueup_table::{SingleRows, Table};

/// How the sales table's header tells what its rows are.
pub(super) fn pos_header((path, display): &NamedFile) -> Result<SalesHeader, GiveUp> {
    let table = Table::open(path, display, &SALES).map_err(|_| GiveUp)?;
    check_sales_header(&table, display).map_err(|_| GiveUp)
}

/// Reads rows into movements, with measures of its own: those of the store are not changed until all is read.
pub(super) struct Kept<'k> {
    settings: &'k Settings,
    measures: Measures,
}

impl<'k> Kept<'k> {
    pub const fn new(settings: &'k Settings, measures: Measures) -> Self {
        Self { settings, measures }
    }

    /// Whether a line of a receipt is in the file twice; only some receipts can have such lines.
    pub fn check_suspects(
        &self,
        path: &Path,
        rows: &mut SingleRows,
        header: SalesHeader,
        mut suspects: Vec<u64>,
    ) -> Result<(), GiveUp> {
        suspects.sort_unstable();
        suspects.dedup();
        let mut lines = Lines::open(path)?;
        let mut seen = FxHashSet::default();
        for begins in suspects {
            let mut offset = begins;
            let mut first = None;
            while let Some(text) = lines.at(offset)? {
                offset += u64::try_from(text.len()).map_err(|_| GiveUp)? + 1;
                let row = rows.row(text)?;
                let read = read_sale(&row, header, &self.settings.zone).map_err(|_| GiveUp)?;
                let receipt = (read.receipt.clone(), read.terminal.clone(), read.sold_at);
                if *first.get_or_insert_with(|| receipt.clone()) != receipt {
                    break;
                }
                let day = self.settings.zone.day(read.sold_at.moment());
                if !read.line.is_empty() && !seen.insert(pos_files::line_key(&read, day)) {
                    return Err(GiveUp);
                }
            }
        }
        Ok(())
    }

    /// The POS's rows that begin at `offsets`.
    pub fn pos(
        &mut self,
        path: &Path,
        rows: &mut SingleRows,
        header: SalesHeader,
        offsets: &[u64],
    ) -> Result<Vec<Movement>, GiveUp> {
        let mut lines = Lines::open(path)?;
        let mut movements = Vec::with_capacity(offsets.len());
        for offset in offsets {
            let row = rows.row(lines.at(*offset)?.ok_or(GiveUp)?)?;
            let read = read_sale(&row, header, &self.settings.zone).map_err(|_| GiveUp)?;
            let package = read.package.ok_or(GiveUp)?;
            movements.push(pos_files::measured_sale(&mut self.measures, &row, package, read).map_err(|_| GiveUp)?);
        }
        Ok(movements)
    }

    /// The lines of receipts, of the wanted packages; `wanted` is sorted.
    pub fn state(
        &mut self,
        paths: &[NamedFile],
        files: &mut [StateFile],
        wanted: &[(u64, PackageTag)],
    ) -> Result<Vec<Movement>, GiveUp> {
        let mut movements = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        let ends: Vec<u64> = files.iter().skip(1).map(|file| file.base).chain([u64::MAX]).collect();
        for (((path, _), file), end) in paths.iter().zip(files).zip(ends) {
            let here = rest.partition_point(|(offset, _)| *offset < end);
            let (of_file, others) = rest.split_at(here);
            rest = others;
            let mut lines = Lines::open(path)?;
            for receipt in of_file.chunk_by(|a, b| a.0 == b.0) {
                let packages: Vec<PackageTag> = receipt.iter().map(|(_, package)| *package).collect();
                let begins = receipt.first().map_or(0, |(offset, _)| *offset - file.base);
                movements.extend(self.receipt(&mut lines, &mut file.rows, begins, &packages)?);
            }
        }
        Ok(movements)
    }

    fn receipt(
        &mut self,
        lines: &mut Lines,
        rows: &mut SingleRows,
        begins: u64,
        packages: &[PackageTag],
    ) -> Result<Vec<Movement>, GiveUp> {
        let mut receipt: Vec<Movement> = Vec::new();
        let mut offset = begins;
        while let Some(text) = lines.at(offset)? {
            offset += u64::try_from(text.len()).map_err(|_| GiveUp)? + 1;
            let row = rows.row(text)?;
            let movement = state_files::sale_row(&self.settings.zone, &mut self.measures, &row).map_err(|_| GiveUp)?;
            if receipt.last().is_some_and(|last| last.reference != movement.reference) {
                break;
            }
            receipt.push(movement);
        }
        state_files::number_lines(&mut receipt);
        receipt.retain(|movement| packages.contains(&movement.package));
        Ok(receipt)
    }
}

/// Lines of a file by where they begin, best in rising order.
struct Lines {
    file: File,
    buf: Vec<u8>,
    /// Where `buf` begins in the file.
    begins: u64,
}

/// Bytes read at once.
const WINDOW: usize = 64 << 10;

impl Lines {
    fn open(path: &Path) -> Result<Self, GiveUp> {
        Ok(Self { file: File::open(path).map_err(|_| GiveUp)?, buf: Vec::new(), begins: 0 })
    }

    /// The line that begins at `offset`, without its end; `None` at the end of the file.
    fn at(&mut self, offset: u64) -> Result<Option<&[u8]>, GiveUp> {
        let known = |lines: &Self| {
            let from = usize::try_from(offset.checked_sub(lines.begins)?).ok()?;
            let length = memchr::memchr(b'\n', lines.buf.get(from..)?)?;
            Some(from..from + length)
        };
        let range = match known(self) {
            Some(range) => range,
            None => {
                self.read(offset)?;
                match known(self) {
                    Some(range) => range,
                    None if self.buf.is_empty() => return Ok(None),
                    // The last line may lack its end.
                    None if self.buf.len() < WINDOW => 0..self.buf.len(),
                    None => return Err(GiveUp),
                }
            }
        };
        Ok(self.buf.get(range))
    }

    fn read(&mut self, offset: u64) -> Result<(), GiveUp> {
        self.file.seek(SeekFrom::Start(offset)).map_err(|_| GiveUp)?;
        self.begins = offset;
        self.buf.clear();
        let limit = u64::try_from(WINDOW).map_err(|_| GiveUp)?;
        (&mut self.file).take(limit).read_to_end(&mut self.buf).map_err(|_| GiveUp)?;
        Ok(())
    }
}

//! How large an input may be. A file beyond one of these is refused with a message that names the limit; none is cut.

/// Bytes of one CSV record with its line end, and of the text that one XLSX or Parquet row holds itself: 1 MiB.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Columns of a table (named ones; empty cells to the right do not count).
pub const MAX_COLUMNS: usize = 512;

/// Rows of a table, blank ones included.
pub const MAX_ROWS: u64 = 200_000_000;

/// Bytes that one `.csv.zst` may unpack to: 64 GiB.
pub const MAX_UNPACKED_BYTES: u64 = 64 << 30;

/// A `.csv.zst` may unpack to this many times the bytes read of it so far …
pub const MAX_UNPACKED_RATIO: u64 = 2_000;

/// … and, whatever the ratio, to this many bytes: 64 MiB. (Small files of equal rows pack extremely well.)
pub const UNPACKED_RATIO_FREE_BYTES: u64 = 64 << 20;

/// Base-2 logarithm of the window of a zstd frame, that is, of the memory that unpacking takes: 2^27 = 128 MiB, as the
/// `zstd` command's own limit.
pub const MAX_ZST_WINDOW_LOG: u32 = 27;

/// Bytes of an `.xlsx` file as it is on disk: 64 MiB.
pub const MAX_XLSX_FILE_BYTES: u64 = 64 << 20;

/// Bytes that the parts of an `.xlsx` file that are read unpack to, together: 128 MiB.
pub const MAX_XLSX_UNPACKED_BYTES: u64 = 128 << 20;

/// Bytes that a small part of an `.xlsx` file (the workbook, its relations) unpacks to: 4 MiB.
pub const MAX_XLSX_INDEX_BYTES: u64 = 4 << 20;

/// Parts (zip entries) of an `.xlsx` file.
pub const MAX_XLSX_PARTS: u64 = 10_000;

/// Rows of a sheet: Excel's own limit.
pub const MAX_XLSX_ROWS: u64 = 1_048_576;

/// Columns of a sheet, empty ones included: Excel's own limit (column `XFD`).
pub const MAX_XLSX_COLUMNS: usize = 16_384;

/// Texts in an `.xlsx` file's table of shared strings.
pub const MAX_XLSX_STRINGS: usize = 16_000_000;

/// How deep the XML of an `.xlsx` part may nest.
pub const MAX_XML_DEPTH: usize = 64;

/// Bytes of one row group's column in a `.parquet` file, unpacked, as the file declares it: 1 GiB.
pub const MAX_PARQUET_CHUNK_BYTES: u64 = 1 << 30;

/// Bytes of one value in a `.parquet` file: as a CSV line.
pub const MAX_PARQUET_VALUE_BYTES: usize = MAX_LINE_BYTES;

/// Bytes of text in one batch of `.parquet` rows (a few hundred rows): 64 MiB.
pub const MAX_PARQUET_BATCH_BYTES: usize = 64 << 20;

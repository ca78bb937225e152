//! What a file may ask of the reader. Everything beyond is refused with a [`WireError`](crate::WireError).

/// Brackets and braces open at once, counted from the top of the file.
pub const MAX_DEPTH: usize = 64;

/// Bytes of one record (a package, a receipt with its lines, …): 4 MiB.
pub const MAX_RECORD_BYTES: usize = 4 << 20;

/// Bytes of one page envelope with all its records: 128 MiB. A live page has 20 rows and about 100 KB.
pub const MAX_PAGE_BYTES: usize = 128 << 20;

/// Bytes asked from the file at once; also the memory in use while records are smaller than that.
pub const CHUNK_BYTES: usize = 256 << 10;

/// Characters of one number as it is written.
pub const MAX_NUMBER_CHARS: usize = 64;

/// Different unknown field names that are kept for the note; further ones are not told apart.
pub const MAX_UNKNOWN_FIELDS: usize = 1000;

/// Names, pages and files that one message lists before it says "and N more".
pub const MAX_LISTED: usize = 20;

/// Characters of a foreign text that one message repeats.
pub const MAX_QUOTED_CHARS: usize = 120;

/// Bytes of one answer over the network: 64 MiB. A live page has about 100 KB; a manifest as PDF may have some MB.
pub const MAX_ANSWER_BYTES: usize = 64 << 20;

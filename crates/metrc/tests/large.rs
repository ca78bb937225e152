//! Large files stream: they are generated while they are read, and no more than a chunk is asked for at once.

use std::io::{self, Read};

use trueup_metrc::{ListReader, Package, limits};

const SAMPLE: &str = include_str!("samples/package.json");

/// `open`, then `count` records with `between`, then `close`; never whole in memory.
struct Generated {
    record: Vec<u8>,
    between: &'static [u8],
    left: u64,
    pending: Vec<u8>,
    close: &'static [u8],
    largest: usize,
}

impl Generated {
    fn new(open: &[u8], between: &'static [u8], close: &'static [u8], count: u64) -> Self {
        let record = SAMPLE.trim().as_bytes().to_vec();
        Self { record, between, left: count, pending: open.to_vec(), close, largest: 0 }
    }

    fn size(&self) -> usize {
        usize::try_from(self.left).unwrap_or(0) * (self.record.len() + self.between.len())
    }
}

impl Read for Generated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.largest = self.largest.max(into.len());
        while self.pending.len() < into.len() && self.left > 0 {
            self.left -= 1;
            self.pending.extend_from_slice(&self.record);
            self.pending.extend_from_slice(if self.left > 0 { self.between } else { self.close });
        }
        let count = into.len().min(self.pending.len());
        into[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

fn streams(mut source: Generated) {
    let (count, bytes) = (source.left, source.size());
    assert!(bytes > 50 << 20, "{bytes}");
    let mut seen = 0;
    let facts = ListReader::<Package>::new().read_file("large.json", &mut source, &mut |package, n| {
        seen += 1;
        assert_eq!((n, package.id), (seen, Some(482_113)));
        Ok(())
    });
    assert_eq!(facts.map(|facts| facts.records), Ok(count));
    assert_eq!(seen, count);
    assert!(source.largest <= limits::CHUNK_BYTES, "the buffer grew to {}", source.largest);
}

#[test]
fn an_array_of_50_mb_streams() {
    streams(Generated::new(b"[", b",", b"]", 15_000));
}

#[test]
fn lines_of_50_mb_stream() {
    streams(Generated::new(b"", b"\n", b"\n", 15_000));
}

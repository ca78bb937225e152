//! Looking through Parquet's own records before its library reads them.
//!
//! The records are in Thrift's compact protocol. The library skips what it does not know without asking whether it can be
//! there: a list of two billion booleans that take no bytes keeps it busy for seconds, and past the end of a file it goes
//! on skipping. Here every record has to end within its bytes, and no list has more elements than bytes are left.

/// Records of records of …, at most so deep.
const MAX_DEPTH: usize = 32;
/// A page's header is small but for statistics; longer ones are none.
pub(super) const MAX_PAGE_HEADER: usize = 1 << 20;

/// A record that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// Looks through one record at the beginning of `bytes`; gives its length and the whole number in its field
/// `number_of` (0 if it has none).
pub(super) fn look_through(bytes: &[u8], number_of: i16) -> Result<(usize, i64), Broken> {
    let mut walk = Walk { bytes, at: 0, wanted: number_of, number: 0 };
    walk.structure(0)?;
    Ok((walk.at, walk.number))
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The field of the outermost record whose number is wanted.
    wanted: i16,
    number: i64,
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Broken> {
        let byte = self.bytes.get(self.at).copied().ok_or(Broken)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, length: u64) -> Result<(), Broken> {
        let left = self.bytes.len() - self.at;
        let length = usize::try_from(length).ok().filter(|length| *length <= left).ok_or(Broken)?;
        self.at += length;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken)
    }

    /// A number whose sign is its last bit.
    fn zigzag(&mut self) -> Result<i64, Broken> {
        let value = self.varint()?;
        let magnitude = i64::try_from(value >> 1).map_err(|_| Broken)?;
        Ok(if value & 1 == 0 { magnitude } else { !magnitude })
    }

    fn structure(&mut self, depth: usize) -> Result<(), Broken> {
        let mut field = 0_i16;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if kind == 0 {
                return Ok(());
            }
            field = match head >> 4 {
                0 => i16::try_from(self.zigzag()?).map_err(|_| Broken)?,
                step => field.checked_add(i16::from(step)).ok_or(Broken)?,
            };
            // A boolean field's value is its type.
            if kind > 2 {
                let number = self.value(kind, depth)?;
                if depth == 0 && field == self.wanted {
                    self.number = number;
                }
            }
        }
    }

    /// One value; its number if it is a whole one.
    fn value(&mut self, kind: u8, depth: usize) -> Result<i64, Broken> {
        if depth >= MAX_DEPTH {
            return Err(Broken);
        }
        match kind {
            // In lists a boolean takes a byte, as a byte does.
            1..=3 => self.skip(1)?,
            4..=6 => return self.zigzag(),
            7 => self.skip(8)?,
            8 => {
                let length = self.varint()?;
                self.skip(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 0x0f { self.varint()? } else { u64::from(head >> 4) };
                self.elements(count, &[head & 0x0f], depth)?;
            }
            11 => {
                let count = self.varint()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    self.elements(count, &[kinds >> 4, kinds & 0x0f], depth)?;
                }
            }
            12 => self.structure(depth + 1)?,
            _ => return Err(Broken),
        }
        Ok(0)
    }

    fn elements(&mut self, count: u64, kinds: &[u8], depth: usize) -> Result<(), Broken> {
        // The smallest element takes a byte.
        if usize::try_from(count).map_or(true, |count| count > self.bytes.len() - self.at) {
            return Err(Broken);
        }
        for _ in 0..count {
            for kind in kinds {
                self.value(*kind, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn records_end_where_they_say() {
        // Field 3 (step 3) is the i32 21; then the end.
        assert_eq!(look_through(&[0x35, 42, 0, 9, 9], 3), Ok((3, 21)));
        assert_eq!(look_through(&[0x35, 41, 0], 3), Ok((3, -21)));
        // A list of 2³¹ − 1 booleans in no bytes at all.
        assert_eq!(look_through(&[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x07, 0], 3), Err(Broken));
        // Text longer than the file.
        assert_eq!(look_through(&[0x18, 200, 1, b'x'], 3), Err(Broken));
        assert_eq!(look_through(&[], 3), Err(Broken));
        // Records in records without an end.
        assert_eq!(look_through(&[0x1c; 4_000], 3), Err(Broken));
    }

    proptest! {
        #[test]
        fn any_bytes_end_soon(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok((length, _)) = look_through(&bytes, 3) {
                prop_assert!(length <= bytes.len());
            }
        }
    }
}

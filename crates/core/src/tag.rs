//! The state's identifier of a package.

use std::fmt;

/// A package's tag: Metrc's 24 characters `[0-9A-Z]` or BioTrack's 16 digits, packed into 16 bytes.
///
/// Ordered as its text is among tags of one length (16 digits sort before 24 characters), and cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageTag(u128);

/// Why a text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// The text has neither 24 nor 16 characters.
    #[error("{0} characters")]
    Length(usize),
    /// A character that no tag has, and its 1-based place.
    #[error("the character {0:?} at place {1}")]
    Character(char, usize),
    /// `1.23457E+15`: a spreadsheet took the tag for a number and dropped its digits.
    #[error("a number in scientific notation")]
    Scientific,
}

const METRC_LENGTH: usize = 24;
const BIOTRACK_LENGTH: usize = 16;
/// Above every packed 16-digit tag; 36²⁴ + 2¹²⁵ is still below 2¹²⁶.
const METRC_BASE: u128 = 1 << 125;

impl PackageTag {
    /// Reads a tag from its text, which must be exactly the tag.
    ///
    /// # Errors
    /// [`TagError`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, TagError> {
        let (radix, base) = match text.len() {
            METRC_LENGTH => (36_u32, METRC_BASE),
            BIOTRACK_LENGTH => (10, 0),
            _ if looks_scientific(text) => return Err(TagError::Scientific),
            _ => return Err(TagError::Length(text.chars().count())),
        };
        let mut packed = 0_u128;
        for (place, character) in text.chars().enumerate() {
            let lower = character.is_ascii_lowercase();
            let Some(digit) = character.to_digit(radix).filter(|_| !lower) else {
                if looks_scientific(text) {
                    return Err(TagError::Scientific);
                }
                return Err(TagError::Character(character, place.saturating_add(1)));
            };
            // 36²⁴ < 2¹²⁵, so neither step can overflow for the lengths above.
            packed = packed.wrapping_mul(u128::from(radix)).wrapping_add(u128::from(digit));
        }
        Ok(Self(packed.wrapping_add(base)))
    }

    /// The packed value: equal tags have equal values, and nothing else does.
    #[must_use]
    pub const fn packed(self) -> u128 {
        self.0
    }

    /// Whether this is a Metrc tag (24 characters).
    #[must_use]
    pub const fn is_metrc(self) -> bool {
        self.0 >= METRC_BASE
    }

    /// The tag's characters, left-aligned, and how many there are.
    fn characters(self) -> ([u8; METRC_LENGTH], usize) {
        let (radix, length, mut rest) = if self.is_metrc() {
            (36_u128, METRC_LENGTH, self.0.wrapping_sub(METRC_BASE))
        } else {
            (10, BIOTRACK_LENGTH, self.0)
        };
        let mut characters = [b'0'; METRC_LENGTH];
        for slot in characters.iter_mut().take(length).rev() {
            let digit = rest.checked_rem(radix).and_then(|digit| u32::try_from(digit).ok()).unwrap_or(0);
            rest = rest.checked_div(radix).unwrap_or(0);
            let character = char::from_digit(digit, 36).unwrap_or('0').to_ascii_uppercase();
            *slot = u8::try_from(character).unwrap_or(b'0');
        }
        (characters, length)
    }

    /// How two tags of one length differ as texts: how many places, and whether it is one swap of two neighbours.
    /// `None` if their lengths differ.
    #[must_use]
    pub fn misspelling(self, other: Self) -> Option<Misspelling> {
        let ((left, length), (right, other_length)) = (self.characters(), other.characters());
        if length != other_length {
            return None;
        }
        let places: Vec<usize> =
            left.iter().zip(&right).enumerate().filter(|(_, (a, b))| a != b).map(|(place, _)| place).collect();
        let neighbours_swapped = match places.as_slice() {
            &[first, second] => {
                first.checked_add(1) == Some(second)
                    && left.get(first) == right.get(second)
                    && left.get(second) == right.get(first)
            }
            _ => false,
        };
        Some(Misspelling { places: places.len(), neighbours_swapped })
    }
}

/// How two tags differ as texts; see [`PackageTag::misspelling`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misspelling {
    /// Number of places with different characters.
    pub places: usize,
    /// Exactly two neighbouring characters changed places.
    pub neighbours_swapped: bool,
}

/// `1.2346E+15` and the like, which is what a spreadsheet makes of a long number.
fn looks_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_decimal = mantissa
        .split_once('.')
        .is_some_and(|(whole, fraction)| digits(whole) && (digits(fraction) || fraction.is_empty()));
    digits(exponent) && (mantissa_is_decimal || (text.contains('+') && digits(mantissa)))
}

impl fmt::Display for PackageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (characters, length) = self.characters();
        let text: String = characters.iter().take(length).map(|&byte| char::from(byte)).collect();
        f.pad(&text)
    }
}

impl fmt::Debug for PackageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_tag_reads_back(text in "[0-9A-Z]{24}|[0-9]{16}") {
            prop_assert_eq!(PackageTag::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn order_is_the_order_of_the_texts(a in "[0-9A-Z]{24}", b in "[0-9A-Z]{24}") {
            prop_assert_eq!(PackageTag::parse(&a).unwrap().cmp(&PackageTag::parse(&b).unwrap()), a.cmp(&b));
        }

        #[test]
        fn other_texts_are_refused(text in ".{0,40}") {
            let fits = (text.len() == 24 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()))
                || (text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit()));
            prop_assert_eq!(PackageTag::parse(&text).is_ok(), fits);
        }
    }

    #[test]
    fn says_what_a_spreadsheet_did() {
        for text in ["1.23E+15", "1.23457E+15", "1E+15", "1.2345678901E+15"] {
            assert_eq!(PackageTag::parse(text), Err(TagError::Scientific), "{text}");
        }
        assert_eq!(PackageTag::parse("1a4060300002ee1000000001"), Err(TagError::Character('a', 2)));
        assert_eq!(PackageTag::parse("123"), Err(TagError::Length(3)));
    }

    #[test]
    fn counts_misspelled_places() {
        let tag = |text| PackageTag::parse(text).unwrap();
        let base = tag("1A4060300002EE1000000123");
        let swapped = base.misspelling(tag("1A4060300002EE1000000132")).unwrap();
        assert_eq!((swapped.places, swapped.neighbours_swapped), (2, true));
        let two = base.misspelling(tag("1A4060300002EE1000000145")).unwrap();
        assert_eq!((two.places, two.neighbours_swapped), (2, false));
        assert_eq!(base.misspelling(tag("1234567890123456")), None);
    }
}

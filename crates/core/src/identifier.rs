//! Identifiers that other systems give, each its own type.

use compact_str::CompactString;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A short text of another system, kept as it was given.
pub type Text = CompactString;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(Text);

        impl $name {
            /// Takes the text as it is; surrounding blanks do not belong to an identifier.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Text::new(text.trim()))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// Whether nothing was given.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    };
}

identifier! {
    /// A licence of the state, the unit of everything: keys, limits, books.
    LicenseNumber
}
identifier! {
    /// The shop's stock keeping unit. One package may hold several.
    Sku
}
identifier! {
    /// A receipt's number in the POS, or the number that a state receipt carries for it.
    ReceiptNumber
}

impl ReceiptNumber {
    /// The part of the number that survives dressing up: the digits at its end without leading zeros
    /// (`POS7-88412`, `00088412` and `88412` give `88412`). A number without digits at its end is its own core.
    ///
    /// Two numbers with one core *may* name one receipt; day and tag have to agree as well.
    #[must_use]
    pub fn core(&self) -> &str {
        let text = self.as_str();
        let head = text.trim_end_matches(|character: char| character.is_ascii_digit());
        let digits = text.get(head.len()..).unwrap_or_default();
        match digits.trim_start_matches('0') {
            "" if digits.is_empty() => text,
            "" => "0",
            core => core,
        }
    }

    /// The core in so many bits (2 to 64), for tables of millions: the number itself, or where it is none or too large
    /// for all bits but the highest, that bit and others of its SipHash.
    ///
    /// Equal cores have equal numbers; different ones nearly always have different numbers.
    #[must_use]
    pub fn core_number(&self, bits: u32) -> u64 {
        let hashed = 1_u64.wrapping_shl(bits.wrapping_sub(1));
        let core = self.core();
        let number = core.parse().ok().filter(|number| *number < hashed);
        number.filter(|_| core.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or_else(|| {
            let mut hasher = DefaultHasher::new();
            core.hash(&mut hasher);
            hasher.finish() & hashed.wrapping_sub(1) | hashed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dressed_up_number_keeps_its_core() {
        for text in ["88412", "POS7-88412", "00088412", " 88412 ", "R#88412", "pos88412"] {
            assert_eq!(ReceiptNumber::new(text).core(), "88412", "{text}");
        }
        assert_eq!(ReceiptNumber::new("AB12CD").core(), "AB12CD");
        assert_eq!(ReceiptNumber::new("000").core(), "0");
        assert_eq!(ReceiptNumber::new("").core(), "");
    }
}

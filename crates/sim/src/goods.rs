//! What is sold: items, their SKUs, and tags.

use crate::dice::Dice;
use trueup_core::{PackageTag, Unit};

/// 10⁻¹² of a piece, gram or millilitre.
pub(crate) type Atoms = i64;
/// One piece, gram or millilitre.
pub(crate) const ONE: Atoms = 1_000_000_000_000;

/// One way in which an item's packages are sold.
#[derive(Debug, Clone)]
pub(crate) struct SkuFacts {
    pub code: String,
    pub unit: Unit,
    /// What one of `unit` holds in the package's measure.
    pub per_unit: Atoms,
}

/// How an item is kept and sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Pieces: eighths, gummies, vapes.
    Pieces,
    /// Loose flower, weighed at the counter.
    Loose,
    /// Flower rolled here: an intake SKU in grams and half-gram pre-rolls.
    Rolled,
    /// Poured: sold by the bottle, kept in millilitres.
    Poured,
}

/// An entry of the catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub name: String,
    pub form: Form,
    /// The state's unit of its packages.
    pub unit: Unit,
    pub skus: Vec<SkuFacts>,
    /// Cents for one of the first SKU's unit.
    pub price: i64,
}

const STRAINS: [&str; 12] = [
    "Blue Dream",
    "Harbor Haze",
    "Lemon Kush",
    "Night Owl",
    "Redwood OG",
    "Sour Tide",
    "Pacific Diesel",
    "Golden Gate",
    "Mango Fog",
    "Alpine Glue",
    "Desert Rose",
    "Velvet Runtz",
];
const PIECES: [&str; 6] = ["3.5 g", "Gummies 10 mg 10-pk", "Vape 1 g", "Chocolate 100 mg", "Pre-roll 1 g", "Wax 1 g"];

/// The shop's catalogue: about one item for six packages.
pub(crate) fn catalogue(dice: &mut Dice, packages: u32) -> Vec<Item> {
    (0..(packages / 6).clamp(8, 60_000)).map(|number| item(dice, number)).collect()
}

fn item(dice: &mut Dice, number: u32) -> Item {
    let strain = dice.pick(&STRAINS, "House");
    let form = [Form::Pieces, Form::Loose, Form::Rolled, Form::Poured].get(dice.weighted(&[14, 3, 2, 1])).copied();
    let form = form.unwrap_or(Form::Pieces);
    let sku = |code: String, unit: Unit, per_unit: Atoms| SkuFacts { code, unit, per_unit };
    let (kind, unit, skus) = match form {
        Form::Pieces => (dice.pick(&PIECES, "3.5 g"), Unit::Each, vec![sku(format!("P{number}"), Unit::Each, ONE)]),
        Form::Loose => ("Loose Flower", Unit::Gram, vec![sku(format!("L{number}"), Unit::Gram, ONE)]),
        Form::Rolled => (
            "House Rolls",
            Unit::Gram,
            vec![sku(format!("IN{number}"), Unit::Gram, ONE), sku(format!("R{number}"), Unit::Each, ONE / 2)],
        ),
        Form::Poured => ("Tincture", Unit::Millilitre, vec![sku(format!("T{number}"), Unit::Millilitre, ONE)]),
    };
    Item { name: format!("{strain} {kind} No. {number}"), form, unit, skus, price: dice.between(500, 6_000) }
}

/// Gives tags as suppliers do: consecutive ones for a delivery, each supplier from its own row.
#[derive(Debug)]
pub(crate) struct Tags {
    next: Vec<u64>,
}

/// The row of tags that only our POS has: mistakes about tags that the state never saw must not look like a
/// misspelling of one that it has, so the row is many characters away from every supplier's.
const POS_ONLY_ROW: usize = 0;
const SUPPLIERS: usize = 6;
/// The middle of a supplier's tags: every two differ in more than two places.
const ROWS: [&str; SUPPLIERS + 1] =
    ["7F7F7F7F", "00002EE1", "0001A3C4", "000B5D28", "00C96F17", "0E83B056", "F1D4792A"];

impl Tags {
    pub fn new(dice: &mut Dice) -> Self {
        Self { next: (0..ROWS.len()).map(|_| u64::try_from(dice.between(100, 90_000)).unwrap_or(100)).collect() }
    }

    /// The next tag of a supplier.
    pub fn of_supplier(&mut self, supplier: usize) -> PackageTag {
        self.take(1 + supplier % SUPPLIERS)
    }

    /// A tag that the state never saw.
    pub fn pos_only(&mut self) -> PackageTag {
        // Ten apart, so that two of them are no misspelling of each other either.
        if let Some(next) = self.next.get_mut(POS_ONLY_ROW) {
            *next += 111;
        }
        self.take(POS_ONLY_ROW)
    }

    fn take(&mut self, row: usize) -> PackageTag {
        loop {
            let number = self.next.get_mut(row).map_or(0, |next| {
                *next += 1;
                *next
            });
            if let Some(tag) = tag(ROWS.get(row).copied().unwrap_or("00000000"), number) {
                return tag;
            }
        }
    }
}

fn tag(row: &str, number: u64) -> Option<PackageTag> {
    PackageTag::parse(&format!("1A40603{row}{:09}", number % 1_000_000_000)).ok()
}

/// A slip of a person who types a tag: two neighbours swapped, or one or two characters wrong.
pub(crate) fn misspelled(dice: &mut Dice, tag: PackageTag) -> PackageTag {
    loop {
        let mut text: Vec<u8> = tag.to_string().into_bytes();
        // Nobody misspells the head that all tags share.
        let place = 8 + dice.place(text.len().saturating_sub(9));
        match dice.place(3) {
            0 => text.swap(place, place + 1),
            slips => {
                for place in (place..).take(slips) {
                    if let Some(character) = text.get_mut(place) {
                        *character = dice.pick(b"0123456789ABCDEF", b'0');
                    }
                }
            }
        }
        let read = String::from_utf8(text).ok().and_then(|text| PackageTag::parse(&text).ok());
        if let Some(read) = read.filter(|read| *read != tag) {
            return read;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_never_given_twice_and_rows_are_no_misspellings_of_each_other() {
        let mut tags = Tags::new(&mut Dice::new(1, "tags"));
        let mut given: Vec<PackageTag> = (0..3_000).map(|number| tags.of_supplier(number)).collect();
        given.extend((0..300).map(|_| tags.pos_only()));
        let count = given.len();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), count);
        for (place, row) in ROWS.iter().enumerate() {
            for other in &ROWS[place + 1..] {
                let apart = tag(row, 1).unwrap().misspelling(tag(other, 1).unwrap()).unwrap().places;
                assert!(apart > 2, "{row} {other}");
            }
        }
    }

    #[test]
    fn a_misspelled_tag_is_one_slip_away() {
        let mut dice = Dice::new(3, "slips");
        let right = tag("00002EE1", 123).unwrap();
        for _ in 0..1_000 {
            let slip = right.misspelling(misspelled(&mut dice, right)).unwrap();
            assert!((1..=2).contains(&slip.places));
        }
    }
}

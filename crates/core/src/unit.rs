//! Units of measure and the exact factors between them.

use std::fmt;

/// What a unit measures. Quantities of different dimensions never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Pieces.
    Count,
    /// Grams.
    Weight,
    /// Millilitres.
    Volume,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "pieces",
            Self::Weight => "weight",
            Self::Volume => "volume",
        })
    }
}

/// A unit of measure of the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the units")]
pub enum Unit {
    Each,
    Gram,
    Milligram,
    Kilogram,
    Ounce,
    Pound,
    Millilitre,
    Litre,
    FluidOunce,
    Gallon,
}

/// A text that names no unit we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown unit {0:?}")]
pub struct UnitError(pub String);

struct Facts {
    unit: Unit,
    dimension: Dimension,
    /// How the command line writes it.
    symbol: &'static str,
    /// Metrc's name.
    name: &'static str,
    /// Further spellings, letters and digits only, lower case.
    spellings: &'static [&'static str],
    /// 10⁻¹² gram, millilitre or piece in one of the unit: exact, by the international definitions
    /// (1 oz = 28.349523125 g, 1 lb = 453.59237 g, 1 US fl oz = 29.5735295625 ml, 1 US gal = 3785.411784 ml).
    atoms: i64,
}

#[rustfmt::skip]
const UNITS: [Facts; 10] = [
    Facts { unit: Unit::Each, dimension: Dimension::Count, symbol: "ea", name: "Each", spellings: &["each", "unit", "units", "piece", "pieces", "count", "pcs"], atoms: 1_000_000_000_000 },
    Facts { unit: Unit::Gram, dimension: Dimension::Weight, symbol: "g", name: "Grams", spellings: &["gram", "grams"], atoms: 1_000_000_000_000 },
    Facts { unit: Unit::Milligram, dimension: Dimension::Weight, symbol: "mg", name: "Milligrams", spellings: &["milligram", "milligrams"], atoms: 1_000_000_000 },
    Facts { unit: Unit::Kilogram, dimension: Dimension::Weight, symbol: "kg", name: "Kilograms", spellings: &["kilogram", "kilograms"], atoms: 1_000_000_000_000_000 },
    Facts { unit: Unit::Ounce, dimension: Dimension::Weight, symbol: "oz", name: "Ounces", spellings: &["ounce", "ounces"], atoms: 28_349_523_125_000 },
    Facts { unit: Unit::Pound, dimension: Dimension::Weight, symbol: "lb", name: "Pounds", spellings: &["lbs", "pound", "pounds"], atoms: 453_592_370_000_000 },
    Facts { unit: Unit::Millilitre, dimension: Dimension::Volume, symbol: "ml", name: "Milliliters", spellings: &["milliliter", "milliliters", "millilitre", "millilitres"], atoms: 1_000_000_000_000 },
    Facts { unit: Unit::Litre, dimension: Dimension::Volume, symbol: "l", name: "Liters", spellings: &["liter", "liters", "litre", "litres"], atoms: 1_000_000_000_000_000 },
    Facts { unit: Unit::FluidOunce, dimension: Dimension::Volume, symbol: "fl_oz", name: "Fluid Ounces", spellings: &["floz", "fluidounce", "fluidounces"], atoms: 29_573_529_562_500 },
    Facts { unit: Unit::Gallon, dimension: Dimension::Volume, symbol: "gal", name: "Gallons", spellings: &["gallon", "gallons"], atoms: 3_785_411_784_000_000 },
];

impl Unit {
    /// All units, for tests and help texts.
    pub const ALL: [Self; 10] = [
        Self::Each,
        Self::Gram,
        Self::Milligram,
        Self::Kilogram,
        Self::Ounce,
        Self::Pound,
        Self::Millilitre,
        Self::Litre,
        Self::FluidOunce,
        Self::Gallon,
    ];

    /// Reads a unit by symbol or by Metrc's name, in any case and spacing.
    ///
    /// # Errors
    /// [`UnitError`] with the text, if no unit is spelled so.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        if let Some(facts) = UNITS.iter().find(|facts| facts.symbol == text) {
            return Ok(facts.unit);
        }
        let key: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        UNITS
            .iter()
            .find(|facts| facts.symbol == key || facts.spellings.contains(&key.as_str()))
            .map(|facts| facts.unit)
            .ok_or_else(|| UnitError(text.to_owned()))
    }

    fn facts(self) -> &'static Facts {
        let [first, rest @ ..] = &UNITS;
        rest.iter().find(|facts| facts.unit == self).unwrap_or(first)
    }

    /// What the unit measures.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        self.facts().dimension
    }

    /// The symbol used in files and output: `ea`, `g`, `fl_oz` …
    #[must_use]
    pub fn symbol(self) -> &'static str {
        self.facts().symbol
    }

    /// Metrc's name: `Each`, `Grams`, `Fluid Ounces` …
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// 10⁻¹² gram, millilitre or piece in one of this unit.
    #[must_use]
    pub fn atoms(self) -> i64 {
        self.facts().atoms
    }

    /// The unit in which a dimension is counted: piece, gram, millilitre.
    #[must_use]
    pub const fn base(dimension: Dimension) -> Self {
        match dimension {
            Dimension::Count => Self::Each,
            Dimension::Weight => Self::Gram,
            Dimension::Volume => Self::Millilitre,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_own_facts_and_reads_back() {
        for unit in Unit::ALL {
            assert_eq!(unit.facts().unit, unit);
            assert_eq!(Unit::parse(unit.symbol()), Ok(unit));
            assert_eq!(Unit::parse(unit.name()), Ok(unit));
            assert_eq!(Unit::parse(&unit.name().to_uppercase()), Ok(unit));
        }
        assert!(Unit::parse("stone").is_err());
        assert!(Unit::parse("").is_err());
    }
}

//! Bringing a number and its unit to the measure of the package.

use rustc_hash::{FxHashMap, FxHashSet};
use trueup_core::{Decimal, Dimension, PackageTag, Quantity, QuantityError, Sku, Unit};
use trueup_pos::fields::LARGEST;

/// In which dimension each package is kept, and what a piece of each SKU holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measures {
    dimensions: FxHashMap<PackageTag, Dimension>,
    /// From `sku_map`: what one piece of the SKU holds of this package.
    per_piece: FxHashMap<(PackageTag, Sku), Quantity>,
    /// The packages of which it says something.
    converted: FxHashSet<PackageTag>,
    /// From the inventory: what one piece of the SKU weighs or holds in this package …
    unit_weight: FxHashMap<(PackageTag, Sku), Quantity>,
    /// … and in a package that is not listed there any more: `None` where the listed ones differ.
    unit_weight_of_sku: FxHashMap<Sku, Option<Quantity>>,
    /// From the state: what one piece of the package's item weighs or holds.
    unit_content: FxHashMap<PackageTag, Quantity>,
}

/// Why a number has no quantity in its package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MeasureError {
    /// Another dimension, and nothing says what a piece holds.
    Dimension { package: Dimension, given: Dimension },
    /// It does not fit.
    TooLarge,
}

/// What is said of a number that has no quantity in its package.
pub(crate) struct Told {
    pub found: String,
    pub expected: String,
    pub todo: &'static str,
    /// The number is at fault, not the unit.
    pub of_number: bool,
}

impl MeasureError {
    /// For a row that names a SKU.
    pub fn told(&self, unit: Unit) -> Told {
        let told = self.told_without_sku(unit);
        match self {
            // What one piece holds helps only where pieces of a weighed or measured package were given.
            Self::Dimension { given: Dimension::Count, .. } => Told {
                expected: format!("{}, or a row in pos/sku_map.csv that says what one piece holds", told.expected),
                todo: "correct the unit, or add the SKU to pos/sku_map.csv, and run again",
                ..told
            },
            _ => told,
        }
    }

    /// For a record that no table of the POS can explain.
    pub fn told_without_sku(&self, unit: Unit) -> Told {
        match self {
            Self::Dimension { package, given } => Told {
                found: format!("{} measures {given}, but this package is kept in {package}", unit.name()),
                expected: format!("a unit of {package}"),
                todo: "correct the unit and run again",
                of_number: false,
            },
            Self::TooLarge => Told {
                found: "the quantity is too large".to_owned(),
                expected: LARGEST.to_owned(),
                todo: "correct the number or its unit and run again",
                of_number: true,
            },
        }
    }
}

impl From<QuantityError> for MeasureError {
    fn from(_: QuantityError) -> Self {
        Self::TooLarge
    }
}

impl Measures {
    /// The state's word on a package decides.
    pub fn set_dimension(&mut self, package: PackageTag, dimension: Dimension) {
        self.dimensions.insert(package, dimension);
    }

    /// The first word on a package that the state does not have.
    pub fn suggest_dimension(&mut self, package: PackageTag, dimension: Dimension) -> Dimension {
        *self.dimensions.entry(package).or_insert(dimension)
    }

    pub fn dimension(&self, package: PackageTag) -> Option<Dimension> {
        self.dimensions.get(&package).copied()
    }

    pub fn set_per_piece(&mut self, package: PackageTag, sku: Sku, quantity: Quantity) {
        self.converted.insert(package);
        self.per_piece.insert((package, sku), quantity);
    }

    pub fn set_unit_weight(&mut self, package: PackageTag, sku: Sku, quantity: Quantity) {
        if !sku.is_empty() {
            let of_sku = self.unit_weight_of_sku.entry(sku.clone()).or_insert(Some(quantity));
            *of_sku = of_sku.filter(|other| *other == quantity);
        }
        self.unit_weight.insert((package, sku), quantity);
    }

    /// Whether a piece of some SKU may weigh something only where its package is kept by weight.
    pub fn pieces_may_weigh(&self) -> bool {
        !self.unit_weight.is_empty()
    }

    /// Whether a number of this package may mean something else than its unit says.
    pub fn converts(&self, package: PackageTag) -> bool {
        self.converted.contains(&package)
            || self.unit_content.contains_key(&package)
            || (self.pieces_may_weigh() && self.dimension(package) != Some(Dimension::Count))
    }

    /// What one piece of a SKU holds of a package, as `sku_map` says.
    pub fn pieces(&self) -> impl Iterator<Item = (PackageTag, &Sku, Quantity)> {
        self.per_piece.iter().map(|((package, sku), quantity)| (*package, sku, *quantity))
    }

    /// The packages of which some number may mean something else by its SKU or by the state's record.
    pub fn converted(&self) -> impl Iterator<Item = PackageTag> {
        self.converted.iter().chain(self.unit_content.keys()).copied()
    }

    pub fn set_unit_content(&mut self, package: PackageTag, quantity: Quantity) {
        self.unit_content.insert(package, quantity);
    }

    /// `number` of `unit` of a SKU as a quantity of its package.
    pub fn quantity(
        &mut self,
        package: PackageTag,
        sku: &Sku,
        number: Decimal,
        unit: Unit,
    ) -> Result<Quantity, MeasureError> {
        let piece = (unit == Unit::Each).then(|| self.piece(package, sku)).flatten();
        let ours = self.suggest_dimension(package, piece.map_or(unit.dimension(), Quantity::dimension));
        self.in_dimension((package, ours), sku, number, unit)
    }

    /// The same for a package that is kept in a known dimension.
    pub fn in_dimension(
        &self,
        (package, ours): (PackageTag, Dimension),
        sku: &Sku,
        number: Decimal,
        unit: Unit,
    ) -> Result<Quantity, MeasureError> {
        let given = Quantity::new(number, unit)?;
        let piece = (unit == Unit::Each).then(|| self.piece(package, sku)).flatten();
        if let Some(piece) = piece.filter(|piece| piece.dimension() == ours) {
            return Ok(piece.times_pieces(given)?);
        }
        if given.dimension() == ours {
            return Ok(given);
        }
        self.in_pieces(package, given, ours)
    }

    /// What one piece of a SKU holds, where a table says it; pieces of a package kept in pieces need no table.
    fn piece(&self, package: PackageTag, sku: &Sku) -> Option<Quantity> {
        let mapped = self.per_piece.get(&(package, sku.clone())).copied();
        let weighs = || {
            let kept_in_pieces = self.dimension(package).is_none_or(|dimension| dimension == Dimension::Count);
            let listed = || self.unit_weight.get(&(package, sku.clone())).copied();
            let of_sku = || self.unit_weight_of_sku.get(sku).copied().flatten();
            (!kept_in_pieces).then(|| listed().or_else(of_sku)).flatten()
        };
        mapped.or_else(weighs)
    }

    /// A weight or volume of a package that the state counts in pieces of a known content.
    fn in_pieces(&self, package: PackageTag, given: Quantity, ours: Dimension) -> Result<Quantity, MeasureError> {
        let mismatch = MeasureError::Dimension { package: ours, given: given.dimension() };
        let content = self.unit_content.get(&package).filter(|content| content.dimension() == given.dimension());
        let Some(content) = content.filter(|_| ours == Dimension::Count) else { return Err(mismatch) };
        let wide = i128::from(given.atoms()).checked_mul(i128::from(Unit::Each.atoms()));
        let divisor = i128::from(content.atoms());
        let exact = wide.filter(|wide| wide.checked_rem(divisor) == Some(0)).and_then(|wide| wide.checked_div(divisor));
        let atoms = exact.and_then(|atoms| i64::try_from(atoms).ok()).ok_or(mismatch)?;
        Ok(Quantity::from_atoms(atoms, Dimension::Count))
    }
}

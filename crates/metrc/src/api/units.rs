//! Units of measure.

use super::{List, answers, operations};

answers! {
    /// A unit.
    UnitOfMeasure {
        quantity_type = Words, "QuantityType";
        name = Words, "Name";
        abbreviation = Words, "Abbreviation";
    }
}

operations! {
    ACTIVE = GET "/unitsofmeasure/v2/active", () => List<UnitOfMeasure>;
    INACTIVE = GET "/unitsofmeasure/v2/inactive", () => List<UnitOfMeasure>;
}

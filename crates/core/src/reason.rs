//! Why stock was adjusted, as far as the books have to tell reasons apart.

/// Adjustments match only within their class: waste is destroyed under its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WasteClass {
    /// Wasted, destroyed, spoiled, expired, disposed of.
    Waste,
    /// Every other reason.
    Other,
}

/// Word stems that make a reason waste.
const WASTE_STEMS: [&str; 6] = ["waste", "destroy", "destruction", "spoil", "expired", "disposal"];

impl WasteClass {
    /// The class of a reason's text, in any case.
    #[must_use]
    pub fn of_reason(reason: &str) -> Self {
        let reason = reason.to_lowercase();
        if WASTE_STEMS.iter().any(|stem| reason.contains(stem)) { Self::Waste } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waste_is_told_by_its_words() {
        for reason in
            ["Waste (Unusable)", "Mandated Destruction", "Spoilage", "EXPIRED product", "Disposal", "to be destroyed"]
        {
            assert_eq!(WasteClass::of_reason(reason), WasteClass::Waste, "{reason}");
        }
        assert_eq!(WasteClass::of_reason("Incorrect Quantity"), WasteClass::Other);
        assert_eq!(WasteClass::of_reason(""), WasteClass::Other);
    }
}

//! The mistakes that people and systems make, each by name.

/// A mistake that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mistake {
    SaleNotReported,
    LineNotReported,
    ReportingDown,
    SaleReportedTwice,
    SaleUploadedTwice,
    SaleQuantityEdited,
    SaleOnOtherPackage,
    SaleInOtherUnit,
    SaleOnOtherDay,
    CustomerTypeEdited,
    PriceEdited,
    VoidedOnlyInPos,
    VoidedOnlyInState,
    ReturnedOnlyInPos,
    SaleOnlyInState,
    AdjustedOnlyInPos,
    AdjustedOnlyInState,
    AdjustmentReportedTwice,
    DestroyedOnlyInPos,
    DestroyedOnlyInState,
    RepackagedInState,
    MergedInState,
    RepackagedOnlyInPos,
    DiscontinuedInState,
    ReceivedOnlyInState,
    ReceivedOnlyInPos,
    ReceivedQuantityDiffers,
    SentOutOnlyInPos,
    SentOutOnlyInState,
    ConversionUnbalanced,
    TagMistyped,
    MissingInPos,
    MissingInState,
    CarriedForward,
    FinishedInState,
    FinishedOnlyInPos,
    RoomDiffers,
    HoldDiffers,
    ItemDiffers,
    Unexplained,
    ShelfGap,
    SoldFromOtherPackage,
    MoistureLoss,
    ScaleError,
    NotYetMoved,
}

/// When a mistake happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// With a sale: the next one that it can be told from.
    Sale,
    /// At a moment of its own.
    Moment,
    /// When the goods are counted, near the end.
    Count,
    /// Before the window.
    Before,
}

/// What is known of a mistake.
pub(crate) struct Facts {
    pub mistake: Mistake,
    /// Its name in a file of mistakes.
    pub name: &'static str,
    /// How often it happens among all mistakes.
    pub weight: u32,
    pub occasion: Occasion,
}

const fn facts(mistake: Mistake, name: &'static str, weight: u32, occasion: Occasion) -> Facts {
    Facts { mistake, name, weight, occasion }
}

#[rustfmt::skip]
pub(crate) const MISTAKES: [Facts; 45] = [
    // The report of a whole receipt never arrived.
    facts(Mistake::SaleNotReported, "sale_not_reported", 12, Occasion::Sale),
    // … of one line of it.
    facts(Mistake::LineNotReported, "line_not_reported", 3, Occasion::Sale),
    // A key expired: no sale of half an hour arrives.
    facts(Mistake::ReportingDown, "reporting_down", 1, Occasion::Moment),
    // Sent again after a time-out, the first had arrived.
    facts(Mistake::SaleReportedTwice, "sale_reported_twice", 6, Occasion::Sale),
    // Typed in by hand as well, hours later.
    facts(Mistake::SaleUploadedTwice, "sale_uploaded_twice", 3, Occasion::Sale),
    facts(Mistake::SaleQuantityEdited, "sale_quantity_edited", 6, Occasion::Sale),
    facts(Mistake::SaleOnOtherPackage, "sale_on_other_package", 6, Occasion::Sale),
    facts(Mistake::SaleInOtherUnit, "sale_in_other_unit", 2, Occasion::Sale),
    facts(Mistake::SaleOnOtherDay, "sale_on_other_day", 2, Occasion::Sale),
    facts(Mistake::CustomerTypeEdited, "customer_type_edited", 2, Occasion::Sale),
    facts(Mistake::PriceEdited, "price_edited", 2, Occasion::Sale),
    facts(Mistake::VoidedOnlyInPos, "voided_only_in_pos", 4, Occasion::Sale),
    facts(Mistake::VoidedOnlyInState, "voided_only_in_state", 4, Occasion::Sale),
    facts(Mistake::ReturnedOnlyInPos, "returned_only_in_pos", 4, Occasion::Sale),
    facts(Mistake::SaleOnlyInState, "sale_only_in_state", 5, Occasion::Moment),
    facts(Mistake::AdjustedOnlyInPos, "adjusted_only_in_pos", 5, Occasion::Moment),
    facts(Mistake::AdjustedOnlyInState, "adjusted_only_in_state", 6, Occasion::Moment),
    facts(Mistake::AdjustmentReportedTwice, "adjustment_reported_twice", 2, Occasion::Moment),
    facts(Mistake::DestroyedOnlyInPos, "destroyed_only_in_pos", 3, Occasion::Moment),
    facts(Mistake::DestroyedOnlyInState, "destroyed_only_in_state", 3, Occasion::Moment),
    facts(Mistake::RepackagedInState, "repackaged_in_state", 3, Occasion::Moment),
    facts(Mistake::MergedInState, "merged_in_state", 2, Occasion::Moment),
    facts(Mistake::RepackagedOnlyInPos, "repackaged_only_in_pos", 2, Occasion::Moment),
    facts(Mistake::DiscontinuedInState, "discontinued_in_state", 2, Occasion::Moment),
    facts(Mistake::ReceivedOnlyInState, "received_only_in_state", 4, Occasion::Moment),
    facts(Mistake::ReceivedOnlyInPos, "received_only_in_pos", 2, Occasion::Moment),
    facts(Mistake::ReceivedQuantityDiffers, "received_quantity_differs", 3, Occasion::Moment),
    facts(Mistake::SentOutOnlyInPos, "sent_out_only_in_pos", 2, Occasion::Moment),
    facts(Mistake::SentOutOnlyInState, "sent_out_only_in_state", 2, Occasion::Moment),
    facts(Mistake::ConversionUnbalanced, "conversion_unbalanced", 2, Occasion::Moment),
    facts(Mistake::TagMistyped, "tag_mistyped", 3, Occasion::Moment),
    facts(Mistake::MissingInPos, "missing_in_pos", 2, Occasion::Before),
    facts(Mistake::MissingInState, "missing_in_state", 2, Occasion::Before),
    facts(Mistake::CarriedForward, "carried_forward", 2, Occasion::Before),
    facts(Mistake::FinishedInState, "finished_in_state", 2, Occasion::Moment),
    facts(Mistake::FinishedOnlyInPos, "finished_only_in_pos", 1, Occasion::Moment),
    facts(Mistake::RoomDiffers, "room_differs", 2, Occasion::Moment),
    facts(Mistake::HoldDiffers, "hold_differs", 2, Occasion::Moment),
    facts(Mistake::ItemDiffers, "item_differs", 2, Occasion::Moment),
    facts(Mistake::Unexplained, "unexplained", 5, Occasion::Moment),
    facts(Mistake::ShelfGap, "shelf_gap", 3, Occasion::Count),
    facts(Mistake::SoldFromOtherPackage, "sold_from_other_package", 2, Occasion::Count),
    facts(Mistake::MoistureLoss, "moisture_loss", 1, Occasion::Count),
    facts(Mistake::ScaleError, "scale_error", 1, Occasion::Count),
    facts(Mistake::NotYetMoved, "not_yet_moved", 2, Occasion::Count),
];

impl Mistake {
    /// The mistake of a name.
    pub fn named(name: &str) -> Option<Self> {
        MISTAKES.iter().find(|facts| facts.name == name).map(|facts| facts.mistake)
    }

    /// When it happens.
    pub fn occasion(self) -> Occasion {
        MISTAKES.iter().find(|facts| facts.mistake == self).map_or(Occasion::Moment, |facts| facts.occasion)
    }
}

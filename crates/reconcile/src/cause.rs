//! Causes: why two books differ, each with its share and its evidence.

use crate::Amount;
use trueup_core::{Book, Text, When};

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident => $text:literal, $plain:literal;)*) => {
        /// Why two books differ. The names in the output are a contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// Every cause there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in the output.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The cause in plain words.
            #[must_use]
            pub const fn plain(self) -> &'static str {
                match self { $(Self::$name => $plain,)* }
            }
        }
    };
}

causes! {
    /// A POS sale that the state lacks and should have by now.
    SaleNotReported => "sale_not_reported", "sold in the POS, never reached the state";
    /// A state receipt with no POS sale.
    SaleOnlyInState => "sale_only_in_state", "a receipt in the state that the POS never sold";
    /// The state has one POS sale more than once.
    SaleReportedTwice => "sale_reported_twice", "one sale is in the state more than once";
    /// Both have it, with another quantity.
    SaleQuantityDiffers => "sale_quantity_differs", "the sale has another quantity in the state";
    /// Reported on another tag than sold from.
    SaleOnOtherPackage => "sale_on_other_package", "sold from one package, reported on another";
    /// Voided in the POS; the state's receipt stands.
    VoidOnlyInPos => "void_only_in_pos", "voided in the POS, still a sale in the state";
    /// Voided in the state; the POS sale stands.
    VoidOnlyInState => "void_only_in_state", "voided in the state, still a sale in the POS";
    /// Came back in the POS; the state's receipt stands unchanged.
    ReturnOnlyInPos => "return_only_in_pos", "returned in the POS, unchanged in the state";
    /// An adjustment that the state lacks.
    AdjustmentOnlyInPos => "adjustment_only_in_pos", "adjusted in the POS only";
    /// An adjustment that the POS lacks.
    AdjustmentOnlyInState => "adjustment_only_in_state", "adjusted in the state only";
    /// One POS adjustment twice in the state.
    AdjustmentReportedTwice => "adjustment_reported_twice", "one adjustment is in the state twice";
    /// Waste or destruction that the state lacks.
    DestroyedOnlyInPos => "destroyed_only_in_pos", "destroyed in the POS only";
    /// Waste or destruction that the POS lacks.
    DestroyedOnlyInState => "destroyed_only_in_state", "destroyed in the state only";
    /// A package made from packages in the state only.
    RepackagedInState => "repackaged_in_state", "repackaged in the state only";
    /// A package made from packages in the POS only.
    RepackagedOnlyInPos => "repackaged_only_in_pos", "repackaged in the POS only";
    /// A package undone in the state; its quantity went back to the source.
    DiscontinuedInState => "discontinued_in_state", "undone in the state; its quantity went back to the source";
    /// An accepted manifest package that the POS lacks.
    ReceivedOnlyInState => "received_only_in_state", "received in the state, not in the POS";
    /// An accepted manifest package that the state lacks.
    ReceivedOnlyInPos => "received_only_in_pos", "received in the POS, not accepted in the state";
    /// Received with another quantity.
    ReceivedQuantityDiffers => "received_quantity_differs", "received with another quantity";
    /// Left for another licence in the POS only.
    TransferOutOnlyInPos => "transfer_out_only_in_pos", "sent out in the POS only";
    /// Left for another licence in the state only.
    TransferOutOnlyInState => "transfer_out_only_in_state", "sent out in the state only";
    /// A POS conversion that did not conserve the package's quantity.
    ConversionUnbalanced => "conversion_unbalanced", "a conversion in the POS gained or lost stock";
    /// The same number in another unit.
    UnitMismatch => "unit_mismatch", "the same number in another unit";
    /// One side's tag is a misspelling of the other's.
    TagMistyped => "tag_mistyped", "the tag is misspelled in one system";
    /// In the state only, and nothing says why.
    MissingInPos => "missing_in_pos", "in the state, unknown to the POS";
    /// In the POS only, and nothing says why.
    MissingInState => "missing_in_state", "in the POS, unknown to the state";
    /// The difference in the baseline.
    CarriedForward => "carried_forward", "known and accepted before";
    /// Within half of the last decimal as written.
    Rounding => "rounding", "rounded in writing";
    /// Finished in the state, with stock in the POS.
    FinishedInState => "finished_in_state", "finished in the state, stock in the POS";
    /// Finished in the POS, with stock in the state.
    FinishedOnlyInPos => "finished_only_in_pos", "finished in the POS, stock in the state";
    /// In another room.
    RoomDiffers => "room_differs", "in another room";
    /// On hold on one side.
    HoldDiffers => "hold_differs", "on hold in one system only";
    /// Another item.
    ItemDiffers => "item_differs", "another item";
    /// The sale is on another business day.
    SaleTimeDiffers => "sale_time_differs", "the sale is on another day";
    /// Another class of customer.
    CustomerTypeDiffers => "customer_type_differs", "another class of customer";
    /// Another price.
    PriceDiffers => "price_differs", "another price";
    /// Counts of two packages of one item differ oppositely.
    SoldFromOtherPackage => "sold_from_other_package", "sold from one package, taken from another";
    /// Lost weight while nobody touched it.
    MoistureLoss => "moisture_loss", "dried out";
    /// The scale was wrong.
    ScaleError => "scale_error", "the scale was wrong";
    /// Moved in the system, not yet by hand.
    NotYetMoved => "not_yet_moved", "moved in the POS, not yet by hand";
}

impl Cause {
    /// Whether the other book's record of a state-side fact is what is missing, so that a POS correction can settle it.
    #[must_use]
    pub const fn is_state_fact(self) -> bool {
        matches!(
            self,
            Self::SaleOnlyInState
                | Self::SaleReportedTwice
                | Self::SaleQuantityDiffers
                | Self::SaleOnOtherPackage
                | Self::VoidOnlyInState
                | Self::AdjustmentOnlyInState
                | Self::AdjustmentReportedTwice
                | Self::DestroyedOnlyInState
                | Self::RepackagedInState
                | Self::DiscontinuedInState
                | Self::ReceivedOnlyInState
                | Self::ReceivedQuantityDiffers
                | Self::TransferOutOnlyInState
                | Self::UnitMismatch
                | Self::CarriedForward
        )
    }

    /// Whether it is an adjustment of one book, so that a full count decides what both should hold.
    #[must_use]
    pub const fn is_adjustment(self) -> bool {
        matches!(
            self,
            Self::AdjustmentOnlyInPos
                | Self::AdjustmentOnlyInState
                | Self::AdjustmentReportedTwice
                | Self::DestroyedOnlyInPos
                | Self::DestroyedOnlyInState
        )
    }
}

/// A record that makes up a cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// When it happened, as its book says; `None` for a record without a time (a balance, a baseline).
    pub at: Option<When>,
    /// The book it stands in.
    pub book: Book,
    /// What kind of record: `sale`, `void`, `adjustment`, `package` …
    pub kind: &'static str,
    /// Receipt number, state `Id`, event id, manifest …
    pub reference: Text,
    /// Line within the reference.
    pub line: Text,
    /// The signed change or amount.
    pub quantity: Amount,
    /// Who did it, where the record says so: an employee, never a customer.
    pub by: Text,
}

/// Receipts that a finding is about: what a repair of it needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptFacts {
    /// The POS receipt's number; empty for a receipt that only the state has.
    pub number: Text,
    /// The number that the state's receipt carries; empty if none.
    pub external: Text,
    /// The state's receipts.
    pub state_receipts: Vec<StateReceiptFacts>,
    /// Quantity that the state's receipts should hold of this package after the repair.
    pub target: Amount,
    /// The receipts named are to go, whatever others hold of the sale.
    pub surplus: bool,
}

impl ReceiptFacts {
    /// Whether voiding the receipts leaves what should be left: nothing, or what other receipts hold.
    #[must_use]
    pub fn target_allows_void(&self) -> bool {
        self.surplus || self.target.is_zero()
    }
}

/// One receipt of the state, as far as a repair needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateReceiptFacts {
    /// The state's `Id`.
    pub id: Text,
    /// Must be unfinalized before an edit.
    pub finalized: bool,
    /// Sold of this package by its standing lines.
    pub quantity: Amount,
    /// Number of packages on the receipt.
    pub packages: u32,
    /// Every package on it is to be taken off it, so that it can be voided as a whole.
    pub whole: bool,
}

/// One reason for a part of a package's difference. Quantities of one package's findings add up with what is
/// unexplained to the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub cause: Cause,
    /// Its share of POS − state (of POS − shelf for a shelf cause).
    pub amount: Amount,
    /// How sure, in thousandths.
    pub confidence: u16,
    /// Every record that makes it up.
    pub evidence: Vec<Evidence>,
    /// The receipts that it is about, if it is about a sale.
    pub receipt: Option<Box<ReceiptFacts>>,
    /// When the fact happened that the other book lacks.
    pub when: Option<When>,
    /// The other book is not yet due to have it.
    pub in_flight: bool,
    /// In flight only perhaps: it has a date alone, and a correction may be of it.
    pub perhaps_earlier: bool,
    /// It is our own adjustment of the state, made ahead of a correction of a POS that tells the state of its corrections.
    pub ahead: Option<Ahead>,
}

/// What became of the correction that the state was adjusted ahead of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// It is not made yet.
    Awaited,
    /// It was made, and did not arrive in the state: the adjustment has to be taken back.
    NotArrived,
}

impl Finding {
    /// A finding without receipts, due now.
    #[must_use]
    pub fn new(cause: Cause, amount: Amount, confidence: u16, evidence: Vec<Evidence>) -> Self {
        let when = evidence.iter().filter_map(|evidence| evidence.at).min();
        Self {
            cause,
            amount,
            confidence,
            evidence,
            receipt: None,
            when,
            in_flight: false,
            perhaps_earlier: false,
            ahead: None,
        }
    }
}

//! Movements: signed changes of one package in one book.

use crate::{Decimal, PackageTag, Quantity, ReceiptNumber, Sku, Text, Unit, WasteClass, When};
use jiff::Timestamp;

/// Whose record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Book {
    /// The point of sale.
    Pos,
    /// The state's track-and-trace system.
    State,
    /// What was counted or weighed.
    Shelf,
}

impl Book {
    /// The word in files and output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pos => "pos",
            Self::State => "state",
            Self::Shelf => "shelf",
        }
    }
}

/// A signed change of one package in one book: a fact, never edited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Movement {
    /// The package.
    pub package: PackageTag,
    /// The book it stands in.
    pub book: Book,
    /// When the book says it happened.
    pub when: When,
    /// What happened.
    pub kind: MovementKind,
    /// The POS's receipt number or event id; the state's `Id` of the receipt.
    pub reference: Text,
    /// The line within `reference`.
    pub line: Text,
    /// The SKU, where the POS names one.
    pub sku: Sku,
    /// The signed change, in 10⁻¹² of the package's dimension.
    pub quantity: QuantityKey,
    /// The number as it was written (its sign as written, too) …
    pub number: NumberKey,
    /// … and its unit.
    pub unit: Unit,
    /// Why, in the book's own words.
    pub reason: Text,
    /// The note that was left.
    pub note: Text,
    /// The employee who did it; never a customer.
    pub by: Text,
}

/// A quantity that sorts: movements are put into one order before anything is decided.
pub type QuantityKey = Ordered<Quantity>;
/// A number as written that sorts.
pub type NumberKey = Ordered<Decimal>;

/// Gives an order to a value whose own type has none, because comparing across dimensions has no meaning.
/// The order is for sorting records only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordered<T>(pub T);

impl Ord for Ordered<Quantity> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.dimension(), self.0.atoms()).cmp(&(other.0.dimension(), other.0.atoms()))
    }
}

impl PartialOrd for Ordered<Quantity> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered<Decimal> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.scale(), self.0.mantissa()).cmp(&(other.0.scale(), other.0.mantissa()))
    }
}

impl PartialOrd for Ordered<Decimal> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MovementKind {
    /// Sold: one line of a receipt.
    Sale(Box<SaleLine>),
    /// Goods came back, later (POS).
    Return(Box<SaleLine>),
    /// The sale `original` never was (POS).
    Void(Box<SaleLine>),
    /// Taken in from a manifest (POS).
    Receive,
    /// Adjusted by an amount.
    Adjust(WasteClass),
    /// Destroyed (POS).
    Destroy,
    /// Given as a sample (POS).
    Sample,
    /// Brings the POS to what the state already shows, or the other way round.
    Correction {
        /// The fact that it corrects, where it is known: an adjustment's time, a receipt's number, a package.
        corrects: Text,
    },
    /// From one room to another (POS); the package's quantity stays.
    Move {
        /// Room left.
        from: Text,
        /// Room entered.
        to: Text,
    },
    /// From one SKU of a package to another (POS); one event has several rows.
    Convert,
    /// Part of making a package from packages (POS): negative on a source, positive on the product.
    Repackage {
        /// The product, where the row names it.
        product: Option<PackageTag>,
    },
    /// Left for another licence (POS).
    TransferOut,
    /// Marked as finished (POS).
    Finish,
    /// Finish taken back (POS).
    Unfinish,
}

/// Further facts of a receipt's line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SaleLine {
    /// The POS's receipt number; on the state's side the external number, which should name it.
    pub number: ReceiptNumber,
    /// The receipt that a return or void refers to (POS).
    pub original: ReceiptNumber,
    /// Terminal or till (POS).
    pub terminal: Text,
    /// When the sale was voided, on whichever side this line stands.
    pub voided: Option<When>,
    /// The line's total price.
    pub price: Option<NumberKey>,
    /// Who bought, as a class.
    pub customer: Option<CustomerType>,
    /// The state's receipt that the POS says it got (POS).
    pub state_receipt: Text,
    /// The printed receipt number of the state (state).
    pub state_number: Text,
    /// Finalized: must be unfinalized before an edit (state).
    pub finalized: bool,
    /// When the state recorded it (state).
    pub recorded: Option<Timestamp>,
    /// When the state last changed the receipt (state).
    pub modified: Option<Timestamp>,
    /// Number of different packages on the receipt (state).
    pub packages: u32,
}

/// The class of a buyer. No person is ever named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CustomerType {
    /// Adult use.
    Consumer,
    /// Medical patient.
    Patient,
    /// Caregiver of a patient.
    Caregiver,
    /// Patient of another state.
    ExternalPatient,
    /// Adult use, from out of state.
    NonResidentConsumer,
    /// Adult use, no more is said.
    Adult,
    /// Medical, no more is said.
    Medical,
    /// A class that we have no word for.
    Other,
}

impl CustomerType {
    /// Reads a class in the spellings of Metrc and of POS exports; `None` for an empty text.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let key: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Some(match key.as_str() {
            "" => return None,
            "consumer" => Self::Consumer,
            "reccustomer" | "recreational" | "adult" | "adultuse" | "rec" => Self::Adult,
            "medcustomer" | "medical" | "med" => Self::Medical,
            "patient" => Self::Patient,
            "caregiver" => Self::Caregiver,
            "externalpatient" => Self::ExternalPatient,
            "nonresidentconsumer" => Self::NonResidentConsumer,
            _ => Self::Other,
        })
    }

    /// Whether it is adult use, in whatever words.
    #[must_use]
    pub const fn is_adult(self) -> bool {
        matches!(self, Self::Consumer | Self::NonResidentConsumer | Self::Adult)
    }

    /// Whether it is medical use, in whatever words.
    #[must_use]
    pub const fn is_medical(self) -> bool {
        matches!(self, Self::Patient | Self::Caregiver | Self::ExternalPatient | Self::Medical)
    }

    /// Whether two books name different classes; a broad word differs from none of its kind.
    #[must_use]
    pub const fn differs_from(self, other: Self) -> bool {
        match (self, other) {
            (Self::Adult, class) | (class, Self::Adult) => !class.is_adult(),
            (Self::Medical, class) | (class, Self::Medical) => !class.is_medical(),
            (Self::Consumer, Self::Consumer)
            | (Self::Patient, Self::Patient)
            | (Self::Caregiver, Self::Caregiver)
            | (Self::ExternalPatient, Self::ExternalPatient)
            | (Self::NonResidentConsumer, Self::NonResidentConsumer)
            | (Self::Other, Self::Other) => false,
            _ => true,
        }
    }
}

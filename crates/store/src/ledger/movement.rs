//! Movements of the trade as rows, and back.

use crate::schema::Movement as Row;
use crate::{StoreError, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trueup_core::{
    Book, CustomerType, Decimal, Movement, MovementKind, Ordered, PackageTag, Quantity, ReceiptNumber, SaleLine, Sku,
    Unit, WasteClass, When,
};

/// A row that is no movement: another version of trueup wrote it, or it was not damaged so that its checksum told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("movement {seq} of licence {license}: {what} is not understood")]
pub struct MovementError {
    license: Text,
    seq: i64,
    what: &'static str,
}

/// What names a change in its book, as 128 bits of a hash of its parts.
#[must_use]
pub fn natural_key(parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let whole: [u8; 32] = hash.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

/// What a kind of movement says besides the columns. Short names: there are millions of them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Details {
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    waste: Option<bool>,
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    corrects: Option<Text>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    rooms: Option<(Text, Text)>,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    product: Option<Text>,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    sale: Option<Sale>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sale {
    #[serde(rename = "n", skip_serializing_if = "Text::is_empty")]
    number: Text,
    #[serde(rename = "o", skip_serializing_if = "Text::is_empty")]
    original: Text,
    #[serde(rename = "t", skip_serializing_if = "Text::is_empty")]
    terminal: Text,
    /// First and last moment.
    #[serde(rename = "v", skip_serializing_if = "Option::is_none")]
    voided: Option<(i64, Option<i64>)>,
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    price: Option<(i64, u8)>,
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    customer: Option<u8>,
    #[serde(rename = "i", skip_serializing_if = "Text::is_empty")]
    state_receipt: Text,
    #[serde(rename = "u", skip_serializing_if = "Text::is_empty")]
    state_number: Text,
    #[serde(rename = "f", skip_serializing_if = "std::ops::Not::not")]
    finalized: bool,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none")]
    recorded: Option<i64>,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    modified: Option<i64>,
    #[serde(rename = "k", skip_serializing_if = "is_zero")]
    packages: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Names of kinds, of which the first three have a line of a receipt.
const SALE: &str = "sale";
const RETURN: &str = "return";
const VOID: &str = "void";

const CUSTOMERS: [CustomerType; 8] = [
    CustomerType::Consumer,
    CustomerType::Patient,
    CustomerType::Caregiver,
    CustomerType::ExternalPatient,
    CustomerType::NonResidentConsumer,
    CustomerType::Adult,
    CustomerType::Medical,
    CustomerType::Other,
];

fn code_of<T: PartialEq>(all: &[T], one: &T) -> Option<u8> {
    all.iter().position(|it| it == one).and_then(|place| u8::try_from(place).ok())
}

/// Two passes of one local time are an hour apart, the ends of a day 23 or more.
const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(12);

/// A moment as exactly as it was said: the first that may be meant, and the last, where that is another one.
#[must_use]
pub const fn moment_parts(when: When) -> (Timestamp, Option<Timestamp>) {
    match when {
        When::Instant(at) => (at, None),
        When::Twice { earlier, later } => (earlier, Some(later)),
        When::Day { start, end } => (start, Some(end)),
    }
}

/// The moment of its parts.
#[must_use]
pub fn moment_of(first: Timestamp, last: Option<Timestamp>) -> When {
    match last {
        None => When::Instant(first),
        Some(later) if later.duration_since(first) < HALF_A_DAY => When::Twice { earlier: first, later },
        Some(end) => When::Day { start: first, end },
    }
}

impl Sale {
    fn of(line: &SaleLine) -> Self {
        let micros = Timestamp::as_microsecond;
        Self {
            number: Text::new(line.number.as_str()),
            original: Text::new(line.original.as_str()),
            terminal: line.terminal.clone(),
            voided: line.voided.map(moment_parts).map(|(first, last)| (micros(first), last.map(micros))),
            price: line.price.map(|price| (price.0.mantissa(), price.0.scale())),
            customer: line.customer.and_then(|customer| code_of(&CUSTOMERS, &customer)),
            state_receipt: line.state_receipt.clone(),
            state_number: line.state_number.clone(),
            finalized: line.finalized,
            recorded: line.recorded.map(micros),
            modified: line.modified.map(micros),
            packages: line.packages,
        }
    }

    fn line(self) -> Option<SaleLine> {
        let moment = |micros: i64| Timestamp::from_microsecond(micros).ok();
        let voided = match self.voided {
            None => None,
            Some((first, None)) => Some(When::Instant(moment(first)?)),
            Some((first, Some(last))) => Some(moment_of(moment(first)?, Some(moment(last)?))),
        };
        let customer = match self.customer {
            None => None,
            Some(code) => Some(*CUSTOMERS.get(usize::from(code))?),
        };
        Some(SaleLine {
            number: ReceiptNumber::new(&self.number),
            original: ReceiptNumber::new(&self.original),
            terminal: self.terminal,
            voided,
            price: self.price.map(|(mantissa, scale)| Ordered(Decimal::new(mantissa, scale))),
            customer,
            state_receipt: self.state_receipt,
            state_number: self.state_number,
            finalized: self.finalized,
            recorded: self.recorded.and_then(moment),
            modified: self.modified.and_then(moment),
            packages: self.packages,
        })
    }
}

fn kind_parts(kind: &MovementKind) -> (&'static str, Details) {
    let mut details = Details::default();
    let name = match kind {
        MovementKind::Sale(line) => {
            details.sale = Some(Sale::of(line));
            SALE
        }
        MovementKind::Return(line) => {
            details.sale = Some(Sale::of(line));
            RETURN
        }
        MovementKind::Void(line) => {
            details.sale = Some(Sale::of(line));
            VOID
        }
        MovementKind::Receive => "receive",
        MovementKind::Adjust(class) => {
            details.waste = Some(*class == WasteClass::Waste);
            "adjust"
        }
        MovementKind::Destroy => "destroy",
        MovementKind::Sample => "sample",
        MovementKind::Correction { corrects } => {
            details.corrects = Some(corrects.clone());
            "correction"
        }
        MovementKind::Move { from, to } => {
            details.rooms = Some((from.clone(), to.clone()));
            "move"
        }
        MovementKind::Convert => "convert",
        MovementKind::Repackage { product } => {
            details.product = product.map(|product| Text::from(product.to_string()));
            "repackage"
        }
        MovementKind::TransferOut => "transfer_out",
        MovementKind::Finish => "finish",
        MovementKind::Unfinish => "unfinish",
    };
    (name, details)
}

/// A movement as a row. Its number, version and moment of recording are given when it is appended.
///
/// # Errors
/// [`StoreError::Fault`] if its details are no JSON.
pub fn row_of(license: &str, source_id: &str, natural: [u8; 16], movement: &Movement) -> Result<Row, StoreError> {
    let (kind, details) = kind_parts(&movement.kind);
    let (happened_at, happened_until) = moment_parts(movement.when);
    let details = match details == Details::default() {
        true => None,
        false => Some(serde_json::to_string(&details).map_err(|error| StoreError::fault(error.to_string()))?),
    };
    let given = |text: &Text| (!text.is_empty()).then(|| text.to_string());
    Ok(Row {
        license_id: Text::new(license),
        seq: 0,
        package_id: Text::from(movement.package.to_string()),
        natural_key: natural,
        version: 0,
        replaces_quantity: None,
        book: Text::const_new(movement.book.name()),
        kind: Text::const_new(kind),
        happened_at,
        happened_until,
        quantity: movement.quantity.0.atoms(),
        number: Text::from(format!("{}/{}", movement.number.0.mantissa(), movement.number.0.scale())),
        unit: Text::const_new(movement.unit.symbol()),
        reference: movement.reference.clone(),
        line: (!movement.line.is_empty()).then(|| movement.line.clone()),
        sku_id: (!movement.sku.is_empty()).then(|| Text::new(movement.sku.as_str())),
        reason: given(&movement.reason),
        note: given(&movement.note),
        employee: (!movement.by.is_empty()).then(|| movement.by.clone()),
        details,
        recorded_at: Timestamp::UNIX_EPOCH,
        source_id: Text::new(source_id),
    })
}

/// The movement that a row is.
///
/// # Errors
/// [`MovementError`] says what is not understood.
pub fn movement_of(row: &Row, dimension: trueup_core::Dimension) -> Result<Movement, MovementError> {
    let strange = |what| MovementError { license: row.license_id.clone(), seq: row.seq, what };
    let details: Details = match &row.details {
        Some(text) => serde_json::from_str(text).map_err(|_| strange("its details"))?,
        None => Details::default(),
    };
    let book = [Book::Pos, Book::State, Book::Shelf].into_iter().find(|book| book.name() == row.book);
    let number = row
        .number
        .split_once('/')
        .and_then(|(mantissa, scale)| Some(Decimal::new(mantissa.parse().ok()?, scale.parse().ok()?)));
    Ok(Movement {
        package: PackageTag::parse(&row.package_id).map_err(|_| strange("its tag"))?,
        book: book.ok_or_else(|| strange("its book"))?,
        when: moment_of(row.happened_at, row.happened_until),
        reference: row.reference.clone(),
        line: row.line.clone().unwrap_or_default(),
        sku: Sku::new(row.sku_id.as_deref().unwrap_or_default()),
        quantity: Ordered(Quantity::from_atoms(row.quantity, dimension)),
        number: Ordered(number.ok_or_else(|| strange("its number"))?),
        unit: Unit::parse(&row.unit).map_err(|_| strange("its unit"))?,
        reason: Text::new(row.reason.as_deref().unwrap_or_default()),
        note: Text::new(row.note.as_deref().unwrap_or_default()),
        by: row.employee.clone().unwrap_or_default(),
        kind: kind_of(&row.kind, details).ok_or_else(|| strange("its kind"))?,
    })
}

fn kind_of(name: &str, details: Details) -> Option<MovementKind> {
    let line = |details: Details| details.sale.and_then(Sale::line).map(Box::new);
    Some(match name {
        SALE => MovementKind::Sale(line(details)?),
        RETURN => MovementKind::Return(line(details)?),
        VOID => MovementKind::Void(line(details)?),
        "receive" => MovementKind::Receive,
        "adjust" => MovementKind::Adjust(if details.waste? { WasteClass::Waste } else { WasteClass::Other }),
        "destroy" => MovementKind::Destroy,
        "sample" => MovementKind::Sample,
        "correction" => MovementKind::Correction { corrects: details.corrects? },
        "move" => {
            let (from, to) = details.rooms?;
            MovementKind::Move { from, to }
        }
        "convert" => MovementKind::Convert,
        "repackage" => {
            let product = details.product.map(|tag| PackageTag::parse(&tag)).transpose().ok()?;
            MovementKind::Repackage { product }
        }
        "transfer_out" => MovementKind::TransferOut,
        "finish" => MovementKind::Finish,
        "unfinish" => MovementKind::Unfinish,
        _ => return None,
    })
}

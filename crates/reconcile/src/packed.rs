//! Movements at rest: a few dozen bytes each, one after the other.
//!
//! A licence has millions of movements and looks at few of them at a time. In memory as they are used they take some
//! five hundred bytes each; kept here, what is empty takes nothing and numbers take the bytes that they need.

use jiff::Timestamp;
use trueup_core::{
    Book, CustomerType, Decimal, Dimension, Movement, MovementKind, Ordered, PackageTag, Quantity, ReceiptNumber,
    SaleLine, Sku, Text, Unit, WasteClass, When,
};

/// The movements of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
}

impl Packed {
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Adds a movement of the package.
    pub fn push(&mut self, movement: &Movement) {
        Writer(&mut self.bytes).movement(movement);
    }

    /// Where the next movement will be.
    pub const fn end(&self) -> usize {
        self.bytes.len()
    }

    /// The movement that was added when the end was at `place`.
    pub fn at(&self, place: u32, package: PackageTag) -> Option<Movement> {
        Reader(self.bytes.get(usize::try_from(place).ok()?..)?).movement(package)
    }

    /// All movements with their places, in the order in which they were added.
    pub fn places(&self, package: PackageTag) -> impl Iterator<Item = (usize, Movement)> {
        let mut reader = Reader(&self.bytes);
        std::iter::from_fn(move || {
            let place = self.bytes.len() - reader.0.len();
            if reader.0.is_empty() { None } else { reader.movement(package).map(|movement| (place, movement)) }
        })
    }

    /// All movements, in the order in which they were added.
    pub fn unpack(&self, package: PackageTag) -> Vec<Movement> {
        self.places(package).map(|(_, movement)| movement).collect()
    }
}

const UNITS: [Unit; 10] = Unit::ALL;
const BOOKS: [Book; 3] = [Book::Pos, Book::State, Book::Shelf];
const DIMENSIONS: [Dimension; 3] = [Dimension::Count, Dimension::Weight, Dimension::Volume];
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

/// The kinds by number.
mod kind {
    pub const SALE: u8 = 0;
    pub const RETURN: u8 = 1;
    pub const VOID: u8 = 2;
    pub const RECEIVE: u8 = 3;
    pub const ADJUST: u8 = 4;
    pub const ADJUST_WASTE: u8 = 5;
    pub const DESTROY: u8 = 6;
    pub const SAMPLE: u8 = 7;
    pub const CORRECTION: u8 = 8;
    pub const MOVE: u8 = 9;
    pub const CONVERT: u8 = 10;
    pub const REPACKAGE: u8 = 11;
    pub const REPACKAGE_INTO: u8 = 12;
    pub const TRANSFER_OUT: u8 = 13;
    pub const FINISH: u8 = 14;
    pub const UNFINISH: u8 = 15;
}

/// Which of the texts and numbers that are often empty are there.
mod there {
    pub const REASON: u64 = 1;
    pub const NOTE: u64 = 1 << 1;
    pub const BY: u64 = 1 << 2;
    pub const SKU: u64 = 1 << 3;
    pub const LINE: u64 = 1 << 4;
    /// The receipt's number is the movement's reference, as it always is in the POS.
    pub const NUMBER_IS_REFERENCE: u64 = 1 << 5;
    pub const ORIGINAL: u64 = 1 << 6;
    pub const TERMINAL: u64 = 1 << 7;
    pub const VOIDED: u64 = 1 << 8;
    pub const PRICE: u64 = 1 << 9;
    pub const CUSTOMER: u64 = 1 << 10;
    pub const STATE_RECEIPT: u64 = 1 << 11;
    pub const STATE_NUMBER: u64 = 1 << 12;
    pub const FINALIZED: u64 = 1 << 13;
    pub const RECORDED: u64 = 1 << 14;
    pub const MODIFIED: u64 = 1 << 15;
}

fn place<T: PartialEq>(list: &[T], value: &T) -> u8 {
    list.iter().position(|one| one == value).and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
}

struct Writer<'b>(&'b mut Vec<u8>);

impl Writer<'_> {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u128) {
        while number > 0x7f {
            self.byte(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
            number >>= 7;
        }
        self.byte(u8::try_from(number).unwrap_or(0));
    }

    /// The sign in the lowest bit.
    fn signed(&mut self, number: i128) {
        self.number((number << 1 ^ number >> 127).cast_unsigned());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len().try_into().unwrap_or(u128::MAX));
        self.0.extend_from_slice(text.as_bytes());
    }

    fn moment(&mut self, moment: Timestamp) {
        // Most moments are whole seconds; the rest of the second follows only where there is one.
        let (second, rest) = (moment.as_second(), moment.subsec_nanosecond());
        self.signed(i128::from(second) << 1 | i128::from(rest != 0));
        if rest != 0 {
            self.signed(i128::from(rest));
        }
    }

    fn when(&mut self, when: When) {
        let (form, first, second) = match when {
            When::Instant(moment) => (0, moment, None),
            When::Twice { earlier, later } => (1, earlier, Some(later)),
            When::Day { start, end } => (2, start, Some(end)),
        };
        self.byte(form);
        self.moment(first);
        if let Some(second) = second {
            self.moment(second);
        }
    }

    fn decimal(&mut self, decimal: Decimal) {
        self.byte(decimal.scale());
        self.signed(i128::from(decimal.mantissa()));
    }

    fn movement(&mut self, movement: &Movement) {
        let line = match &movement.kind {
            MovementKind::Sale(line) | MovementKind::Return(line) | MovementKind::Void(line) => Some(&**line),
            _ => None,
        };
        self.byte(kind_number(&movement.kind) | place(&BOOKS, &movement.book) << 4);
        self.byte(place(&UNITS, &movement.unit) | place(&DIMENSIONS, &movement.quantity.0.dimension()) << 4);
        let flags = flags(movement, line);
        self.number(flags.into());
        self.when(movement.when);
        self.signed(movement.quantity.0.atoms().into());
        self.decimal(movement.number.0);
        self.text(&movement.reference);
        let texts = [
            (there::LINE, movement.line.as_str()),
            (there::SKU, movement.sku.as_str()),
            (there::BY, movement.by.as_str()),
            (there::REASON, movement.reason.as_str()),
            (there::NOTE, movement.note.as_str()),
        ];
        for (_, text) in texts.into_iter().filter(|(flag, _)| flags & flag != 0) {
            self.text(text);
        }
        match &movement.kind {
            MovementKind::Correction { corrects } => self.text(corrects),
            MovementKind::Move { from, to } => [from, to].into_iter().for_each(|room| self.text(room)),
            MovementKind::Repackage { product: Some(product) } => self.text(&product.to_string()),
            _ => {}
        }
        if let Some(line) = line {
            self.sale_line(line, flags);
        }
    }

    fn sale_line(&mut self, line: &SaleLine, flags: u64) {
        if flags & there::NUMBER_IS_REFERENCE == 0 {
            self.text(line.number.as_str());
        }
        let texts = [
            (there::ORIGINAL, line.original.as_str()),
            (there::TERMINAL, line.terminal.as_str()),
            (there::STATE_RECEIPT, line.state_receipt.as_str()),
            (there::STATE_NUMBER, line.state_number.as_str()),
        ];
        for (_, text) in texts.into_iter().filter(|(flag, _)| flags & flag != 0) {
            self.text(text);
        }
        if let Some(when) = line.voided {
            self.when(when);
        }
        if let Some(Ordered(price)) = line.price {
            self.decimal(price);
        }
        if let Some(customer) = line.customer {
            self.byte(place(&CUSTOMERS, &customer));
        }
        [line.recorded, line.modified].into_iter().flatten().for_each(|moment| self.moment(moment));
        self.number(line.packages.into());
    }
}

const fn kind_number(kind: &MovementKind) -> u8 {
    match kind {
        MovementKind::Sale(_) => kind::SALE,
        MovementKind::Return(_) => kind::RETURN,
        MovementKind::Void(_) => kind::VOID,
        MovementKind::Receive => kind::RECEIVE,
        MovementKind::Adjust(WasteClass::Other) => kind::ADJUST,
        MovementKind::Adjust(WasteClass::Waste) => kind::ADJUST_WASTE,
        MovementKind::Destroy => kind::DESTROY,
        MovementKind::Sample => kind::SAMPLE,
        MovementKind::Correction { .. } => kind::CORRECTION,
        MovementKind::Move { .. } => kind::MOVE,
        MovementKind::Convert => kind::CONVERT,
        MovementKind::Repackage { product: None } => kind::REPACKAGE,
        MovementKind::Repackage { product: Some(_) } => kind::REPACKAGE_INTO,
        MovementKind::TransferOut => kind::TRANSFER_OUT,
        MovementKind::Finish => kind::FINISH,
        MovementKind::Unfinish => kind::UNFINISH,
    }
}

fn flags(movement: &Movement, line: Option<&SaleLine>) -> u64 {
    let mut flags = 0;
    let mut set = |flag: u64, is_there: bool| flags |= if is_there { flag } else { 0 };
    set(there::REASON, !movement.reason.is_empty());
    set(there::NOTE, !movement.note.is_empty());
    set(there::BY, !movement.by.is_empty());
    set(there::SKU, !movement.sku.is_empty());
    set(there::LINE, !movement.line.is_empty());
    if let Some(line) = line {
        set(there::NUMBER_IS_REFERENCE, line.number.as_str() == movement.reference);
        set(there::ORIGINAL, !line.original.is_empty());
        set(there::TERMINAL, !line.terminal.is_empty());
        set(there::VOIDED, line.voided.is_some());
        set(there::PRICE, line.price.is_some());
        set(there::CUSTOMER, line.customer.is_some());
        set(there::STATE_RECEIPT, !line.state_receipt.is_empty());
        set(there::STATE_NUMBER, !line.state_number.is_empty());
        set(there::FINALIZED, line.finalized);
        set(there::RECORDED, line.recorded.is_some());
        set(there::MODIFIED, line.modified.is_some());
    }
    flags
}

/// Reads what [`Writer`] wrote; `None` never comes of our own bytes.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u128> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i128> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn text(&mut self) -> Option<&str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn text_if(&mut self, flags: u64, flag: u64) -> Option<Text> {
        if flags & flag == 0 { Some(Text::default()) } else { self.text().map(Text::new) }
    }

    fn moment(&mut self) -> Option<Timestamp> {
        let number = self.signed()?;
        let rest = if number & 1 == 0 { 0 } else { i32::try_from(self.signed()?).ok()? };
        Timestamp::new(i64::try_from(number >> 1).ok()?, rest).ok()
    }

    fn when(&mut self) -> Option<When> {
        Some(match self.byte()? {
            0 => When::Instant(self.moment()?),
            1 => When::Twice { earlier: self.moment()?, later: self.moment()? },
            _ => When::Day { start: self.moment()?, end: self.moment()? },
        })
    }

    fn decimal(&mut self) -> Option<Decimal> {
        let scale = self.byte()?;
        Some(Decimal::new(i64::try_from(self.signed()?).ok()?, scale))
    }

    fn movement(&mut self, package: PackageTag) -> Option<Movement> {
        let (head, units) = (self.byte()?, self.byte()?);
        let flags = u64::try_from(self.number()?).ok()?;
        let when = self.when()?;
        let dimension = *DIMENSIONS.get(usize::from(units >> 4))?;
        let quantity = Quantity::from_atoms(i64::try_from(self.signed()?).ok()?, dimension);
        let number = self.decimal()?;
        let reference = Text::new(self.text()?);
        let line = self.text_if(flags, there::LINE)?;
        let sku = Sku::new(&self.text_if(flags, there::SKU)?);
        let by = self.text_if(flags, there::BY)?;
        let reason = self.text_if(flags, there::REASON)?;
        let note = self.text_if(flags, there::NOTE)?;
        Some(Movement {
            package,
            book: *BOOKS.get(usize::from(head >> 4))?,
            when,
            kind: self.kind(head & 0x0f, flags, &reference)?,
            reference,
            line,
            sku,
            quantity: Ordered(quantity),
            number: Ordered(number),
            unit: *UNITS.get(usize::from(units & 0x0f))?,
            reason,
            note,
            by,
        })
    }

    fn kind(&mut self, number: u8, flags: u64, reference: &str) -> Option<MovementKind> {
        Some(match number {
            kind::SALE => MovementKind::Sale(Box::new(self.sale_line(flags, reference)?)),
            kind::RETURN => MovementKind::Return(Box::new(self.sale_line(flags, reference)?)),
            kind::VOID => MovementKind::Void(Box::new(self.sale_line(flags, reference)?)),
            kind::RECEIVE => MovementKind::Receive,
            kind::ADJUST => MovementKind::Adjust(WasteClass::Other),
            kind::ADJUST_WASTE => MovementKind::Adjust(WasteClass::Waste),
            kind::DESTROY => MovementKind::Destroy,
            kind::SAMPLE => MovementKind::Sample,
            kind::CORRECTION => MovementKind::Correction { corrects: Text::new(self.text()?) },
            kind::MOVE => MovementKind::Move { from: Text::new(self.text()?), to: Text::new(self.text()?) },
            kind::CONVERT => MovementKind::Convert,
            kind::REPACKAGE => MovementKind::Repackage { product: None },
            kind::REPACKAGE_INTO => MovementKind::Repackage { product: Some(PackageTag::parse(self.text()?).ok()?) },
            kind::TRANSFER_OUT => MovementKind::TransferOut,
            kind::FINISH => MovementKind::Finish,
            _ => MovementKind::Unfinish,
        })
    }

    fn sale_line(&mut self, flags: u64, reference: &str) -> Option<SaleLine> {
        let is_there = |flag: u64| flags & flag != 0;
        let number = if is_there(there::NUMBER_IS_REFERENCE) {
            ReceiptNumber::new(reference)
        } else {
            ReceiptNumber::new(self.text()?)
        };
        Some(SaleLine {
            number,
            original: ReceiptNumber::new(&self.text_if(flags, there::ORIGINAL)?),
            terminal: self.text_if(flags, there::TERMINAL)?,
            state_receipt: self.text_if(flags, there::STATE_RECEIPT)?,
            state_number: self.text_if(flags, there::STATE_NUMBER)?,
            voided: if is_there(there::VOIDED) { Some(self.when()?) } else { None },
            price: if is_there(there::PRICE) { Some(Ordered(self.decimal()?)) } else { None },
            customer: if is_there(there::CUSTOMER) { Some(*CUSTOMERS.get(usize::from(self.byte()?))?) } else { None },
            finalized: is_there(there::FINALIZED),
            recorded: if is_there(there::RECORDED) { Some(self.moment()?) } else { None },
            modified: if is_there(there::MODIFIED) { Some(self.moment()?) } else { None },
            packages: u32::try_from(self.number()?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment() -> impl Strategy<Value = Timestamp> {
        (-2_000_000_000_i64..7_000_000_000, prop_oneof![Just(0), 0..1_000_000_000]).prop_map(|(second, rest)| {
            let rest = if second < 0 { -rest } else { rest };
            Timestamp::new(second, rest).unwrap()
        })
    }

    fn when() -> impl Strategy<Value = When> {
        (moment(), moment(), 0..3).prop_map(|(one, other, form)| match form {
            0 => When::Instant(one),
            1 => When::Twice { earlier: one, later: other },
            _ => When::Day { start: one, end: other },
        })
    }

    fn word() -> impl Strategy<Value = Text> {
        prop_oneof![Just(String::new()), "[ -~]{1,8}", "\\PC{20,40}"].prop_map(Text::new)
    }

    fn decimal() -> impl Strategy<Value = Decimal> {
        (any::<i64>(), 0_u8..=12).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale))
    }

    fn sale_line() -> impl Strategy<Value = SaleLine> {
        let texts = prop::collection::vec(word(), 5);
        let moments = (prop::option::of(when()), prop::option::of(moment()), prop::option::of(moment()));
        let rest = (prop::option::of(decimal()), prop::option::of(0_usize..8), any::<bool>(), any::<u32>());
        (texts, moments, rest).prop_map(
            |(texts, (voided, recorded, modified), (price, customer, finalized, packages))| SaleLine {
                number: ReceiptNumber::new(&texts[0]),
                original: ReceiptNumber::new(&texts[1]),
                terminal: texts[2].clone(),
                state_receipt: texts[3].clone(),
                state_number: texts[4].clone(),
                voided,
                recorded,
                modified,
                price: price.map(Ordered),
                customer: customer.map(|place| CUSTOMERS[place]),
                finalized,
                packages,
            },
        )
    }

    fn kind() -> impl Strategy<Value = MovementKind> {
        (0..16_u8, sale_line(), word(), word()).prop_map(|(number, line, one, other)| match number {
            kind::SALE => MovementKind::Sale(Box::new(line)),
            kind::RETURN => MovementKind::Return(Box::new(line)),
            kind::VOID => MovementKind::Void(Box::new(line)),
            kind::RECEIVE => MovementKind::Receive,
            kind::ADJUST => MovementKind::Adjust(WasteClass::Other),
            kind::ADJUST_WASTE => MovementKind::Adjust(WasteClass::Waste),
            kind::DESTROY => MovementKind::Destroy,
            kind::SAMPLE => MovementKind::Sample,
            kind::CORRECTION => MovementKind::Correction { corrects: one },
            kind::MOVE => MovementKind::Move { from: one, to: other },
            kind::CONVERT => MovementKind::Convert,
            kind::REPACKAGE => MovementKind::Repackage { product: None },
            kind::REPACKAGE_INTO => MovementKind::Repackage { product: Some(package()) },
            kind::TRANSFER_OUT => MovementKind::TransferOut,
            kind::FINISH => MovementKind::Finish,
            _ => MovementKind::Unfinish,
        })
    }

    fn package() -> PackageTag {
        PackageTag::parse("1A4060300002EE1000000123").unwrap()
    }

    fn movement() -> impl Strategy<Value = Movement> {
        let places = (0_usize..3, 0_usize..10, 0_usize..3);
        (prop::collection::vec(word(), 6), when(), kind(), any::<i64>(), decimal(), places, any::<bool>()).prop_map(
            |(texts, when, kind, atoms, number, (book, unit, dimension), names_itself)| {
                let mut reference = texts[0].clone();
                if let (true, MovementKind::Sale(line)) = (names_itself, &kind) {
                    reference = Text::new(line.number.as_str());
                }
                Movement {
                    package: package(),
                    book: BOOKS[book],
                    when,
                    kind,
                    reference,
                    line: texts[1].clone(),
                    sku: Sku::new(&texts[2]),
                    quantity: Ordered(Quantity::from_atoms(atoms, DIMENSIONS[dimension])),
                    number: Ordered(number),
                    unit: UNITS[unit],
                    reason: texts[3].clone(),
                    note: texts[4].clone(),
                    by: texts[5].clone(),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_the_same(movements in prop::collection::vec(movement(), 0..8)) {
            let mut packed = Packed::new();
            movements.iter().for_each(|movement| packed.push(movement));
            prop_assert_eq!(packed.unpack(package()), movements);
        }
    }
}

//! The words of the trade, one a line: numbers, units, tags, times, receipt numbers.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trueup_core::{
    Decimal, DecimalError, LicenseNumber, PackageTag, Quantity, QuantitySum, ReceiptNumber, Sku, Unit, When, Zone,
};

/// Zones with hours that are skipped and passed twice, with a half hour of summer time, with a skipped day, and with none.
static ZONES: LazyLock<Vec<Zone>> = LazyLock::new(|| {
    ["America/Los_Angeles", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
        .iter()
        .map(|name| Zone::parse(name).expect("a zone of the database"))
        .collect()
});

/// Lines beyond these are not looked at, so that an input is quick.
const LINES: usize = 12;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    let decimals: Vec<Decimal> = lines.iter().filter_map(|line| decimal(line)).collect();
    let units: Vec<Unit> = lines.iter().filter_map(|line| unit(line)).collect();
    let tags: Vec<PackageTag> = lines.iter().filter_map(|line| tag(line)).collect();
    decimal_pairs(&decimals);
    decimals.iter().for_each(|number| units.iter().for_each(|unit| quantity(*number, *unit)));
    units.iter().for_each(|unit| sums(&decimals, *unit));
    tag_pairs(&tags);
    lines.iter().for_each(|line| identifiers(line));
    for zone in ZONES.iter() {
        let times: Vec<When> = lines.iter().filter_map(|line| time(zone, line)).collect();
        time_pairs(zone, &times);
    }
});

/// A number's sign, digits and power of ten as its text has them, without zeros at either end.
fn written(text: &str) -> Option<(bool, String, i64)> {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = i64::from(exponent.parse::<i32>().ok()?);
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kept = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - kept.len()).ok()?;
    let kept = kept.trim_start_matches('0').to_owned();
    if kept.is_empty() {
        return Some((false, kept, 0));
    }
    Some((negative, kept, exponent + zeros - i64::try_from(fraction.len()).ok()?))
}

/// What parses is what was written, and prints and reads back as itself; what does not is none or does not fit.
fn decimal(text: &str) -> Option<Decimal> {
    let naive = written(text);
    let number = match Decimal::parse(text) {
        Ok(number) => number,
        Err(error) => {
            if let Some((_, digits, power)) = naive.filter(|_| text.len() <= 64) {
                let places = i64::try_from(digits.len()).expect("a short text") + power;
                match error {
                    // Exponents of more than three digits are no numbers of the trade.
                    DecimalError::Unreadable => assert!(text.contains(['e', 'E']), "{text} is a number"),
                    DecimalError::TooFine => assert!(power < -12, "{text} is not too fine"),
                    // Zeros that were written count: 19 digits in all are held.
                    DecimalError::TooLarge => assert!(text.len() >= 19 || places >= 19, "{text} is not too large"),
                }
            }
            return None;
        }
    };
    assert!(number.scale() <= Decimal::MAX_SCALE);
    let printed = number.to_string();
    assert_eq!(Decimal::parse(&printed), Ok(number), "{text} prints as {printed}");
    assert_eq!(written(&printed), naive, "{text} prints as {printed}");
    assert!(number.normal().same_value(number));
    assert_eq!(number.normal().normal(), number.normal());
    Some(number)
}

fn decimal_pairs(numbers: &[Decimal]) {
    for a in numbers {
        for b in numbers {
            let sum = a.checked_add(*b);
            assert_eq!(sum, b.checked_add(*a));
            assert_eq!(a.same_value(*b), written(&a.to_string()) == written(&b.to_string()));
            let Ok(sum) = sum else { continue };
            // The decimals of both are kept, so that the way back may be too large for them.
            let Some(negative) = b.mantissa().checked_neg() else { continue };
            let back = sum.checked_add(Decimal::new(negative, b.scale()));
            assert!(back.is_err() || back.is_ok_and(|back| back.same_value(*a)), "{a} + {b} − {b}");
        }
    }
}

fn unit(text: &str) -> Option<Unit> {
    let unit = Unit::parse(text).ok()?;
    assert_eq!(Unit::parse(unit.symbol()), Ok(unit));
    assert_eq!(Unit::parse(unit.name()), Ok(unit));
    assert_eq!(Unit::parse(&format!(" {} ", text.to_uppercase())), Ok(unit));
    Some(unit)
}

/// The nearest 10⁻¹² of the base unit, halves to even; and it prints as what it is.
fn quantity(number: Decimal, unit: Unit) {
    let Ok(quantity) = Quantity::new(number, unit) else { return };
    let scale = 10_i128.pow(u32::from(number.scale()));
    let meant = i128::from(number.mantissa()) * i128::from(unit.atoms());
    let twice_off = 2 * (i128::from(quantity.atoms()) * scale - meant);
    assert!(twice_off.abs() <= scale, "{number} {unit} is {} atoms", quantity.atoms());
    assert!(twice_off.abs() < scale || quantity.atoms() % 2 == 0, "{number} {unit}: a half goes to even");
    let printed = quantity.sum().text(unit).to_string();
    assert!(!printed.contains(['e', 'E']) && !printed.starts_with("-0") || printed.starts_with("-0."), "{printed}");
    let Ok(read) = Decimal::parse(&printed) else { return unreadable(quantity, unit, &printed) };
    let Ok(back) = Quantity::new(read, unit) else { return };
    let off = i128::from(back.atoms()) - i128::from(quantity.atoms());
    let finest = if decimal_part(unit) { 0 } else { i128::from(unit.atoms()) / 1_000_000_000_000 / 2 + 1 };
    assert!(off.abs() <= finest, "{number} {unit} prints as {printed}, which is {off} atoms off");
    if twice_off == 0 && decimal_part(unit) {
        assert!(read.same_value(number), "{number} {unit} prints as {printed}");
    }
}

fn decimal_part(unit: Unit) -> bool {
    !matches!(unit, Unit::Ounce | Unit::Pound | Unit::FluidOunce | Unit::Gallon)
}

/// Only what is finer than twelve decimals of its unit prints as something that an input may not be.
fn unreadable(quantity: Quantity, unit: Unit, printed: &str) {
    let finest = unit.atoms() / 1_000_000_000_000;
    assert!(finest > 0 && quantity.atoms() % finest != 0 || printed.len() > 19, "{printed} {unit} is not read");
}

/// Sums do not depend on order, and grams never meet pieces.
fn sums(numbers: &[Decimal], unit: Unit) {
    let terms: Vec<Quantity> = numbers.iter().filter_map(|number| Quantity::new(*number, unit).ok()).collect();
    let add = |sum: QuantitySum, term: &Quantity| sum.checked_add(term.sum()).expect("one dimension, few terms");
    let zero = QuantitySum::zero(unit.dimension());
    let sum = terms.iter().fold(zero, add);
    assert_eq!(terms.iter().rev().fold(zero, add), sum);
    let mut sorted = terms.clone();
    sorted.sort_by_key(|term| term.atoms());
    assert_eq!(sorted.iter().fold(zero, add), sum);
    assert_eq!(sum.atoms(), terms.iter().map(|term| i128::from(term.atoms())).sum::<i128>());
    for other in Unit::ALL {
        let added = sum.checked_add(QuantitySum::zero(other.dimension()));
        assert_eq!(added.is_ok(), other.dimension() == unit.dimension());
    }
    for term in terms.iter().filter(|term| !term.is_zero()) {
        let pieces = sum.whole_pieces_of(*term);
        assert!(pieces.is_none_or(|pieces| pieces * i128::from(term.atoms()) == sum.atoms()));
        assert_eq!(pieces.is_some(), sum.atoms() % i128::from(term.atoms()) == 0);
    }
}

fn tag(text: &str) -> Option<PackageTag> {
    let digits = |b: &u8| b.is_ascii_digit();
    let letters = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let fits = match text.len() {
        24 => text.as_bytes().iter().all(letters),
        16 => text.as_bytes().iter().all(digits),
        _ => false,
    };
    let tag = PackageTag::parse(text);
    assert_eq!(tag.is_ok(), fits, "{text}");
    let tag = tag.ok()?;
    assert_eq!(tag.to_string(), text);
    assert_eq!(tag.is_metrc(), text.len() == 24);
    Some(tag)
}

fn tag_pairs(tags: &[PackageTag]) {
    for a in tags {
        for b in tags {
            let (left, right) = (a.to_string(), b.to_string());
            let slip = a.misspelling(*b);
            assert_eq!(slip, b.misspelling(*a));
            assert_eq!(slip.is_some(), left.len() == right.len());
            assert_eq!(a == b, left == right);
            let Some(slip) = slip else { continue };
            assert_eq!(a.cmp(b), left.cmp(&right));
            assert_eq!(slip.places, left.bytes().zip(right.bytes()).filter(|(a, b)| a != b).count());
            assert!(!slip.neighbours_swapped || slip.places == 2);
        }
    }
}

fn identifiers(text: &str) {
    let number = ReceiptNumber::new(text);
    assert_eq!(number.as_str(), text.trim());
    let core = number.core();
    assert!(number.as_str().ends_with(core) && core.is_empty() == number.is_empty(), "{text}: {core}");
    assert_eq!(ReceiptNumber::new(core).core(), core, "the core of a core");
    if !core.is_empty() && core.bytes().all(|b| b.is_ascii_digit()) {
        for dressed in [format!("POS7-{core}"), format!("000{core}"), format!(" #{core} ")] {
            assert_eq!(ReceiptNumber::new(&dressed).core(), core, "{dressed}");
        }
    }
    let license = LicenseNumber::new(text);
    assert_eq!(LicenseNumber::new(license.as_str()), license);
    assert_eq!(license.to_string(), text.trim());
    assert_eq!(Sku::new(text).as_str(), text.trim());
}

/// A time prints as text that is the same time, to the second.
fn time(zone: &Zone, text: &str) -> Option<When> {
    let when = zone.read(text).ok()?;
    if text.contains('/') && !text.contains('[') {
        let all = text.matches('/').count() == 2 && text.matches(':').count() <= 2 && !text.contains('+');
        assert!(all, "{text} has more than a date and a time");
    }
    let (first, last) = when.bounds();
    assert!(first <= last && when.touches(first, last), "{text}");
    assert_eq!(when.moment(), first);
    assert!(when.distance(when).is_zero() && when.same_day(when, zone), "{text}");
    let printed = when.text(zone);
    let again = zone.read(&printed);
    let Ok(again) = again else { panic!("{text} prints as {printed}, which is no time: {again:?}") };
    match when {
        When::Day { .. } => assert_eq!(again, when, "{text} prints as {printed}"),
        _ => {
            assert_eq!(again.moment().as_second(), seconds(when), "{text} prints as {printed}");
            assert_eq!(printed.len(), "2026-03-08T16:20:00-07:00".len(), "{text} prints as {printed}");
        }
    }
    assert_eq!(again.text(zone), printed);
    assert!(!matches!(when.earlier(), When::Twice { .. }) && when.earlier().moment() == first);
    assert!(!zone.short(first).is_empty());
    Some(when)
}

/// Whole seconds, as they are printed: a part of a second is cut off.
fn seconds(when: When) -> i64 {
    let moment = when.moment();
    moment.as_second() - i64::from(moment.subsec_nanosecond() < 0)
}

fn time_pairs(zone: &Zone, times: &[When]) {
    for a in times {
        for b in times {
            let distance = a.distance(*b);
            assert_eq!(distance, b.distance(*a));
            assert!(!distance.is_negative());
            assert_eq!(a.days_apart(*b, zone), b.days_apart(*a, zone));
            let (first, last) = b.bounds();
            if a.touches(first, last) && !matches!(a, When::Twice { .. }) && !matches!(b, When::Twice { .. }) {
                assert!(distance.is_zero());
            }
        }
    }
}

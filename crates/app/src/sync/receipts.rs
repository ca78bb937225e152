//! What is to stand on receipts of the state: read from the POS's sale when a step is planned, put into the state's fresh copy when it
//! is carried out. What neither says is not made up: then a person edits the receipt in the state's page.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use trueup_core::{Book, CustomerType, Decimal, Movement, MovementKind, Quantity, QuantitySum, SaleLine, Unit, When};
use trueup_metrc::api::sales::{ChangedReceipt, Line, NewLine, NewReceipt, Receipt};
use trueup_metrc::api::{LocalTime, NumberText, Text};
use trueup_reconcile::{Cause, PackageBooks, Settings, Step};

/// Why a receipt is edited or reported by hand.
pub(super) type Because = &'static str;

/// What is to stand on one receipt of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineChange {
    /// The state's number of the receipt.
    pub receipt: i64,
    /// What stands there …
    pub held: String,
    /// … and what shall.
    pub target: String,
    /// The unit of both, by the state's name.
    pub unit: String,
    /// The price of what stands there, if it is known …
    pub price_before: Option<String>,
    /// … and that of what shall; none where the quantity stays, or nothing does.
    pub price: Option<String>,
    /// Another class of customer.
    pub customer: Option<String>,
    /// Another time, by the clock of the premises.
    pub sold_at: Option<LocalTime>,
}

/// One package's part of a sale that the state does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldLine {
    /// The POS's number.
    pub number: String,
    /// When it was sold, by the clock of the premises.
    pub sold_at: LocalTime,
    /// The till, where numbers may be each till's own.
    pub terminal: String,
    /// What was sold, in `unit`.
    pub quantity: String,
    /// By the state's name.
    pub unit: String,
    /// The price of all of it.
    pub price: String,
    /// The class of the customer, by the state's name.
    pub customer: String,
}

/// The POS's sale of a number, as far as it is of one package.
struct Sale<'b> {
    lines: Vec<(&'b Movement, &'b SaleLine)>,
}

impl<'b> Sale<'b> {
    /// The lines of the sale of this number that stand; of several sales of one number that nearest to `near`.
    fn of(books: &'b PackageBooks, number: &str, near: Option<When>) -> Self {
        let mut lines: Vec<_> = standing(books, Book::Pos).filter(|(_, line)| line.number.as_str() == number).collect();
        let times = lines.iter().map(|(movement, _)| movement.when);
        if let Some(first) = times.min_by_key(|when| near.map(|near| near.distance(*when))) {
            lines.retain(|(movement, _)| movement.when == first);
        }
        Self { lines }
    }

    /// What was sold.
    fn quantity(&self) -> QuantitySum {
        sold(self.lines.iter().map(|(movement, _)| *movement))
    }

    fn price(&self) -> Option<String> {
        price(self.lines.iter().map(|(_, line)| *line))
    }

    fn sold_at(&self, zone: &TimeZone) -> Option<LocalTime> {
        self.lines.first().map(|(movement, _)| movement.when.moment().to_zoned(zone.clone()).datetime())
    }

    /// The class of the customer, by the state's name: adults only, for patients have numbers.
    fn customer(&self) -> Result<&'static str, Because> {
        match self.lines.iter().find_map(|(_, line)| line.customer) {
            Some(CustomerType::Consumer | CustomerType::Adult) => Ok("Consumer"),
            Some(CustomerType::NonResidentConsumer) => Ok("NonResidentConsumer"),
            Some(_) => Err("the sale is to a patient, of whom trueup knows nothing"),
            None => Err("the POS's export does not say to what class of customer it was sold"),
        }
    }
}

/// Lines of sales that stand in a book.
fn standing(books: &PackageBooks, book: Book) -> impl Iterator<Item = (&Movement, &SaleLine)> {
    books.movements_of(book).filter_map(|movement| match &movement.kind {
        MovementKind::Sale(line) if line.voided.is_none() => Some((movement, &**line)),
        _ => None,
    })
}

/// What was sold by lines: they take away.
fn sold<'m>(lines: impl Iterator<Item = &'m Movement>) -> QuantitySum {
    let mut atoms = 0_i128;
    let mut dimension = trueup_core::Dimension::Count;
    for line in lines {
        dimension = line.quantity.0.dimension();
        atoms = atoms.saturating_sub(i128::from(line.quantity.0.atoms()));
    }
    QuantitySum::from_atoms(atoms, dimension)
}

/// The price of lines together, if each has one.
fn price<'l>(lines: impl Iterator<Item = &'l SaleLine>) -> Option<String> {
    let mut sum: Option<Decimal> = None;
    for line in lines {
        let price = line.price?.0;
        sum = Some(match sum {
            None => price,
            Some(sum) => sum.checked_add(price).ok()?,
        });
    }
    sum.map(|sum| sum.to_string())
}

fn zone_of(settings: &Settings) -> Result<TimeZone, Because> {
    TimeZone::get(settings.zone.name()).map_err(|_| "the zone of the premises is not known")
}

fn unit_of(books: &PackageBooks) -> Result<Unit, Because> {
    books.state().map(|state| state.unit).ok_or("the state does not tell of the package any more")
}

impl LineChange {
    /// What a planned step makes of a receipt, or why a person has to.
    pub(super) fn of(step: &Step, books: &PackageBooks, settings: &Settings) -> Result<Self, Because> {
        let edited = step.edits.as_ref().ok_or("the sale stands on several receipts of the state")?;
        let receipt: i64 = edited.receipt.parse().map_err(|_| "the receipt's number is not known")?;
        let unit = unit_of(books)?;
        let there: Vec<_> = standing(books, Book::State).filter(|(line, _)| line.reference == edited.receipt).collect();
        let held = sold(there.iter().map(|(line, _)| *line));
        let change = step.quantity.map_or(0, |quantity| quantity.amount.atoms());
        let target = QuantitySum::from_atoms(held.atoms().saturating_sub(change), unit.dimension());
        if target.atoms() < 0 {
            return Err("the receipt holds less than it would have to give back");
        }
        let number = step.reference.as_deref().unwrap_or_default();
        let sale = Sale::of(books, number, there.first().map(|(line, _)| line.when));
        let of_pos = sale.price().filter(|_| sale.quantity().atoms() == target.atoms());
        let price_before = price(there.iter().map(|(_, line)| *line));
        let is_price = edited.cause == Cause::PriceDiffers;
        let new_price = if change != 0 || is_price { of_pos } else { None };
        // What stood there for another quantity is no price of this one.
        if new_price.is_none() && ((change != 0 && target.atoms() > 0) || is_price) {
            return Err("the POS's export does not say at what price it was sold");
        }
        let customer = match edited.cause {
            Cause::CustomerTypeDiffers => Some(sale.customer()?.to_owned()),
            _ => None,
        };
        let sold_at = match edited.cause {
            Cause::SaleTimeDiffers => Some(sale.sold_at(&zone_of(settings)?).ok_or("the POS does not have the sale")?),
            _ => None,
        };
        Ok(Self {
            receipt,
            held: held.text(unit).to_string(),
            target: target.text(unit).to_string(),
            unit: unit.name().to_owned(),
            price_before,
            price: new_price,
            customer,
            sold_at,
        })
    }

    /// What takes it back; nothing if what was there cannot be told.
    pub(super) fn taken_back(&self) -> Option<Self> {
        let is_of_quantity = self.customer.is_none() && self.sold_at.is_none();
        let is_priced = self.price.is_some() || self.held != self.target;
        let is_known = !is_priced || self.held == "0" || self.price_before.is_some();
        (is_of_quantity && is_known).then(|| Self {
            held: self.target.clone(),
            target: self.held.clone(),
            price_before: self.price.clone().or_else(|| self.price_before.clone()),
            price: self.price_before.clone().filter(|_| is_priced),
            ..self.clone()
        })
    }
}

impl SoldLine {
    /// What the state has to be told of a package's part of a sale, or why the POS or a person has to.
    pub(super) fn of(step: &Step, books: &PackageBooks, settings: &Settings) -> Result<Self, Because> {
        let number = step.reference.as_deref().unwrap_or_default();
        let sale = Sale::of(books, number, step.sold);
        let change = step.quantity.map_or(0, |quantity| quantity.amount.atoms());
        let unit = unit_of(books)?;
        let missing = QuantitySum::from_atoms(change.saturating_neg(), unit.dimension());
        if sale.quantity().atoms() != missing.atoms() || missing.atoms() <= 0 {
            return Err("a part of the sale is in the state already");
        }
        Ok(Self {
            number: number.to_owned(),
            sold_at: sale.sold_at(&zone_of(settings)?).ok_or("the POS does not have the sale")?,
            terminal: sale.lines.first().map_or_else(String::new, |(_, line)| line.terminal.to_string()),
            quantity: missing.text(unit).to_string(),
            unit: unit.name().to_owned(),
            price: sale.price().ok_or("the POS's export does not say at what price it was sold")?,
            customer: sale.customer()?.to_owned(),
        })
    }

    /// The number that the state's receipt carries: the POS's, made the only one of its kind by the day and the till, so that it can be
    /// looked up. It still names the POS's receipt, whose number it ends with.
    fn external(&self) -> String {
        if !self.number.ends_with(|last: char| last.is_ascii_digit()) {
            return self.number.clone();
        }
        let day = self.sold_at.date().strftime("%Y%m%d");
        let till: String = self.terminal.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let till = if till.is_empty() { till } else { format!("T{till}-") };
        format!("{day}-{till}{}", self.number)
    }
}

fn number(text: &str) -> Result<NumberText, String> {
    NumberText::new(text).map_err(|_| format!("{text} is no number"))
}

/// The receipt that reports a sale: the parts of its packages together.
pub(super) fn new_receipt(parts: &[(&str, &SoldLine)]) -> Result<NewReceipt, String> {
    let (_, first) = parts.first().ok_or("a sale of nothing")?;
    if parts.iter().any(|(_, part)| (&part.customer, part.sold_at) != (&first.customer, first.sold_at)) {
        return Err("the lines of the sale do not agree on its time or its customer".to_owned());
    }
    let line = |(label, part): &(&str, &SoldLine)| {
        let (quantity, price) = (number(&part.quantity)?, number(&part.price)?);
        Ok(NewLine::new((*label).into(), quantity, part.unit.as_str().into(), price))
    };
    let lines = parts.iter().map(line).collect::<Result<Vec<_>, String>>()?;
    let mut receipt = NewReceipt::new(first.sold_at, first.customer.as_str().into(), lines);
    receipt.external_receipt_number = Some(first.external().as_str().into());
    Ok(receipt)
}

/// The state's fresh copy of a receipt with the changes in it and everything else as it is; or why not.
pub(super) fn changed_receipt(fresh: &Receipt, changes: &[(&str, &LineChange)]) -> Result<ChangedReceipt, String> {
    let id = fresh.id.ok_or("the state's receipt has no number")?;
    if fresh.archived_date.is_some() {
        return Err("the receipt is void by now".to_owned());
    }
    if fresh.is_final == Some(true) {
        return Err("the receipt is finalized".to_owned());
    }
    let kind = fresh.sales_customer_type.clone().ok_or("the receipt has no class of customer")?;
    let customer = changes.iter().find_map(|(_, change)| change.customer.as_deref());
    let is_adult = CustomerType::read(customer.unwrap_or(&kind)).is_some_and(CustomerType::is_adult);
    if !is_adult && fresh.patient_license_number.is_none() && fresh.caregiver_license_number.is_none() {
        return Err("the sale is to a patient, and the state does not tell the number: edit it in its page".to_owned());
    }
    let mut lines: Vec<NewLine> = Vec::new();
    for line in fresh.transactions.iter().filter(|line| line.archived_date.is_none()) {
        lines.push(as_it_is(line)?);
    }
    for (label, change) in changes {
        set(&mut lines, label, change)?;
    }
    if lines.is_empty() {
        return Err("nothing would be left on the receipt: void it".to_owned());
    }
    let sold_at = fresh.sales_date_time.as_deref().and_then(|text| text.parse::<LocalTime>().ok());
    let sold_at = changes.iter().find_map(|(_, change)| change.sold_at).or(sold_at).ok_or("the receipt has no time")?;
    let becomes_adult = customer.is_some();
    let mut receipt = ChangedReceipt::new(id, sold_at, customer.map_or(kind, Text::from), lines);
    receipt.external_receipt_number.clone_from(&fresh.external_receipt_number);
    if !becomes_adult {
        receipt.patient_license_number.clone_from(&fresh.patient_license_number);
        receipt.caregiver_license_number.clone_from(&fresh.caregiver_license_number);
        receipt.identification_method.clone_from(&fresh.identification_method);
        receipt.patient_registration_location_id = fresh.patient_registration_location_id;
    }
    Ok(receipt)
}

/// A line as the state has it.
fn as_it_is(line: &Line) -> Result<NewLine, String> {
    let missing = |what: &str| format!("a line of the receipt has no {what}");
    let mut new = NewLine::new(
        line.package_label.clone().ok_or_else(|| missing("package"))?,
        line.quantity_sold.clone().ok_or_else(|| missing("quantity"))?,
        line.unit_of_measure_name.clone().ok_or_else(|| missing("unit"))?,
        line.total_price.clone().ok_or_else(|| missing("price"))?,
    );
    new.unit_thc_percent.clone_from(&line.unit_thc_percent);
    new.unit_thc_content.clone_from(&line.unit_thc_content);
    new.unit_thc_content_unit_of_measure.clone_from(&line.item_unit_thc_content_unit_of_measure_name);
    new.unit_weight.clone_from(&line.unit_weight);
    new.unit_weight_unit_of_measure.clone_from(&line.item_unit_weight_unit_of_measure_name);
    new.invoice_number.clone_from(&line.invoice_number);
    new.price.clone_from(&line.price);
    new.excise_tax.clone_from(&line.excise_tax);
    new.city_tax.clone_from(&line.city_tax);
    new.county_tax.clone_from(&line.county_tax);
    new.municipal_tax.clone_from(&line.municipal_tax);
    new.discount_amount.clone_from(&line.discount_amount);
    new.sub_total.clone_from(&line.sub_total);
    new.sales_tax.clone_from(&line.sales_tax);
    Ok(new)
}

/// Puts what is to stand of a package into the lines, if what stands there is what the preview saw.
fn set(lines: &mut Vec<NewLine>, label: &str, change: &LineChange) -> Result<(), String> {
    let of_package = |line: &NewLine| line.package_label.eq_ignore_ascii_case(label);
    let mut held = 0_i128;
    for line in lines.iter().filter(|line| of_package(line)) {
        held = held.saturating_add(i128::from(atoms(line.quantity.as_str(), &line.unit_of_measure)?));
    }
    if held != i128::from(atoms(&change.held, &change.unit)?) {
        return Err(format!("the receipt does not say of {label} any more what the preview saw"));
    }
    let target = atoms(&change.target, &change.unit)?;
    let mut kept: Option<NewLine> = lines.iter().find(|line| of_package(line)).cloned();
    let is_split = lines.iter().filter(|line| of_package(line)).count() > 1;
    let moves = i128::from(target) != held;
    let is_priced = moves || change.price.is_some();
    if is_split || (is_priced && kept.as_ref().is_some_and(has_parts_of_price)) {
        return Err(format!(
            "the line of {label} has taxes or parts that only a person can divide: edit it in its page"
        ));
    }
    let place = lines.iter().position(of_package).unwrap_or(lines.len());
    lines.retain(|line| !of_package(line));
    if target == 0 {
        return Ok(());
    }
    if let Some(line) = kept.as_mut().filter(|_| moves) {
        line.quantity = number(&change.target)?;
        line.unit_of_measure = change.unit.as_str().into();
    }
    let mut line = match (kept, &change.price) {
        (Some(line), _) => line,
        (None, Some(price)) => {
            NewLine::new(label.into(), number(&change.target)?, change.unit.as_str().into(), number(price)?)
        }
        (None, None) => return Err(format!("nobody says at what price {label} was sold")),
    };
    if let Some(price) = &change.price {
        line.total_amount = number(price)?;
    }
    lines.insert(place.min(lines.len()), line);
    Ok(())
}

const fn has_parts_of_price(line: &NewLine) -> bool {
    line.excise_tax.is_some()
        || line.city_tax.is_some()
        || line.county_tax.is_some()
        || line.municipal_tax.is_some()
        || line.discount_amount.is_some()
        || line.sub_total.is_some()
        || line.sales_tax.is_some()
}

fn atoms(text: &str, unit: &str) -> Result<i64, String> {
    let unit = Unit::parse(unit).map_err(|_| format!("{unit} is no unit"))?;
    let decimal = Decimal::parse(text).map_err(|_| format!("{text} is no number"))?;
    Ok(Quantity::new(decimal, unit).map_err(|error| error.to_string())?.atoms())
}

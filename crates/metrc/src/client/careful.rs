//! Writing so that nothing is done twice and nothing is lost: send once, look, and only then send again.
//!
//! The API has no idempotency keys. A write without a usable answer may have been done, not been done, or be done later. So:
//! a row counts as done when it is seen; as not done only when it was looked for several times, over longer than a request
//! can be on its way; whatever cannot be told apart is left to a person ([`RowOutcome::Unknown`]) and never sent again.
//! What was answered with 200 is looked for, too: an answer is not an effect.

use super::Client;
use super::failure::{Failure, Problem};
use super::target::{Target, Window};
use super::transport::{Clock, Transport};
use crate::api::items::{self, BrandName, ChangedItem, NewBrand, NewItem};
use crate::api::locations::{self, ChangedLocation, ChangedSublocation, NewLocation, NewSublocation};
use crate::api::packages::{
    self, Adjust, ExternalId, FinishPackage, MovePackage, NewPackage, NewTestingPackage, Package, PackageDates,
    PackageItem, PackageLabel, PackageNote,
};
use crate::api::patients::{self, NewCheckIn, NewPatient};
use crate::api::sales::{
    self, ById, ChangedDelivery, ChangedReceipt, CompletedDelivery, Line, NewDelivery, NewLine, NewReceipt, Receipt,
};
use crate::api::{Answer, Day, Empty, LocalTime, Operation, Row, Spec, Text};
use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::time::Duration;

/// How carefully.
#[derive(Debug, Clone, Copy)]
pub struct Care {
    /// How often a row is looked for until it counts as not done.
    pub looks: u32,
    /// Between two looks. All looks together have to take longer than a request can be on its way.
    pub between: Duration,
    /// How often a row is sent at most.
    pub attempts: u32,
}

impl Default for Care {
    fn default() -> Self {
        Self { looks: 4, between: Duration::from_secs(100), attempts: 3 }
    }
}

/// What became of a row.
#[derive(Debug, Clone)]
pub enum RowOutcome {
    /// It was seen in the state.
    Done {
        /// The state's number of what was created or changed, where it has one.
        id: Option<i64>,
    },
    /// It was refused; nothing was done.
    Refused(Failure),
    /// It may have been done. A person has to look; it is not sent again.
    Unknown(Failure),
}

impl RowOutcome {
    /// It was seen in the state.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// There it is, with its number.
    Done(Option<i64>),
    /// It is not there (yet).
    NotDone,
    /// Nothing that is there could tell.
    CannotTell,
}

/// Where to look.
#[derive(Debug)]
pub struct Sight<'s, T, C> {
    client: &'s Client<T, C>,
    licence: &'s str,
    /// What was called.
    operation: Spec,
    /// When it was first sent, by the state's clock.
    since: Timestamp,
}

/// A row of a write that can be found again.
pub trait Findable: Row + Sync {
    /// Looks whether it was done.
    fn find<T: Transport, C: Clock>(
        &self,
        sight: &Sight<'_, T, C>,
    ) -> impl Future<Output = Result<Found, Failure>> + Send;
}

/// A row on its way.
struct Pending<'r, R> {
    place: usize,
    row: &'r R,
}

impl<T: Transport, C: Clock> Client<T, C> {
    /// Writes rows, and looks what became of each.
    pub async fn careful<R: Findable + Clone + Send, A: Answer>(
        &self,
        operation: &Operation<[R], A>,
        licence: &str,
        rows: &[R],
        care: Care,
    ) -> Vec<RowOutcome> {
        let mut outcomes: Vec<Option<RowOutcome>> = rows.iter().map(|_| None).collect();
        let mut pending: Vec<Pending<'_, R>> =
            rows.iter().enumerate().map(|(place, row)| Pending { place, row }).collect();
        let since = self.state_now();
        let sight = Sight { client: self, licence, operation: operation.spec, since };
        for attempt in 1..=care.attempts.max(1) {
            let sent: Vec<R> = pending.iter().map(|pending| pending.row.clone()).collect();
            let answer = self.call(operation, &Target::of(licence), sent.as_slice()).await;
            let doubt = match answer {
                Ok(_) => Failure { request: 0, operation: operation.spec, problem: Problem::NotFound },
                Err(failure) => match refused(&failure, &pending) {
                    Some(places) => {
                        places.iter().for_each(|place| outcomes[*place] = Some(RowOutcome::Refused(failure.clone())));
                        pending.retain(|row| !places.contains(&row.place));
                        failure
                    }
                    None => failure,
                },
            };
            self.look_for(&sight, &mut pending, &mut outcomes, (care, &doubt)).await;
            if pending.is_empty() {
                break;
            }
            if attempt == care.attempts.max(1) {
                pending.iter().for_each(|row| outcomes[row.place] = Some(RowOutcome::Unknown(doubt.clone())));
            }
        }
        outcomes.into_iter().flatten().collect()
    }

    /// Looks for rows until they are seen, or were looked for often enough. Left pending is what certainly was not done.
    async fn look_for<R: Findable>(
        &self,
        sight: &Sight<'_, T, C>,
        pending: &mut Vec<Pending<'_, R>>,
        outcomes: &mut [Option<RowOutcome>],
        (care, doubt): (Care, &Failure),
    ) {
        for look in 1..=care.looks.max(1) {
            let mut left = Vec::new();
            for row in pending.drain(..) {
                match row.row.find(sight).await {
                    Ok(Found::Done(id)) => outcomes[row.place] = Some(RowOutcome::Done { id }),
                    Ok(Found::NotDone) => left.push(row),
                    Ok(Found::CannotTell) => outcomes[row.place] = Some(RowOutcome::Unknown(doubt.clone())),
                    Err(failure) if look == care.looks.max(1) => {
                        outcomes[row.place] = Some(RowOutcome::Unknown(failure));
                    }
                    Err(_) => left.push(row),
                }
            }
            *pending = left;
            if pending.is_empty() || look == care.looks.max(1) {
                return;
            }
            self.clock().sleep(care.between).await;
        }
    }

    /// Removes or voids something, and looks whether it is gone. `is_gone` reads it.
    pub async fn careful_removal<F: Future<Output = Result<bool, Failure>>>(
        &self,
        operation: &Operation<(), Empty>,
        (licence, id): (&str, i64),
        care: Care,
        is_gone: impl Fn() -> F,
    ) -> RowOutcome {
        let target = Target::of(licence).at(id);
        let mut doubt = None;
        for _ in 0..care.attempts.max(1) {
            if let Err(failure) = self.get(operation, &target).await {
                if !failure.problem.is_unknown() {
                    return RowOutcome::Refused(failure);
                }
                doubt = Some(failure);
            }
            for _ in 0..care.looks.max(1) {
                match is_gone().await {
                    Ok(true) => return RowOutcome::Done { id: Some(id) },
                    Ok(false) => {}
                    Err(failure) => doubt = Some(failure),
                }
                self.clock().sleep(care.between).await;
            }
        }
        let lost = Failure { request: 0, operation: operation.spec, problem: Problem::NotFound };
        RowOutcome::Unknown(doubt.unwrap_or(lost))
    }
}

/// The places of rows that were certainly refused; `None` if it is not certain.
fn refused<R>(failure: &Failure, pending: &[Pending<'_, R>]) -> Option<Vec<usize>> {
    match &failure.problem {
        Problem::Unknown(_) => None,
        // Whether the other rows of the request were done differs from state to state: they are looked for.
        Problem::Rejected(rows) if rows.iter().all(|row| row.row.is_some()) && !rows.is_empty() => {
            let named = rows.iter().filter_map(|row| usize::try_from(row.row?).ok());
            Some(named.filter_map(|place| pending.get(place)).map(|row| row.place).collect())
        }
        _ => Some(pending.iter().map(|row| row.place).collect()),
    }
}

impl<T: Transport, C: Clock> Sight<'_, T, C> {
    fn target(&self) -> Target {
        Target::of(self.licence)
    }

    /// From a little before it was first sent.
    fn window(&self) -> Window {
        let wide = SignedDuration::from_mins(10);
        let to = self.client.state_now().checked_add(wide).unwrap_or(Timestamp::MAX);
        Window { from: self.since.checked_sub(wide).unwrap_or(Timestamp::MIN), to }
    }

    /// All of a list.
    fn listing(&self, list: &Spec) -> Target {
        let ever = Window { from: super::Pace::default().beginning, ..self.window() };
        if list.window { self.target().modified(ever) } else { self.target() }
    }

    async fn package(&self, label: &str) -> Result<Option<Package>, Failure> {
        optional(self.client.get(&packages::BY_LABEL, &self.target().at(label)).await)
    }

    /// Whether something is so of a package.
    async fn of_package(&self, label: &str, is_so: impl FnOnce(&Package) -> bool) -> Result<Found, Failure> {
        Ok(match self.package(label).await? {
            Some(package) if is_so(&package) => Found::Done(package.id),
            _ => Found::NotDone,
        })
    }
}

/// An answer of which there may be none.
fn optional<A>(answer: Result<A, Failure>) -> Result<Option<A>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Failure { problem: Problem::NotFound, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn same_text(a: Option<&Text>, b: &str) -> bool {
    a.is_some_and(|a| a.eq_ignore_ascii_case(b))
}

/// Whether lines that were sent are the lines that are there, whatever their order.
fn same_lines(sent: &[NewLine], there: &[Line]) -> bool {
    let mut rest: Vec<&Line> = there.iter().collect();
    let found = sent.iter().all(|line| {
        let is_it = |other: &&Line| {
            same_text(other.package_label.as_ref(), &line.package_label)
                && other.quantity_sold.as_ref().is_some_and(|quantity| quantity.same_value(&line.quantity))
                && same_text(other.unit_of_measure_name.as_ref(), &line.unit_of_measure)
                && other.total_price.as_ref().is_some_and(|price| price.same_value(&line.total_amount))
        };
        rest.iter().position(is_it).map(|place| rest.swap_remove(place)).is_some()
    });
    found && rest.is_empty()
}

fn same_time(there: Option<&Text>, sent: LocalTime) -> bool {
    there.and_then(|text| text.parse::<LocalTime>().ok()).is_some_and(|there| there == sent)
}

impl Findable for NewReceipt {
    /// By the external number, which has to be its own.
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let Some(number) = self.external_receipt_number.as_ref() else { return Ok(Found::CannotTell) };
        let target = sight.target().at(number);
        let is_it = |receipt: &Receipt| {
            same_time(receipt.sales_date_time.as_ref(), self.sales_date_time)
                && same_lines(&self.transactions, &receipt.transactions)
        };
        Ok(match optional(sight.client.get(&sales::RECEIPT_BY_EXTERNAL_NUMBER, &target).await)? {
            Some(receipt) if is_it(&receipt) => Found::Done(receipt.id),
            // The number is another receipt's. Ours may be hidden behind it.
            Some(_) => Found::CannotTell,
            None => Found::NotDone,
        })
    }
}

impl Findable for ChangedReceipt {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let receipt = optional(sight.client.get(&sales::RECEIPT, &sight.target().at(self.id)).await)?;
        let is_so = receipt.is_some_and(|receipt| {
            same_time(receipt.sales_date_time.as_ref(), self.sales_date_time)
                && same_text(receipt.sales_customer_type.as_ref(), &self.sales_customer_type)
                && same_lines(&self.transactions, &receipt.transactions)
        });
        Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
    }
}

impl Findable for ById {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let wanted = match sight.operation {
            spec if spec == sales::FINALIZE_RECEIPTS.spec => true,
            spec if spec == sales::UNFINALIZE_RECEIPTS.spec => false,
            _ => return Ok(Found::CannotTell),
        };
        let receipt = optional(sight.client.get(&sales::RECEIPT, &sight.target().at(self.id)).await)?;
        let is_so = receipt.is_some_and(|receipt| receipt.is_final == Some(wanted));
        Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
    }
}

impl Findable for Adjust {
    /// By the note, which has to be its own: adjustments have no number. An adjustment *to* a quantity may be found by the
    /// quantity, too.
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        if let Some(note) = self.reason_note.as_ref().filter(|note| !note.is_empty()) {
            let rows = sight.client.list(&packages::ADJUSTMENTS, &sight.target().modified(sight.window())).await?.rows;
            let is_it = |row: &&packages::Adjustment| {
                same_text(row.package_label.as_ref(), &self.label)
                    && row.adjustment_note.as_ref().is_some_and(|known| known == note)
            };
            if let Some(row) = rows.iter().find(is_it) {
                return Ok(Found::Done(row.package_id));
            }
            return Ok(Found::NotDone);
        }
        if sight.operation != packages::ADJUST_TO.spec {
            return Ok(Found::CannotTell);
        }
        let is_so = |package: &Package| {
            package.quantity.as_ref().is_some_and(|quantity| quantity.same_value(&self.quantity))
                && same_text(package.unit_of_measure_name.as_ref(), &self.unit_of_measure)
        };
        sight.of_package(&self.label, is_so).await
    }
}

impl Findable for NewPackage {
    /// A tag is used once.
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        sight.of_package(&self.tag, |_| true).await
    }
}

impl Findable for NewTestingPackage {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        sight.of_package(&self.tag, |_| true).await
    }
}

impl Findable for FinishPackage {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        sight.of_package(&self.label, |package| package.is_finished == Some(true)).await
    }
}

impl Findable for PackageLabel {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let spec = sight.operation;
        let flag = |package: &Package, to: &Spec, from: &Spec, flag: fn(&Package) -> Option<bool>| {
            (spec == *to && flag(package) == Some(true)) || (spec == *from && flag(package) == Some(false))
        };
        let is_so = |package: &Package| {
            (spec == packages::UNFINISH.spec && package.is_finished == Some(false))
                || flag(package, &packages::FLAG_DONATION.spec, &packages::UNFLAG_DONATION.spec, |it| it.is_donation)
                || flag(package, &packages::FLAG_TRADE_SAMPLE.spec, &packages::UNFLAG_TRADE_SAMPLE.spec, |it| {
                    it.is_trade_sample
                })
                || flag(package, &packages::FLAG_FINISHED_GOOD.spec, &packages::UNFLAG_FINISHED_GOOD.spec, |it| {
                    it.is_finished_good
                })
        };
        sight.of_package(&self.label, is_so).await
    }
}

impl Findable for MovePackage {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so = |package: &Package| {
            let within = match &self.sublocation {
                Some(sublocation) => same_text(package.sublocation_name.as_ref(), sublocation),
                None => package.sublocation_name.is_none(),
            };
            within && same_text(package.location_name.as_ref(), &self.location)
        };
        sight.of_package(&self.label, is_so).await
    }
}

impl Findable for PackageItem {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so =
            |package: &Package| package.item.as_ref().is_some_and(|item| same_text(item.name.as_ref(), &self.item));
        sight.of_package(&self.label, is_so).await
    }
}

impl Findable for PackageNote {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so = |package: &Package| package.note.as_deref().unwrap_or("") == self.note.as_str();
        sight.of_package(&self.package_label, is_so).await
    }
}

impl Findable for ExternalId {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so = |package: &Package| package.external_id.as_deref() == Some(self.external_id.as_str());
        sight.of_package(&self.package_label, is_so).await
    }
}

impl Findable for PackageDates {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let same = |there: Option<&Text>, sent: Option<Day>| {
            there.map(Text::as_str) == sent.map(|day| day.to_string()).as_deref()
        };
        let is_so = |package: &Package| {
            same(package.expiration_date.as_ref(), self.expiration_date)
                && same(package.sell_by_date.as_ref(), self.sell_by_date)
                && same(package.use_by_date.as_ref(), self.use_by_date)
        };
        sight.of_package(&self.label, is_so).await
    }
}

impl<T: Transport, C: Clock> Sight<'_, T, C> {
    /// A delivery of the same time and the same lines, recorded since it was first sent: deliveries have no number of ours.
    async fn delivery(&self, sold_at: LocalTime, lines: &[NewLine]) -> Result<Found, Failure> {
        // The state's clock is known to the second.
        let since = self.since.checked_sub(SignedDuration::from_secs(2)).unwrap_or(Timestamp::MIN);
        for list in [&sales::DELIVERIES_ACTIVE, &sales::DELIVERIES_INACTIVE] {
            let rows = self.client.list(list, &self.target().modified(self.window())).await?.rows;
            for row in rows {
                let recorded = row.recorded_date_time.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
                let is_new = recorded.is_some_and(|at| at >= since);
                if !is_new || !same_time(row.sales_date_time.as_ref(), sold_at) {
                    continue;
                }
                let target = self.target().at(row.id.unwrap_or_default());
                if same_lines(lines, &self.client.get(&sales::DELIVERY, &target).await?.transactions) {
                    return Ok(Found::Done(row.id));
                }
            }
        }
        Ok(Found::NotDone)
    }
}

impl Findable for NewDelivery {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        sight.delivery(self.sales_date_time, &self.transactions).await
    }
}

impl Findable for ChangedDelivery {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let delivery = optional(sight.client.get(&sales::DELIVERY, &sight.target().at(self.id)).await)?;
        let is_so = delivery.is_some_and(|delivery| {
            same_time(delivery.sales_date_time.as_ref(), self.sales_date_time)
                && same_lines(&self.transactions, &delivery.transactions)
        });
        Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
    }
}

impl Findable for CompletedDelivery {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let delivery = optional(sight.client.get(&sales::DELIVERY, &sight.target().at(self.id)).await)?;
        let is_so = delivery.is_some_and(|delivery| delivery.completed_date_time.is_some());
        Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
    }
}

impl Findable for NewPatient {
    /// A patient is registered once.
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let rows = sight.client.list(&patients::ACTIVE, &sight.target()).await?.rows;
        let found = rows.iter().find(|row| row.license_number.as_ref() == Some(&self.license_number));
        Ok(found.map_or(Found::NotDone, |row| Found::Done(row.patient_id)))
    }
}

impl Findable for NewCheckIn {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let rows = sight.client.list(&patients::CHECK_INS, &sight.target()).await?.rows;
        let is_it = |row: &&patients::CheckIn| {
            row.patient_license_number.as_ref() == Some(&self.patient_license_number)
                && row.check_in_date.as_deref() == Some(self.check_in_date.to_string().as_str())
        };
        Ok(rows.iter().find(is_it).map_or(Found::NotDone, |row| Found::Done(row.id)))
    }
}

/// What is found by its name, which is there once, on a list.
macro_rules! found_by_name {
    ($($row:ty: $list:expr;)*) => {
        $(impl Findable for $row {
            async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
                let rows = sight.client.list(&$list, &sight.listing(&$list.spec)).await?.rows;
                let found = rows.iter().find(|row| same_text(row.name.as_ref(), &self.name));
                Ok(found.map_or(Found::NotDone, |row| Found::Done(row.id)))
            }
        })*
    };
}
found_by_name! {
    NewItem: items::ACTIVE;
    NewBrand: items::BRANDS;
    NewLocation: locations::ACTIVE;
    NewSublocation: locations::SUBLOCATIONS_ACTIVE;
}

/// What is found by its number, and has its new name if it was changed.
macro_rules! found_by_number {
    ($($row:ty: $one:expr;)*) => {
        $(impl Findable for $row {
            async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
                let found = optional(sight.client.get(&$one, &sight.target().at(self.id)).await)?;
                let is_so = found.is_some_and(|row| same_text(row.name.as_ref(), &self.name));
                Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
            }
        })*
    };
}
found_by_number! {
    ChangedItem: items::BY_ID;
    ChangedLocation: locations::BY_ID;
    ChangedSublocation: locations::SUBLOCATION;
}

impl Findable for BrandName {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let rows = sight.client.list(&items::BRANDS, &sight.target()).await?.rows;
        let is_so = rows.iter().any(|row| row.id == Some(self.id) && same_text(row.name.as_ref(), &self.name));
        Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
    }
}

//! Writing so that nothing is done twice and nothing is lost: send once, look, and only then send again.
//!
//! The API has no idempotency keys. A write without a usable answer may have been done, not been done, or be done later. So:
//! a row counts as done when it is seen; as not done only when it was looked for several times, over longer than a request
//! can be on its way, and the last look could see; whatever cannot be told apart is left to a person
//! ([`RowOutcome::Unknown`]) and never sent again. What was answered with 200 is looked for, too: an answer is not an effect.
//!
//! What a look goes by is what was sent, as far as the state shows it. Where somebody else could have undone or done the same
//! meanwhile (a package was modified since), a look says that it cannot tell.

use super::Client;
use super::failure::{Failure, Lost, Problem, Rejection};
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
use crate::api::{Answer, Day, Empty, LocalTime, NumberText, Operation, Private, Row, Spec, Text};
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
    Unknown {
        /// The write whose effect is not known.
        write: Failure,
        /// Why looking did not tell, where it failed.
        look: Option<Failure>,
    },
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
    doubt: Doubt,
}

/// What is known of a row that was sent and not seen.
#[derive(Clone)]
struct Doubt {
    write: Failure,
    /// The answer refused it: if it is not seen, it is not sent again.
    refused: Option<Certainty>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// Nothing was sent before.
    Certain,
    /// An attempt before may have had an effect.
    AfterDoubt,
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
        // From a little before: the state's clock is known to the second.
        let since = self.known_time().await.checked_sub(CLOCK_GRAIN).unwrap_or(Timestamp::MIN);
        let sight = Sight { client: self, licence, operation: operation.spec, since };
        let mut left: Vec<(usize, &R)> = rows.iter().enumerate().collect();
        for attempt in 1..=care.attempts.max(1) {
            let sent: Vec<R> = left.iter().map(|(_, row)| (*row).clone()).collect();
            let (request, answer) = self.call_numbered(operation, &Target::of(licence), sent.as_slice()).await;
            let write = |problem| Failure { request, operation: operation.spec, problem };
            let certainty = if attempt == 1 { Certainty::Certain } else { Certainty::AfterDoubt };
            let mut pending = Vec::new();
            for (number, (place, row)) in left.iter().enumerate() {
                let doubt = doubt_of(answer.as_ref().err(), (number, left.len()), certainty, &write);
                match doubt {
                    Ok(doubt) => pending.push(Pending { place: *place, row: *row, doubt }),
                    Err(refused) => outcomes[*place] = Some(RowOutcome::Refused(refused)),
                }
            }
            left = self.look_for(&sight, pending, &mut outcomes, care).await;
            if left.is_empty() {
                break;
            }
            if attempt == care.attempts.max(1) {
                let problem = answer.err().unwrap_or(Problem::Unknown(Lost::NotSeen));
                for (place, _) in &left {
                    outcomes[*place] = Some(RowOutcome::Unknown { write: write(problem.clone()), look: None });
                }
            }
        }
        outcomes.into_iter().flatten().collect()
    }

    /// Looks for rows until they are seen, or were looked for often enough. Gives those that certainly were not done and may
    /// be sent again.
    async fn look_for<'r, R: Findable>(
        &self,
        sight: &Sight<'_, T, C>,
        mut pending: Vec<Pending<'r, R>>,
        outcomes: &mut [Option<RowOutcome>],
        care: Care,
    ) -> Vec<(usize, &'r R)> {
        let mut again = Vec::new();
        for look in 1..=care.looks.max(1) {
            let is_last = look == care.looks.max(1);
            for row in std::mem::take(&mut pending) {
                let unknown = |look| RowOutcome::Unknown { write: row.doubt.write.clone(), look };
                match row.row.find(sight).await {
                    Ok(Found::Done(id)) => outcomes[row.place] = Some(RowOutcome::Done { id }),
                    Ok(Found::CannotTell) => outcomes[row.place] = Some(unknown(None)),
                    Err(failure) if is_last => outcomes[row.place] = Some(unknown(Some(failure))),
                    Ok(Found::NotDone) if is_last => match row.doubt.refused {
                        None => again.push((row.place, row.row)),
                        Some(Certainty::Certain) => {
                            outcomes[row.place] = Some(RowOutcome::Refused(row.doubt.write.clone()));
                        }
                        Some(Certainty::AfterDoubt) => outcomes[row.place] = Some(unknown(None)),
                    },
                    Ok(Found::NotDone) | Err(_) => pending.push(row),
                }
            }
            if pending.is_empty() {
                break;
            }
            self.clock().sleep(care.between).await;
        }
        again
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
        let mut doubt: Option<Failure> = None;
        for _ in 0..care.attempts.max(1) {
            let (request, answer) = self.call_numbered(operation, &target, &()).await;
            let problem = answer.err().unwrap_or(Problem::Unknown(Lost::NotSeen));
            let write = Failure { request, operation: operation.spec, problem };
            if !write.problem.is_unknown() && doubt.is_none() {
                return RowOutcome::Refused(write);
            }
            // A refusal after a doubt may be of what is gone already.
            let may_send_again = write.problem.is_unknown();
            let write = doubt.get_or_insert(write).clone();
            let mut last = Ok(false);
            for look in 0..care.looks.max(1) {
                if look > 0 {
                    self.clock().sleep(care.between).await;
                }
                last = is_gone().await;
                if let Ok(true) = last {
                    return RowOutcome::Done { id: Some(id) };
                }
            }
            match last {
                Err(look) => return RowOutcome::Unknown { write, look: Some(look) },
                Ok(_) if !may_send_again => return RowOutcome::Unknown { write, look: None },
                Ok(_) => {}
            }
        }
        let lost = Failure { request: 0, operation: operation.spec, problem: Problem::Unknown(Lost::NotSeen) };
        RowOutcome::Unknown { write: doubt.unwrap_or(lost), look: None }
    }
}

/// How far the state's clock, as we know it, may be off.
const CLOCK_GRAIN: SignedDuration = SignedDuration::from_secs(5);

/// What is to be thought of the row of this number of so many, by the answer to its request; `Err` if it was certainly
/// refused.
fn doubt_of(
    problem: Option<&Problem>,
    (number, count): (usize, usize),
    certainty: Certainty,
    write: &impl Fn(Problem) -> Failure,
) -> Result<Doubt, Failure> {
    let in_doubt = |problem: Problem| Ok(Doubt { write: write(problem), refused: None });
    let refused = |problem: &Problem| match certainty {
        Certainty::Certain => Err(write(problem.clone())),
        after => Ok(Doubt { write: write(Problem::Unknown(Lost::Refused)), refused: Some(after) }),
    };
    match problem {
        None => in_doubt(Problem::Unknown(Lost::NotSeen)),
        Some(unknown @ Problem::Unknown(_)) => in_doubt(unknown.clone()),
        Some(problem @ Problem::Rejected(rows)) => {
            let is_named = |row: &Rejection| row.row.and_then(|row| usize::try_from(row).ok()) == Some(number);
            let all_named = !rows.is_empty() && rows.iter().all(|row| row.row.is_some());
            match (rows.iter().any(is_named), all_named) {
                (true, _) => refused(problem),
                // Whether the other rows of the request were done differs from state to state: they are looked for.
                (false, true) => in_doubt(Problem::Unknown(Lost::NotSeen)),
                (false, false) if count == 1 => refused(problem),
                // Nobody says which rows are meant: if this one is not there, it was refused.
                (false, false) => Ok(Doubt { write: write(problem.clone()), refused: Some(certainty) }),
            }
        }
        Some(problem) => refused(problem),
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

    /// Whether anything was done to a package since it was first sent.
    fn is_touched(&self, package: &Package) -> bool {
        let modified = package.last_modified.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
        modified.is_none_or(|modified| modified >= self.since)
    }

    /// Whether a package is as it was set. If it is not, and somebody did something to it since, that tells nothing.
    async fn set_on_package(&self, label: &str, is_so: impl FnOnce(&Package) -> bool) -> Result<Found, Failure> {
        Ok(match self.package(label).await? {
            None => Found::NotDone,
            Some(package) if is_so(&package) => Found::Done(package.id),
            Some(package) if self.is_touched(&package) => Found::CannotTell,
            Some(_) => Found::NotDone,
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
            Some(receipt) if receipt.archived_date.is_none() && is_it(&receipt) => Found::Done(receipt.id),
            // The number is another receipt's, or that of one that was voided. Ours may be hidden behind it.
            Some(_) => Found::CannotTell,
            None => Found::NotDone,
        })
    }
}

impl Findable for ChangedReceipt {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let receipt = optional(sight.client.get(&sales::RECEIPT, &sight.target().at(self.id)).await)?;
        let is_so = receipt.is_some_and(|receipt| {
            let same = |sent: &Option<Private>, there: &Option<Private>| sent.is_none() || sent == there;
            let number = self.external_receipt_number.as_ref();
            same_time(receipt.sales_date_time.as_ref(), self.sales_date_time)
                && same_text(receipt.sales_customer_type.as_ref(), &self.sales_customer_type)
                && same_lines(&self.transactions, &receipt.transactions)
                && number.is_none_or(|number| receipt.external_receipt_number.as_ref() == Some(number))
                && same(&self.patient_license_number, &receipt.patient_license_number)
                && same(&self.caregiver_license_number, &receipt.caregiver_license_number)
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
    /// By the note, which has to be its own: adjustments have no number. If none is there, but the package was modified since,
    /// nothing is certain; a change is not sent twice on a guess. An adjustment *to* a quantity without a note is found by the
    /// quantity.
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let to = sight.operation == packages::ADJUST_TO.spec;
        let holds = |package: &Package| {
            package.quantity.as_ref().is_some_and(|quantity| quantity.same_value(&self.quantity))
                && same_text(package.unit_of_measure_name.as_ref(), &self.unit_of_measure)
        };
        let Some(note) = self.reason_note.as_ref().filter(|note| !note.is_empty()) else {
            return if to { sight.set_on_package(&self.label, holds).await } else { Ok(Found::CannotTell) };
        };
        let rows = sight.client.list(&packages::ADJUSTMENTS, &sight.target().modified(sight.window())).await?.rows;
        let same_change = |row: &packages::Adjustment| {
            let quantity = row.adjustment_quantity.as_ref();
            // Of an adjustment *to* a quantity the list has the change, which we do not know.
            to || (quantity.is_some_and(|quantity| quantity.same_value(&self.quantity))
                && same_text(row.adjustment_unit_of_measure_name.as_ref(), &self.unit_of_measure))
        };
        let is_it = |row: &&packages::Adjustment| {
            same_text(row.package_label.as_ref(), &self.label)
                && row.adjustment_note.as_ref().is_some_and(|known| known == note)
                && same_change(row)
        };
        match rows.iter().find(is_it) {
            Some(row) => Ok(Found::Done(row.package_id)),
            None => sight.set_on_package(&self.label, |_| false).await,
        }
    }
}

/// A tag is used once: what is on it is ours if it is what we sent.
async fn on_tag<T: Transport, C: Clock>(
    sight: &Sight<'_, T, C>,
    tag: &str,
    (item, quantity, unit): (&str, &NumberText, &str),
) -> Result<Found, Failure> {
    Ok(match sight.package(tag).await? {
        None => Found::NotDone,
        Some(package) => {
            let same_item = package.item.as_ref().is_some_and(|there| same_text(there.name.as_ref(), item));
            let original = package.original_package_quantity.as_ref();
            let same_quantity = original.is_some_and(|original| original.same_value(quantity));
            let same_unit = same_text(package.unit_of_measure_name.as_ref(), unit);
            if same_item && same_quantity && same_unit { Found::Done(package.id) } else { Found::CannotTell }
        }
    })
}

impl Findable for NewPackage {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        on_tag(sight, &self.tag, (&self.item, &self.quantity, &self.unit_of_measure)).await
    }
}

impl Findable for NewTestingPackage {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        on_tag(sight, &self.tag, (&self.item, &self.quantity, &self.unit_of_measure)).await
    }
}

impl Findable for FinishPackage {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        sight.set_on_package(&self.label, |package| package.is_finished == Some(true)).await
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
        sight.set_on_package(&self.label, is_so).await
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
        sight.set_on_package(&self.label, is_so).await
    }
}

impl Findable for PackageItem {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so =
            |package: &Package| package.item.as_ref().is_some_and(|item| same_text(item.name.as_ref(), &self.item));
        sight.set_on_package(&self.label, is_so).await
    }
}

impl Findable for PackageNote {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so = |package: &Package| package.note.as_deref().unwrap_or("") == self.note.as_str();
        sight.set_on_package(&self.package_label, is_so).await
    }
}

impl Findable for ExternalId {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let is_so = |package: &Package| package.external_id.as_deref() == Some(self.external_id.as_str());
        sight.set_on_package(&self.package_label, is_so).await
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
        sight.set_on_package(&self.label, is_so).await
    }
}

impl<T: Transport, C: Clock> Sight<'_, T, C> {
    /// A delivery of the same time and the same lines, recorded since it was first sent: deliveries have no number of ours.
    async fn delivery(&self, sold_at: LocalTime, lines: &[NewLine]) -> Result<Found, Failure> {
        for list in [&sales::DELIVERIES_ACTIVE, &sales::DELIVERIES_INACTIVE] {
            let rows = self.client.list(list, &self.target().modified(self.window())).await?.rows;
            for row in rows {
                let recorded = row.recorded_date_time.as_ref().and_then(|text| text.parse::<Timestamp>().ok());
                let is_new = recorded.is_some_and(|at| at >= self.since);
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

/// What is found by its number, and is as it was changed if what was sent of it is there.
macro_rules! found_by_number {
    ($($row:ty: $one:expr, |$sent:ident, $there:ident| $is_so:expr;)*) => {
        $(impl Findable for $row {
            async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
                let found = optional(sight.client.get(&$one, &sight.target().at(self.id)).await)?;
                let $sent = self;
                let is_so = found.is_some_and(|$there| same_text($there.name.as_ref(), &$sent.name) && $is_so);
                Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
            }
        })*
    };
}
found_by_number! {
    ChangedItem: items::BY_ID, |sent, there| {
        same_text(there.product_category_name.as_ref(), &sent.item_category)
            && same_text(there.unit_of_measure_name.as_ref(), &sent.unit_of_measure)
            && sent.strain.as_ref().is_none_or(|strain| same_text(there.strain_name.as_ref(), strain))
    };
    ChangedLocation: locations::BY_ID, |sent, there| {
        same_text(there.location_type_name.as_ref(), &sent.location_type_name)
    };
    ChangedSublocation: locations::SUBLOCATION, |_sent, _there| true;
}

impl Findable for BrandName {
    async fn find<T: Transport, C: Clock>(&self, sight: &Sight<'_, T, C>) -> Result<Found, Failure> {
        let rows = sight.client.list(&items::BRANDS, &sight.target()).await?.rows;
        let is_so = rows.iter().any(|row| row.id == Some(self.id) && same_text(row.name.as_ref(), &self.name));
        Ok(if is_so { Found::Done(Some(self.id)) } else { Found::NotDone })
    }
}

//! Reading everything of a licence that changed since the last time, and proving that nothing is missing.
//!
//! - Lists are asked for by windows of `lastModified`, the oldest first: what changes meanwhile moves forward and is in a
//!   later window. Windows are so short that a list holds still while it is read. The first begins before the last change that
//!   was seen, by [`Pace::overlap`]; they go by the state's clock, not by ours: that of its records, and of its answers.
//! - Each window counts once it was handed on: a pull that fails goes on from there.
//! - A record that moves back between two lists while both are read (a hold that is released) is on neither; it was modified,
//!   so that the next pull gives it. Who pulls once pulls until nothing changes.
//! - Each list of each window is proven whole ([`Proven`]).
//! - Lists have receipts and deliveries without their lines; each that changed is fetched by its number, once.
//! - Adjustments have no number. What was read last is asked for again the next time, and what is there more often than it was
//!   is new.

use super::Client;
use super::failure::{Failure, Problem, Unauthorised};
use super::list::{Listed, Proven};
use super::target::{Target, Window};
use super::transport::{Clock, Transport};
use crate::api::packages::{self, Adjustment, Package};
use crate::api::sales::{self, Delivery, Receipt};
use crate::api::transfers::{self, DeliveryPackage, Transfer};
use crate::api::{Answer, One, Operation, Page};
use crate::error::Fault;
use crate::wire::Text;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How a licence is pulled.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How far windows overlap: longer than a change takes to be seen in the lists.
    pub overlap: SignedDuration,
    /// The longest window that the state accepts; any, until it says otherwise.
    pub longest_window: Option<SignedDuration>,
    /// Where the first pull begins.
    pub beginning: Timestamp,
}

impl Default for Pace {
    fn default() -> Self {
        let beginning = Timestamp::from_second(1_388_534_400).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { overlap: SignedDuration::from_mins(10), longest_window: None, beginning }
    }
}

/// A list of the API that is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the lists")]
pub enum List {
    PackagesActive,
    PackagesOnHold,
    PackagesInactive,
    PackagesInTransit,
    ReceiptsActive,
    ReceiptsInactive,
    DeliveriesActive,
    DeliveriesInactive,
    Adjustments,
    TransfersIncoming,
    TransfersOutgoing,
}

/// Something that changed, or is told again.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "each is handed on at once")]
pub enum Changed {
    /// A package, and the list that it is on.
    Package(Package, List),
    /// A receipt with its lines.
    Receipt(Receipt),
    /// A sales delivery with its lines.
    Delivery(Delivery),
    /// An adjustment, given once.
    Adjustment(Adjustment),
    /// A transfer with the packages of its delivery.
    Transfer(Transfer, Vec<DeliveryPackage>, List),
}

/// What is known of one list after a pull.
#[derive(Debug, Clone, Default)]
struct Mark {
    /// Everything before was handed on, by the state's clock.
    upto: Option<Timestamp>,
    /// Numbers of what was seen within the overlap, with the change that was seen.
    seen: BTreeMap<(i64, i64), Text>,
    /// Of adjustments: where the last stretch began, and all that was in it.
    tail: Option<Timestamp>,
    tail_rows: Vec<Adjustment>,
}

/// What is still to be read of a list.
struct Stretch {
    list: List,
    from: Timestamp,
    to: Timestamp,
}

/// Up to where a licence was pulled. The next pull goes on from there.
#[derive(Debug, Clone, Default)]
pub struct Cursor {
    marks: BTreeMap<List, Mark>,
    /// The state refused a longer window.
    longest_window: Option<SignedDuration>,
}

/// One list of one window, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The list.
    pub list: List,
    /// From when to when.
    pub window: Window,
    /// Rows that every page promised and that were found, each once.
    pub rows: u64,
    /// How often it was read until its pages agreed.
    pub passes: u32,
}

/// What a pull came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By the state's clock, when it began: everything of before was read.
    pub as_of: Timestamp,
    /// Each list of each window.
    pub proofs: Vec<Proof>,
    /// Lists that this user or this kind of licence may not read.
    pub not_permitted: Vec<List>,
    /// Names of fields that this crate does not know.
    pub unknown_fields: Vec<String>,
}

/// A row that tells when it was last modified.
trait Dated: Listed {
    fn last_modified(&self) -> Option<&Text>;

    fn moment(&self) -> Option<Timestamp> {
        self.last_modified()?.parse().ok()
    }
}

macro_rules! dated {
    ($($row:ty),*) => {
        $(impl Dated for $row {
            fn last_modified(&self) -> Option<&Text> {
                self.last_modified.as_ref()
            }
        })*
    };
}
dated!(Package, Receipt, Delivery, Transfer);

/// A pull under way.
struct Pull<'p, T, C> {
    client: &'p Client<T, C>,
    licence: &'p str,
    pace: Pace,
    now: Timestamp,
    cursor: &'p mut Cursor,
    report: Report,
}

impl<T: Transport, C: Clock> Client<T, C> {
    /// Gives `sink` everything of a licence that changed since `cursor`, which moves on as it is given.
    ///
    /// # Errors
    /// Any [`Problem`]. What was given before counts; of the list at fault some may be given again.
    pub async fn pull(
        &self,
        licence: &str,
        pace: Pace,
        cursor: &mut Cursor,
        sink: &mut (dyn FnMut(Changed) + Send),
    ) -> Result<Report, Failure> {
        let now = self.ask_time().await?;
        let mut pull =
            Pull { client: self, licence, pace, now, cursor, report: Report { as_of: now, ..Report::default() } };
        pull.packages(sink).await?;
        pull.sales(sink).await?;
        pull.adjustments(sink).await?;
        pull.transfers(sink).await?;
        Ok(pull.report)
    }
}

impl<T: Transport, C: Clock> Pull<'_, T, C> {
    async fn packages(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        for (list, operation) in [
            (List::PackagesInTransit, &packages::IN_TRANSIT),
            (List::PackagesActive, &packages::ACTIVE),
            (List::PackagesOnHold, &packages::ON_HOLD),
            (List::PackagesInactive, &packages::INACTIVE),
        ] {
            let mut stretch = self.stretch(list);
            while let Some((rows, mark)) = self.next(operation, &mut stretch).await? {
                rows.into_iter().for_each(|package| sink(Changed::Package(package, list)));
                self.cursor.marks.insert(list, mark);
            }
        }
        Ok(())
    }

    async fn sales(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        for (list, operation) in
            [(List::ReceiptsActive, &sales::RECEIPTS_ACTIVE), (List::ReceiptsInactive, &sales::RECEIPTS_INACTIVE)]
        {
            let mut stretch = self.stretch(list);
            while let Some((rows, mark)) = self.next(operation, &mut stretch).await? {
                self.details(&sales::RECEIPT, rows, |receipt| sink(Changed::Receipt(receipt))).await?;
                self.cursor.marks.insert(list, mark);
            }
        }
        for (list, operation) in [
            (List::DeliveriesActive, &sales::DELIVERIES_ACTIVE),
            (List::DeliveriesInactive, &sales::DELIVERIES_INACTIVE),
        ] {
            let mut stretch = self.stretch(list);
            while let Some((rows, mark)) = self.next(operation, &mut stretch).await? {
                self.details(&sales::DELIVERY, rows, |delivery| sink(Changed::Delivery(delivery))).await?;
                self.cursor.marks.insert(list, mark);
            }
        }
        Ok(())
    }

    async fn transfers(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        for (list, operation) in
            [(List::TransfersIncoming, &transfers::INCOMING), (List::TransfersOutgoing, &transfers::OUTGOING)]
        {
            let mut stretch = self.stretch(list);
            while let Some((rows, mark)) = self.next(operation, &mut stretch).await? {
                for transfer in rows {
                    let of_delivery = Target::new().at(transfer.delivery_id.unwrap_or_default());
                    let packages = self.client.list(&transfers::PACKAGES, &of_delivery).await?;
                    self.note_fields(packages.unknown_fields);
                    sink(Changed::Transfer(transfer, packages.rows, list));
                }
                self.cursor.marks.insert(list, mark);
            }
        }
        Ok(())
    }

    /// Everything of these rows, some at once, in their order.
    async fn details<R: Dated>(
        &self,
        operation: &Operation<(), One<R>>,
        rows: Vec<R>,
        mut sink: impl FnMut(R),
    ) -> Result<(), Failure>
    where
        One<R>: Answer<Out = R>,
    {
        let numbers = rows.iter().filter_map(|row| match row.key() {
            Some(super::Key::Number(id, _)) => Some((id, row.moment())),
            _ => None,
        });
        let numbers: Vec<_> = numbers.collect();
        let detail = |(id, at)| self.detail(operation, id, at);
        let mut details = stream::iter(numbers).map(detail).buffered(self.client.policy().at_once.max(1));
        while let Some(detail) = details.next().await {
            sink(detail?);
        }
        Ok(())
    }

    /// One record, as it is since it was modified: an answer of before, from some cache on the way, is none.
    async fn detail<R: Dated>(
        &self,
        operation: &Operation<(), One<R>>,
        id: i64,
        modified: Option<Timestamp>,
    ) -> Result<R, Failure>
    where
        One<R>: Answer<Out = R>,
    {
        let policy = self.client.policy();
        for _ in 0..policy.attempts.max(1) {
            let record = self.client.get(operation, &Target::of(self.licence).at(id)).await?;
            // A record without a moment cannot be told from an older one.
            if modified.zip(record.moment()).is_none_or(|(modified, at)| at >= modified) {
                return Ok(record);
            }
            self.client.clock().sleep(policy.pause).await;
        }
        let fault =
            Fault::new("an answer of before the record's last change", "the record as it is", "ask again later");
        let problem =
            Problem::Damaged(Box::new(fault.in_field("LastModified").locate(&operation.spec.to_string(), None)));
        Err(Failure { request: 0, operation: operation.spec, problem })
    }

    /// What is to be read of a list.
    fn stretch(&self, list: List) -> Stretch {
        let upto = self.cursor.marks.get(&list).and_then(|mark| mark.upto);
        let from = upto.map_or(self.pace.beginning, |upto| earlier(upto, self.pace.overlap));
        Stretch { list, from, to: later(self.now, self.pace.overlap) }
    }

    /// The rows of the next window that changed since they were seen, and what is known of the list once they are handed on;
    /// `None` if there are no more, or the list may not be read.
    async fn next<R: Dated>(
        &mut self,
        operation: &Operation<(), Page<R>>,
        stretch: &mut Stretch,
    ) -> Result<Option<(Vec<R>, Mark)>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        let Some((window, rows)) = self.window(operation, stretch).await? else { return Ok(None) };
        let mut mark = self.cursor.marks.get(&stretch.list).cloned().unwrap_or_default();
        let mut last = None;
        let mut changed = Vec::new();
        for row in rows {
            let Some(super::Key::Number(id, sub_id)) = row.key() else {
                return Err(without_number(operation));
            };
            let at = row.last_modified().cloned().unwrap_or_default();
            last = last.max(row.moment());
            if mark.seen.insert((id, sub_id), at.clone()) != Some(at) {
                changed.push(row);
            }
        }
        // What lies well behind the state's clock is done with; of the rest the last change tells how far it was seen.
        let is_past = window.to <= earlier(self.now, self.pace.overlap);
        let reached = if is_past { Some(window.to) } else { last.map(|last| last.min(self.now)) };
        mark.upto = mark.upto.max(reached);
        let kept = mark.upto.map(|upto| earlier(upto, self.pace.overlap));
        mark.seen.retain(|_, at| kept.is_none_or(|kept| at.parse().map_or(true, |at: Timestamp| at >= kept)));
        Ok(Some((changed, mark)))
    }

    /// Reads the next window, as long a one as holds still; `None` if there is none, or the list may not be read.
    async fn window<R: Listed>(
        &mut self,
        operation: &Operation<(), Page<R>>,
        stretch: &mut Stretch,
    ) -> Result<Option<(Window, Vec<R>)>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        let Stretch { list, from, .. } = *stretch;
        let mut to = stretch.to;
        while from < to {
            let longest = self.cursor.longest_window.or(self.pace.longest_window);
            to = longest.map_or(to, |longest| later(from, longest).min(to));
            let window = Window { from, to };
            let target = Target::of(self.licence).modified(window);
            let halved = later(from, to.duration_since(from) / 2);
            let may_halve = to.duration_since(from) > SHORTEST_WINDOW;
            match self.client.list_of(operation, &target, may_halve.then_some(MOST_PAGES)).await {
                Ok(Some(Proven { rows, total, passes, unknown_fields })) => {
                    self.report.proofs.push(Proof { list, window, rows: total, passes });
                    self.note_fields(unknown_fields);
                    stretch.from = to;
                    return Ok(Some((window, rows)));
                }
                Ok(None) => to = halved,
                Err(failure) => match failure.problem {
                    Problem::Moving { .. } if may_halve => to = halved,
                    Problem::Rejected(_) if to.duration_since(from) > A_DAY => self.cursor.longest_window = Some(A_DAY),
                    Problem::Unauthorised(Unauthorised::Unclear | Unauthorised::NotPermitted)
                        if self.may_be_refused(list).await =>
                    {
                        self.report.not_permitted.push(list);
                        return Ok(None);
                    }
                    _ => return Err(failure),
                },
            }
        }
        Ok(None)
    }

    /// Whether it is this list alone that may not be read: the keys are good and reach the licence, and the list is not
    /// one that every retailer has.
    async fn may_be_refused(&self, list: List) -> bool {
        let is_optional = matches!(
            list,
            List::DeliveriesActive | List::DeliveriesInactive | List::TransfersOutgoing | List::PackagesInTransit
        );
        is_optional && matches!(self.client.why_unauthorised(self.licence).await, Ok(Unauthorised::NotPermitted))
    }

    async fn adjustments(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        let list = List::Adjustments;
        let mut mark = self.cursor.marks.get(&list).cloned().unwrap_or_default();
        let from = mark.tail.unwrap_or(self.pace.beginning);
        // What is asked for again has to begin where the state's clock was some time ago.
        let tail = earlier(self.now, self.pace.overlap).max(from);
        let before = self.all_adjustments(from, tail).await?;
        let rows = self.all_adjustments(tail, later(self.now, self.pace.overlap)).await?;
        let all = before.into_iter().chain(rows.iter().cloned()).collect();
        let new = surplus(all, mark.tail_rows);
        (mark.tail, mark.tail_rows) = (Some(tail), rows);
        self.cursor.marks.insert(list, mark);
        new.into_iter().for_each(|adjustment| sink(Changed::Adjustment(adjustment)));
        Ok(())
    }

    async fn all_adjustments(&mut self, from: Timestamp, to: Timestamp) -> Result<Vec<Adjustment>, Failure> {
        let mut stretch = Stretch { list: List::Adjustments, from, to };
        let mut all = Vec::new();
        while let Some((_, rows)) = self.window(&packages::ADJUSTMENTS, &mut stretch).await? {
            all.extend(rows);
        }
        Ok(all)
    }

    fn note_fields(&mut self, names: Vec<String>) {
        for name in names {
            if !self.report.unknown_fields.contains(&name) {
                self.report.unknown_fields.push(name);
            }
        }
    }
}

const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// Pages that are read in two or three seconds: as long a list as holds still.
const MOST_PAGES: u64 = 100;
const SHORTEST_WINDOW: SignedDuration = SignedDuration::from_secs(2);

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A row that nothing tells from others, on a list of numbered ones.
fn without_number<B: ?Sized, A: Answer>(operation: &Operation<B, A>) -> Failure {
    let fault = Fault::new("a row without a number", "Id", "ask again").in_field("Id");
    let problem = Problem::Damaged(Box::new(fault.locate(&operation.spec.to_string(), None)));
    Failure { request: 0, operation: operation.spec, problem }
}

/// What is in `now` more often than in `before`.
fn surplus(now: Vec<Adjustment>, mut before: Vec<Adjustment>) -> Vec<Adjustment> {
    let is_new = |row: &Adjustment| match before.iter().position(|known| is_same(known, row)) {
        Some(place) => {
            before.swap_remove(place);
            false
        }
        None => true,
    };
    now.into_iter().filter(is_new).collect()
}

/// The same adjustment: what is told of its item may have changed since.
fn is_same(a: &Adjustment, b: &Adjustment) -> bool {
    let same_quantity = match (&a.adjustment_quantity, &b.adjustment_quantity) {
        (Some(a), Some(b)) => a.same_value(b),
        (a, b) => a == b,
    };
    let rest = |it: &Adjustment| {
        (
            it.package_id,
            it.adjustment_unit_of_measure_name.clone(),
            it.adjustment_reason_name.clone(),
            it.adjustment_note.clone(),
            it.adjustment_date.clone(),
            it.adjusted_by_user_name.clone(),
        )
    };
    same_quantity && rest(a) == rest(b)
}

//! Reading everything of a licence that changed since the last time, and proving that nothing is missing.
//!
//! - Lists are asked for by windows of `lastModified`, the oldest first: what changes meanwhile moves forward and is in a
//!   later window. A window begins before the last change that was seen, by [`Pace::overlap`]; it goes by the state's clock,
//!   not by ours: that of its records, and that of its answers.
//! - Each list of each window is proven whole ([`Proven`]).
//! - Lists have receipts and deliveries without their lines; each that changed is fetched by its number, once.
//! - Adjustments have no number. The last stretch of a window is asked for again the next time, and what is there more often
//!   than it was is new.

use super::Client;
use super::failure::{Failure, Problem, Unauthorised};
use super::list::{Listed, Proven};
use super::target::{Target, Window};
use super::transport::{Clock, Transport};
use crate::api::facilities::FACILITIES;
use crate::api::packages::{self, Adjustment, Package};
use crate::api::sales::{self, Delivery, Receipt};
use crate::api::transfers::{self, DeliveryPackage, Transfer};
use crate::api::{Answer, One, Operation, Page};
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
    TransfersRejected,
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
    /// The last change that was seen, by the state's clock.
    last: Option<Timestamp>,
    /// Numbers of what was seen within the overlap, with the change that was seen.
    seen: BTreeMap<(i64, i64), Text>,
    /// Of adjustments: the last stretch, and what was in it.
    tail: Option<(Timestamp, Timestamp)>,
    tail_rows: Vec<Adjustment>,
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
    /// Gives `sink` everything of a licence that changed since `cursor`, which moves on only if all of it was read.
    ///
    /// # Errors
    /// Any [`Problem`]; what was given to `sink` until then was there, and will be given again.
    pub async fn pull(
        &self,
        licence: &str,
        pace: Pace,
        cursor: &mut Cursor,
        sink: &mut (dyn FnMut(Changed) + Send),
    ) -> Result<Report, Failure> {
        let mut moved = cursor.clone();
        // What is asked here is answered everywhere, and tells the state's time.
        self.get(&FACILITIES, &Target::new()).await?;
        let now = self.state_now();
        let mut pull = Pull { client: self, licence, pace, now, cursor: &mut moved, report: Report::default() };
        pull.packages(sink).await?;
        pull.sales(sink).await?;
        pull.adjustments(sink).await?;
        pull.transfers(sink).await?;
        let report = pull.report;
        *cursor = moved;
        Ok(report)
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
            self.changed(list, operation).await?.into_iter().for_each(|package| sink(Changed::Package(package, list)));
        }
        Ok(())
    }

    async fn sales(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        for (list, operation) in
            [(List::ReceiptsActive, &sales::RECEIPTS_ACTIVE), (List::ReceiptsInactive, &sales::RECEIPTS_INACTIVE)]
        {
            let ids: Vec<i64> = self.changed(list, operation).await?.iter().filter_map(|row| row.id).collect();
            self.details(&sales::RECEIPT, ids, |receipt| sink(Changed::Receipt(receipt))).await?;
        }
        for (list, operation) in [
            (List::DeliveriesActive, &sales::DELIVERIES_ACTIVE),
            (List::DeliveriesInactive, &sales::DELIVERIES_INACTIVE),
        ] {
            let ids: Vec<i64> = self.changed(list, operation).await?.iter().filter_map(|row| row.id).collect();
            self.details(&sales::DELIVERY, ids, |delivery| sink(Changed::Delivery(delivery))).await?;
        }
        Ok(())
    }

    async fn transfers(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        for (list, operation) in [
            (List::TransfersIncoming, &transfers::INCOMING),
            (List::TransfersOutgoing, &transfers::OUTGOING),
            (List::TransfersRejected, &transfers::REJECTED),
        ] {
            for transfer in self.changed(list, operation).await? {
                let of_delivery = Target::new().at(transfer.delivery_id.unwrap_or_default());
                let packages = self.client.list(&transfers::PACKAGES, &of_delivery).await?;
                self.note_fields(packages.unknown_fields);
                sink(Changed::Transfer(transfer, packages.rows, list));
            }
        }
        Ok(())
    }

    /// Everything of these numbers, some at once, in their order.
    async fn details<R>(
        &self,
        operation: &Operation<(), One<R>>,
        ids: Vec<i64>,
        mut sink: impl FnMut(R),
    ) -> Result<(), Failure>
    where
        One<R>: Answer<Out = R>,
    {
        let (client, licence) = (self.client, self.licence);
        let detail = |id| async move { client.get(operation, &Target::of(licence).at(id)).await };
        let mut details = stream::iter(ids).map(detail).buffered(client.policy().at_once.max(1));
        while let Some(detail) = details.next().await {
            sink(detail?);
        }
        Ok(())
    }

    /// Rows of a list that changed since the last pull.
    async fn changed<R: Dated>(&mut self, list: List, operation: &Operation<(), Page<R>>) -> Result<Vec<R>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        let mut mark = self.cursor.marks.get(&list).cloned().unwrap_or_default();
        let from = mark.last.map_or(self.pace.beginning, |last| earlier(last, self.pace.overlap));
        let to = later(self.now, self.pace.overlap);
        let mut changed = Vec::new();
        let Some(read) = self.windows(list, operation, Window { from, to }).await? else { return Ok(changed) };
        for row in read {
            let (key, at) = (row_key(&row), row.last_modified().cloned().unwrap_or_default());
            mark.last = mark.last.max(row.moment());
            if mark.seen.insert(key, at.clone()) != Some(at) {
                changed.push(row);
            }
        }
        let kept = mark.last.map(|last| earlier(last, self.pace.overlap));
        mark.seen.retain(|_, at| kept.is_none_or(|kept| at.parse().map_or(true, |at: Timestamp| at >= kept)));
        self.cursor.marks.insert(list, mark);
        Ok(changed)
    }

    /// A list, window by window; `None` if it may not be read.
    async fn windows<R: Listed>(
        &mut self,
        list: List,
        operation: &Operation<(), Page<R>>,
        all: Window,
    ) -> Result<Option<Vec<R>>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        let mut rows = Vec::new();
        let mut from = all.from;
        while from < all.to {
            let longest = self.cursor.longest_window.or(self.pace.longest_window);
            let to = longest.map_or(all.to, |longest| later(from, longest).min(all.to));
            let window = Window { from, to };
            match self.client.list(operation, &Target::of(self.licence).modified(window)).await {
                Ok(Proven { rows: more, total, passes, unknown_fields }) => {
                    self.report.proofs.push(Proof { list, window, rows: total, passes });
                    self.note_fields(unknown_fields);
                    rows.extend(more);
                    from = to;
                }
                Err(failure) => match failure.problem {
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
        Ok(Some(rows))
    }

    /// Whether it is this list alone that may not be read: the keys are good and reach the licence, and the list is not
    /// one that every retailer has.
    async fn may_be_refused(&self, list: List) -> bool {
        let is_optional = matches!(
            list,
            List::DeliveriesActive
                | List::DeliveriesInactive
                | List::TransfersOutgoing
                | List::TransfersRejected
                | List::PackagesInTransit
        );
        is_optional && matches!(self.client.why_unauthorised(self.licence).await, Ok(Unauthorised::NotPermitted))
    }

    async fn adjustments(&mut self, sink: &mut (dyn FnMut(Changed) + Send)) -> Result<(), Failure> {
        let list = List::Adjustments;
        let mut mark = self.cursor.marks.get(&list).cloned().unwrap_or_default();
        let mut new = Vec::new();
        let mut from = self.pace.beginning;
        if let Some((start, end)) = mark.tail {
            let again = self.windows(list, &packages::ADJUSTMENTS, Window { from: start, to: end }).await?;
            new.extend(surplus(again.unwrap_or_default(), mark.tail_rows));
            from = end;
        }
        // The stretch that is asked for again has to be one that the state's clock has left behind.
        let (start, end) = (earlier(self.now, self.pace.overlap), later(self.now, self.pace.overlap));
        let start = start.max(from);
        if from < start {
            let window = Window { from, to: start };
            new.extend(self.windows(list, &packages::ADJUSTMENTS, window).await?.unwrap_or_default());
        }
        let tail = self.windows(list, &packages::ADJUSTMENTS, Window { from: start, to: end }).await?;
        let tail = tail.unwrap_or_default();
        new.extend(tail.iter().cloned());
        (mark.tail, mark.tail_rows) = (Some((start, end)), tail);
        self.cursor.marks.insert(list, mark);
        new.into_iter().for_each(|adjustment| sink(Changed::Adjustment(adjustment)));
        Ok(())
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

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn row_key(row: &impl Listed) -> (i64, i64) {
    match row.key() {
        Some(super::Key::Number(id, sub_id)) => (id, sub_id),
        _ => (0, 0),
    }
}

/// What is in `now` more often than in `before`.
fn surplus(now: Vec<Adjustment>, mut before: Vec<Adjustment>) -> Vec<Adjustment> {
    let is_new = |row: &Adjustment| match before.iter().position(|known| known == row) {
        Some(place) => {
            before.swap_remove(place);
            false
        }
        None => true,
    };
    now.into_iter().filter(is_new).collect()
}

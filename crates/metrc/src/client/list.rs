//! Reading whole lists, and proving that they are whole.

use super::failure::{Failure, Problem};
use super::target::Target;
use super::transport::{Clock, Transport};
use super::{Client, Policy};
use crate::api::common::Named;
use crate::api::employees::Employee;
use crate::api::{Answer, Operation, Page, Text};
use crate::api::{items, lab_tests, locations, packages, patients, sales, transfers};
use crate::error::Fault;
use futures_util::stream;
use futures_util::{StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// Rows of a page. The documentation allows no more than 20.
pub(super) const PAGE_SIZE: u64 = 20;

/// What tells rows of a list apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One or two of Metrc's numbers.
    Number(i64, i64),
    /// A name that is there once.
    Name(Text),
}

/// A row of a list.
pub trait Listed: PartialEq {
    /// What tells it from others; `None` if nothing does, as of adjustments.
    fn key(&self) -> Option<Key>;
}

/// A list that was read as a whole.
#[derive(Debug, Clone)]
pub struct Proven<T> {
    /// The rows, each once.
    pub rows: Vec<T>,
    /// Rows as the last page says; the same as there are, which was checked.
    pub total: u64,
    /// How often the list was read until its pages agreed.
    pub passes: u32,
    /// Names of fields that this crate does not know.
    pub unknown_fields: Vec<String>,
}

/// The pages of one pass.
struct Pass<T> {
    rows: Vec<T>,
    found: u64,
    total: Option<u64>,
    /// All pages promise the same, and keep it.
    agree: bool,
    unknown_fields: Vec<String>,
}

impl<T: Transport, C: Clock> Client<T, C> {
    /// Reads all pages of a list. The sum is proven: every page promises as many rows as there are different ones.
    ///
    /// A list that changes meanwhile is read again, a few times.
    ///
    /// # Errors
    /// Any [`Problem`]; [`Problem::Moving`] if the list does not hold still.
    pub async fn list<R: Listed>(
        &self,
        operation: &Operation<(), Page<R>>,
        target: &Target,
    ) -> Result<Proven<R>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        /// Twenty million rows.
        const MOST_PAGES: u64 = 1_000_000;
        let proven = self.list_of(operation, target, Some(MOST_PAGES)).await?;
        proven.ok_or_else(|| {
            let fault =
                Fault::new("a list of more than a million pages", "a list that ends", "ask for a shorter window");
            let problem = Problem::Damaged(Box::new(fault.locate(&operation.spec.to_string(), None)));
            Failure { request: 0, operation: operation.spec, problem }
        })
    }

    /// A list of at most so many pages; `None` if it has more.
    pub(super) async fn list_of<R: Listed>(
        &self,
        operation: &Operation<(), Page<R>>,
        target: &Target,
        most_pages: Option<u64>,
    ) -> Result<Option<Proven<R>>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        let mut passes = 0;
        let mut before: Option<Vec<R>> = None;
        loop {
            passes += 1;
            let Some(pass) = self.pass(operation, target, most_pages).await? else { return Ok(None) };
            // Rows without a number could be the wrong ones in the right quantity: they have to come twice.
            let has_keys =
                pass.total.is_none_or(|total| total <= PAGE_SIZE) || pass.rows.iter().all(|row| row.key().is_some());
            match pass.total {
                Some(total)
                    if pass.agree && pass.found == total && (has_keys || before.as_ref() == Some(&pass.rows)) =>
                {
                    return Ok(Some(Proven { rows: pass.rows, total, passes, unknown_fields: pass.unknown_fields }));
                }
                _ if passes < self.policy().passes && pass.agree => before = Some(pass.rows),
                _ if passes < self.policy().passes => {}
                total => {
                    let problem = Problem::Moving { found: pass.found, expected: total };
                    return Err(Failure { request: 0, operation: operation.spec, problem });
                }
            }
        }
    }

    async fn pass<R: Listed>(
        &self,
        operation: &Operation<(), Page<R>>,
        target: &Target,
        most_pages: Option<u64>,
    ) -> Result<Option<Pass<R>>, Failure>
    where
        Page<R>: Answer<Out = Page<R>>,
    {
        let page = |number| {
            let target = target.clone().page(number, PAGE_SIZE);
            async move { self.get(operation, &target).await.map(|page| (number, page)) }
        };
        let first = page(1).await?;
        let (total, last) = (first.1.total, first.1.pages.unwrap_or(1).max(1));
        if most_pages.is_some_and(|most| last > most) {
            return Ok(None);
        }
        let Policy { at_once, .. } = *self.policy();
        let mut pages = vec![first];
        let rest = stream::iter(2..=last).map(page).buffered(at_once.max(1));
        pages.extend(rest.try_collect::<Vec<_>>().await?);
        Ok(Some(put_together(pages, total)))
    }
}

/// A page, and which one was asked for.
type Numbered<R> = (u64, Page<R>);

fn put_together<R: Listed>(pages: Vec<Numbered<R>>, total: Option<u64>) -> Pass<R> {
    let mut keyed = BTreeMap::new();
    let mut pass = Pass { rows: Vec::new(), found: 0, total, agree: true, unknown_fields: Vec::new() };
    for (number, page) in pages {
        pass.agree &= page.total == total && page.number.is_none_or(|told| told == number);
        for name in page.unknown_fields {
            if !pass.unknown_fields.contains(&name) {
                pass.unknown_fields.push(name);
            }
        }
        for row in page.rows {
            // A row that came twice was moved to a later page while the list was read.
            let is_double = row.key().is_some_and(|key| keyed.insert(key, ()).is_some());
            if !is_double {
                pass.rows.push(row);
            }
        }
    }
    pass.found = u64::try_from(pass.rows.len()).unwrap_or(u64::MAX);
    pass
}

macro_rules! listed {
    ($($row:ty: |$it:ident| $key:expr;)*) => {
        $(impl Listed for $row {
            fn key(&self) -> Option<Key> {
                let key: fn(&Self) -> Option<Key> = |$it| $key;
                key(self)
            }
        })*
    };
}

fn number(id: Option<i64>) -> Option<Key> {
    id.map(|id| Key::Number(id, 0))
}

fn numbers(id: Option<i64>, sub_id: Option<i64>) -> Option<Key> {
    id.map(|id| Key::Number(id, sub_id.unwrap_or(0)))
}

fn name(name: Option<&Text>) -> Option<Key> {
    name.cloned().map(Key::Name)
}

listed! {
    Named: |it| number(it.id);
    Employee: |it| name(it.license.as_ref().and_then(|license| license.employee_license_number.as_ref()));
    items::Item: |it| number(it.id);
    items::Brand: |it| number(it.id);
    items::Category: |it| name(it.name.as_ref());
    lab_tests::LabTestBatch: |it| number(it.id);
    lab_tests::LabTestType: |it| number(it.id);
    lab_tests::LabResult: |_it| None;
    locations::Location: |it| number(it.id);
    locations::LocationType: |it| number(it.id);
    packages::Package: |it| number(it.id);
    packages::Reason: |it| name(it.name.as_ref());
    packages::Adjustment: |_it| None;
    packages::LabSample: |_it| None;
    packages::TransferredPackage: |it| numbers(it.id, it.package_id);
    patients::Patient: |it| number(it.patient_id);
    patients::CheckIn: |it| number(it.id);
    sales::Receipt: |it| number(it.id);
    sales::Delivery: |it| number(it.id);
    sales::RetailerDelivery: |it| number(it.id);
    transfers::Transfer: |it| numbers(it.id, it.delivery_id);
    transfers::TransferDelivery: |it| number(it.id);
    transfers::DeliveryPackage: |it| number(it.package_id);
    transfers::RequiredBatch: |it| numbers(it.package_id, it.lab_test_batch_id);
    transfers::WholesalePrice: |it| number(it.package_id);
    transfers::Transporter: |_it| None;
    transfers::TransporterDetail: |_it| None;
    transfers::HubTransfer: |it| number(it.id);
    transfers::TransferType: |it| name(it.name.as_ref());
}

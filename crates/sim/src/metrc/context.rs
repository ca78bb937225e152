//! What a handler knows of the request, and the forms in which it answers.

use super::exchange::{Fields, Reply, Target, rows};
use super::records::Licence;
use super::settings::{Order, Settings};
use super::table::{Record, Table};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use std::collections::BTreeSet;

/// A reply, or a refusal.
pub(super) type Answer = Result<Reply, Reply>;

/// Who asks what, when.
pub(super) struct Context<'c> {
    pub settings: &'c Settings,
    pub zone: &'c TimeZone,
    pub now: Timestamp,
    /// The employee's name.
    pub by: &'c str,
    pub permissions: &'c BTreeSet<String>,
    pub target: &'c Target,
    pub is_post: bool,
    /// A call of the first version: bare arrays, no pages, and writes that answer nothing.
    pub is_first: bool,
    pub body: &'c [u8],
    /// The last number that was given.
    pub last_id: &'c mut i64,
}

impl Context<'_> {
    /// A number that nothing has yet.
    pub fn next_id(&mut self) -> i64 {
        *self.last_id += 1;
        *self.last_id
    }

    /// A moment that differs from those of other numbers: the state's clock has seven digits.
    pub fn stamp(&self) -> Timestamp {
        let ticks = self.last_id.rem_euclid(10_000) * 100;
        self.now.checked_add(SignedDuration::from_nanos(ticks)).unwrap_or(self.now)
    }

    pub fn today(&self) -> civil::Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// Refuses who has none of these permissions.
    pub fn needs(&self, any: &[&str]) -> Result<(), Reply> {
        if any.iter().any(|name| self.permissions.contains(*name)) { Ok(()) } else { Err(not_permitted()) }
    }

    /// Carries out a write row by row. With `atomic_batches` one bad row leaves nothing done; otherwise the others are done.
    pub fn write(
        &mut self,
        licence: &mut Licence,
        mut row: impl FnMut(&mut Self, &mut Licence, &Fields<'_>) -> Result<i64, String>,
    ) -> Answer {
        let body = self.body;
        let rows = rows(body)?;
        let (mut ids, mut rejected) = (Vec::new(), Vec::new());
        licence.commit();
        for (place, fields) in rows.iter().enumerate() {
            match row(self, licence, fields) {
                Ok(id) => {
                    ids.push(id);
                    if !self.settings.atomic_batches {
                        licence.commit();
                    }
                }
                Err(message) => {
                    rejected.push((place, message));
                    if !self.settings.atomic_batches {
                        licence.roll_back();
                    }
                }
            }
        }
        if !rejected.is_empty() {
            licence.roll_back();
            return Err(Reply::rejected(&rejected));
        }
        licence.commit();
        Ok(if self.is_post && !self.is_first { created(&ids) } else { Reply::empty(200) })
    }

    /// A list of records that were modified in the window, in pages.
    pub fn windowed<T: Record>(&self, list: u8, table: &Table<T>, write: impl FnMut(&T, &mut String)) -> Answer {
        let (from, to) = self.window()?;
        let mut ids: Vec<i64> = table.latest_first(list, from, to).collect();
        if self.settings.order == Order::ById {
            ids.sort_unstable();
        }
        self.page(&ids, |id| table.get(*id), write)
    }

    /// A list in pages, without a window.
    pub fn paged<T>(&self, rows: &[T], write: impl FnMut(&T, &mut String)) -> Answer {
        self.page(rows, Some, write)
    }

    fn page<'r, K, T: 'r>(
        &self,
        keys: &'r [K],
        row: impl Fn(&'r K) -> Option<&'r T>,
        mut write: impl FnMut(&T, &mut String),
    ) -> Answer {
        if self.is_first {
            return Ok(array(keys.iter().filter_map(row), write));
        }
        let (number, size) = self.page_wanted(keys.len())?;
        let total = keys.len();
        let pages = total.div_ceil(size.max(1));
        let start = (number - 1).saturating_mul(size).min(total);
        let wanted = &keys[start..(start + size).min(total)];
        let mut out = String::from("{\"Data\":[");
        let mut count = 0;
        for row in wanted.iter().filter_map(row) {
            if count > 0 {
                out.push(',');
            }
            write(row, &mut out);
            count += 1;
        }
        out.push_str(&format!(
            "],\"Total\":{total},\"TotalRecords\":{total},\"PageSize\":{size},\"RecordsOnPage\":{count},\
             \"Page\":{number},\"CurrentPage\":{number},\"TotalPages\":{pages}}}"
        ));
        Ok(Reply::json(200, out))
    }

    fn page_wanted(&self, total: usize) -> Result<(usize, usize), Reply> {
        const MOST: usize = 20;
        let number = |name| match self.target.query(name) {
            None => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(Reply::message(400, &format!("The value of {name} is not valid."))),
            },
        };
        let (page, size) = (number("pagenumber")?.unwrap_or(1), number("pagesize")?);
        match size {
            Some(size) if size > MOST => Err(Reply::message(400, "The maximum page size is 20.")),
            Some(size) => Ok((page, size)),
            None if self.settings.unpaged_lists => Ok((1, total.max(1))),
            None => Ok((page, MOST)),
        }
    }

    /// The window that is asked for; without one, the last day.
    pub fn window(&self) -> Result<(Timestamp, Timestamp), Reply> {
        let moment = |name: &str| match self.target.query(name) {
            None => Ok(None),
            Some(text) => {
                let day =
                    || text.parse::<civil::Date>().ok()?.to_zoned(self.zone.clone()).ok().map(|at| at.timestamp());
                let moment = text.parse::<Timestamp>().ok().or_else(day);
                moment.map(Some).ok_or_else(|| Reply::message(400, &format!("The value of {name} is not valid.")))
            }
        };
        let (from, to) = (moment("lastmodifiedstart")?, moment("lastmodifiedend")?);
        let next = self.now.checked_add(SignedDuration::from_secs(1)).unwrap_or(self.now);
        let to = to.unwrap_or(next);
        let from = from.or_else(|| to.checked_sub(SignedDuration::from_hours(24)).ok()).unwrap_or(to);
        if from > to {
            return Err(Reply::message(400, "lastModifiedStart must not be after lastModifiedEnd."));
        }
        if self.settings.longest_window.is_some_and(|longest| to.duration_since(from) > longest) {
            return Err(Reply::message(400, "The last modified range must not exceed 24 hours."));
        }
        Ok((from, to))
    }
}

/// `{"Ids": […], "Warnings": null}`.
pub(super) fn created(ids: &[i64]) -> Reply {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Reply::json(200, format!("{{\"Ids\":[{}],\"Warnings\":null}}", ids.join(",")))
}

/// An array without pages.
pub(super) fn array<T>(rows: impl IntoIterator<Item = T>, mut write: impl FnMut(T, &mut String)) -> Reply {
    let mut out = String::from("[");
    for (place, row) in rows.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(row, &mut out);
    }
    out.push(']');
    Reply::json(200, out)
}

/// The employee, or the kind of licence, may not.
pub(super) fn not_permitted() -> Reply {
    Reply::message(401, "You are not authorized to perform this action.")
}

/// There is no such path, or no such record.
pub(super) const fn not_found() -> Reply {
    Reply::empty(404)
}

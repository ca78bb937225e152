//! Selling, and what the POS's program tells the state.

use super::{Event, Moved, Shop};
use crate::SimError;
use crate::goods::{Atoms, ONE};
use crate::metrc::bodies::{AdjustBody, LineBody, ReceiptBody, created, number, raw, rows};
use crate::metrc::{Carried, Metrc, Request, Served};
use crate::pos::dollars;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a program that sends again does so.
const TRIES: u32 = 4;
/// After so long without an answer the program goes on.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A sale.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    pub number: String,
    pub at: Timestamp,
    pub lines: Vec<Line>,
    pub voided: Option<Timestamp>,
    /// The state's number, once the program knows it.
    pub id: Option<u64>,
    /// The program does not tell of it (any more).
    pub is_given_up: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub pack: usize,
    pub amount: Atoms,
    /// In cents.
    pub price: i64,
}

/// Something that the program has to tell the state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub what: What,
    pub tries: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Sale(usize),
    Void(usize),
    Moved(usize),
}

impl Told {
    pub const fn first(what: What) -> Self {
        Self { what, tries: 0 }
    }
}

fn lock(shop: &Mutex<Shop>) -> MutexGuard<'_, Shop> {
    shop.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shop lives until a moment, on the clock of the server that its program tells.
pub async fn live(shop: &Mutex<Shop>, served: &Served, until: Timestamp) {
    futures_util::future::join(business(shop, served, until), program(shop, served, until)).await;
}

async fn sleep_until(served: &Served, ahead: SignedDuration, moment: Timestamp) {
    let wait = moment.duration_since(served.now() - ahead);
    tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
}

async fn business(shop: &Mutex<Shop>, served: &Served, until: Timestamp) {
    let ahead = served.with(|_, faults, _| faults.clock_ahead());
    loop {
        let due = lock(shop).agenda.due().filter(|due| *due <= until);
        sleep_until(served, ahead, due.unwrap_or(until)).await;
        if due.is_none() {
            return;
        }
        lock(shop).happen(served);
    }
}

async fn program(shop: &Mutex<Shop>, served: &Served, until: Timestamp) {
    let ahead = served.with(|_, faults, _| faults.clock_ahead());
    loop {
        let now = served.now() - ahead;
        let period = lock(shop).style.batch_minutes * 60;
        let next = (now.as_second().div_euclid(period) + 1) * period;
        let next = Timestamp::from_second(next).unwrap_or(until);
        sleep_until(served, ahead, next.min(until)).await;
        let mut batch = std::mem::take(&mut lock(shop).queue);
        while let Some(told) = batch.pop_front() {
            let request = lock(shop).request(&told);
            let Some(request) = request else { continue };
            let carried = served.exchange(request).await;
            if matches!(carried, Carried::Nothing) {
                tokio::time::sleep(TIMEOUT).await;
            }
            let now = served.now() - ahead;
            let mut shop = lock(shop);
            shop.answered(told, &carried);
            served.with(|server, _, _| shop.look_at(server, told.what, now));
        }
        if next >= until {
            return;
        }
    }
}

impl Shop {
    /// What happens next.
    fn happen(&mut self, served: &Served) {
        let Some((at, event)) = self.agenda.next() else { return };
        self.now = at;
        match event {
            Event::Customer => self.sell(),
            Event::Waste => self.waste(),
            Event::Mistake(mistake, tries) => self.err(served, mistake, tries),
        }
    }

    /// A customer takes one to three things.
    fn sell(&mut self) {
        let mut lines: Vec<Line> = Vec::new();
        for _ in 0..self.dice.between(1, 3) {
            let pack = self.dice.place(self.packs.len());
            let most = self.packs[pack].truth.min(self.packs[pack].in_pos) / ONE;
            let is_taken = lines.iter().any(|line| line.pack == pack);
            // The last few are kept: what people repair by hand needs something to be taken from.
            if most < 4 || is_taken {
                continue;
            }
            let amount = self.amount_of(self.packs[pack].item);
            let price = self.items.get(self.packs[pack].item).map_or(1_000, |item| item.price);
            lines.push(Line { pack, amount, price: price * (amount / ONE).max(1) });
        }
        if lines.is_empty() {
            return;
        }
        for line in &lines {
            self.packs[line.pack].in_pos -= line.amount;
            self.packs[line.pack].truth -= line.amount;
        }
        let place = self.receipts.len();
        let is_given_up = self.to_forget > 0 || self.style.is_reported_for;
        if is_given_up {
            self.to_forget = self.to_forget.saturating_sub(1);
            self.suspects.extend(lines.iter().map(|line| line.pack));
        } else {
            self.queue.push_back(Told::first(What::Sale(place)));
        }
        let number = (self.first_number + place).to_string();
        self.receipts.push(Receipt { number, at: self.now, lines, voided: None, id: None, is_given_up });
        if self.dice.chance(1, 25) {
            // The budtender takes it back at once.
            self.void(place, true);
        }
    }

    fn amount_of(&mut self, item: usize) -> Atoms {
        match self.items.get(item).map(|item| item.form) {
            Some(crate::goods::Form::Pieces) | None => self.dice.between(1, 3) * ONE,
            // By the tenth of a gram or millilitre.
            _ => self.dice.between(5, 35) * (ONE / 10),
        }
    }

    /// A sale that never was. `is_told`: the program tells the state.
    pub(super) fn void(&mut self, place: usize, is_told: bool) {
        let now = self.now;
        let Some(receipt) = self.receipts.get_mut(place) else { return };
        receipt.voided = Some(now);
        for line in &receipt.lines {
            self.packs[line.pack].in_pos += line.amount;
            self.packs[line.pack].truth += line.amount;
        }
        let before = self.queue.len();
        self.queue.retain(|told| told.what != What::Sale(place));
        let was_waiting = self.queue.len() < before;
        if was_waiting && is_told {
            // The state never hears of it.
            self.receipts[place].is_given_up = true;
        } else if is_told && self.receipts[place].id.is_some() {
            self.queue.push_back(Told::first(What::Void(place)));
        } else {
            self.suspect_receipt(place);
        }
    }

    /// Something breaks, or is thrown away.
    fn waste(&mut self) {
        let pack = self.dice.place(self.packs.len());
        if self.packs[pack].truth.min(self.packs[pack].in_pos) < 4 * ONE || !self.adjusted.insert(pack) {
            return;
        }
        let place = self.adjust(pack, -ONE, "adjust", String::new());
        self.queue.push_back(Told::first(What::Moved(place)));
    }

    /// The POS writes down a change of a package.
    pub(super) fn adjust(&mut self, pack: usize, amount: Atoms, kind: &'static str, corrects: String) -> usize {
        let place = self.moved.len();
        self.packs[pack].in_pos += amount;
        if kind != "correction" {
            self.packs[pack].truth += amount;
        }
        self.moved.push(Moved {
            event: format!("E{}", place + 1),
            at: self.now,
            kind,
            pack,
            amount,
            reason: if kind == "correction" { "" } else { "Spoilage" },
            is_reported: false,
            corrects,
        });
        place
    }

    /// What the program sends.
    fn request(&self, told: &Told) -> Option<Request> {
        let (method, path, body) = match told.what {
            What::Sale(place) => ("POST", "/sales/v2/receipts".to_owned(), self.receipt_body(place, None).ok()?),
            What::Void(place) => {
                let id = self.receipts.get(place)?.id?;
                ("DELETE", format!("/sales/v2/receipts/{id}"), String::new())
            }
            What::Moved(place) => ("POST", "/packages/v2/adjust".to_owned(), self.adjust_body(place).ok()?),
        };
        Some(Request {
            method: method.to_owned(),
            target: format!("{path}?licenseNumber={}", self.style.license),
            authorization: Some(Metrc::program_header()),
            body: body.into_bytes(),
        })
    }

    /// A receipt as the POS has it.
    pub(super) fn receipt_body(&self, place: usize, id: Option<u64>) -> Result<String, SimError> {
        let receipt = self.receipts.get(place).ok_or(SimError::Number)?;
        self.body_of(receipt, id, Some(&receipt.number))
    }

    /// A receipt in the form of the state's.
    pub(super) fn body_of(
        &self,
        receipt: &Receipt,
        id: Option<u64>,
        external: Option<&str>,
    ) -> Result<String, SimError> {
        let line = |line: &Line| {
            Ok(LineBody {
                package_label: self.packs.get(line.pack).ok_or(SimError::Number)?.tag.to_string(),
                quantity: number(line.amount)?,
                unit_of_measure: self.unit_name(line.pack),
                total_amount: raw(&dollars(line.price))?,
            })
        };
        let transactions: Result<Vec<_>, SimError> = receipt.lines.iter().map(line).collect();
        rows(&[ReceiptBody {
            id,
            sales_date_time: self.style.local(receipt.at).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            external_receipt_number: external,
            sales_customer_type: "Consumer",
            transactions: transactions?,
        }])
    }

    fn adjust_body(&self, place: usize) -> Result<String, SimError> {
        let moved = self.moved.get(place).ok_or(SimError::Number)?;
        self.adjustment(moved.pack, moved.amount, moved.at, "Spoilage", "")
    }

    pub(super) fn adjustment(
        &self,
        pack: usize,
        amount: Atoms,
        at: Timestamp,
        adjustment_reason: &str,
        reason_note: &str,
    ) -> Result<String, SimError> {
        rows(&[AdjustBody {
            label: self.packs.get(pack).ok_or(SimError::Number)?.tag.to_string(),
            quantity: number(amount)?,
            unit_of_measure: self.unit_name(pack),
            adjustment_reason,
            adjustment_date: self.style.local(at).date().to_string(),
            reason_note,
        }])
    }

    /// What the program makes of an answer.
    fn answered(&mut self, told: Told, carried: &Carried) {
        let reply = match carried {
            Carried::Reply(reply) if reply.status == 200 => Some(String::from_utf8_lossy(&reply.body).into_owned()),
            _ => None,
        };
        match (reply, told.what) {
            (Some(words), What::Sale(place)) => match created(&words) {
                Ok(id) => self.receipts[place].id = Some(id),
                Err(_) => self.not_told(told),
            },
            (Some(_), What::Void(_)) => {}
            (Some(_), What::Moved(place)) => self.moved[place].is_reported = true,
            (None, _) => self.not_told(told),
        }
        // What was voided while its report was under way.
        if let What::Sale(place) = told.what
            && self.receipts[place].voided.is_some()
            && self.receipts[place].id.is_some()
        {
            self.queue.push_back(Told::first(What::Void(place)));
        }
    }

    /// No answer, or one that is none: a program that sends again does so without looking.
    fn not_told(&mut self, told: Told) {
        // A correction that arrived twice looks like the state's own: no record could tell.
        let is_correction = match told.what {
            What::Moved(place) => self.moved[place].kind == "correction",
            _ => false,
        };
        if self.style.retries && told.tries < TRIES && !is_correction {
            self.queue.push_back(Told { tries: told.tries + 1, ..told });
        } else if let What::Sale(place) = told.what {
            self.receipts[place].is_given_up = true;
        }
        match told.what {
            What::Sale(place) | What::Void(place) => self.suspect_receipt(place),
            What::Moved(place) => drop(self.suspects.insert(self.moved[place].pack)),
        }
    }

    /// Somebody may rightly say that the packages of a receipt differ.
    pub(super) fn suspect_receipt(&mut self, place: usize) {
        if let Some(receipt) = self.receipts.get(place) {
            self.suspects.extend(receipt.lines.iter().map(|line| line.pack));
        }
    }
}

//! Mistakes, and what people do about them.

use super::till::{Line, Receipt, Told, What};
use super::truth::is_named;
use super::{Event, Shop};
use crate::goods::{Atoms, ONE};
use crate::metrc::{ByHand, Served};
use jiff::{SignedDuration, Timestamp};
use trueup_core::{Decimal, Unit};

/// What people do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// The program forgets the next sale.
    Forgotten,
    /// A sale that the state has is typed into its page as well.
    UploadedToo,
    /// A sale that never was is typed into the state's page.
    Foreign,
    /// A void that the program does not tell of.
    VoidNotTold,
    /// A good receipt is voided in the state's page.
    VoidedInState,
    /// A receipt is edited in the state's page: another quantity.
    Edited,
    /// A receipt is edited in the state's page: another package of the item.
    OtherPackage,
    /// An adjustment that the program does not tell of.
    AdjustedInPos,
    /// Waste that is written down in the state's page alone.
    AdjustedInState,
    /// The program tells of an adjustment twice.
    AdjustedTwice,
}

impl Mistake {
    pub const ALL: [Self; 10] = [
        Self::Forgotten,
        Self::UploadedToo,
        Self::Foreign,
        Self::VoidNotTold,
        Self::VoidedInState,
        Self::Edited,
        Self::OtherPackage,
        Self::AdjustedInPos,
        Self::AdjustedInState,
        Self::AdjustedTwice,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Forgotten => "forgotten",
            Self::UploadedToo => "uploaded_too",
            Self::Foreign => "foreign",
            Self::VoidNotTold => "void_not_told",
            Self::VoidedInState => "voided_in_state",
            Self::Edited => "edited",
            Self::OtherPackage => "other_package",
            Self::AdjustedInPos => "adjusted_in_pos",
            Self::AdjustedInState => "adjusted_in_state",
            Self::AdjustedTwice => "adjusted_twice",
        }
    }
}

/// How often a mistake is put off until something fits it.
const TRIES: u32 = 5;
const PERSON: &str = "Sam Cole";

impl Shop {
    /// A person makes a mistake, if there is something to make it with.
    pub(super) fn err(&mut self, served: &Served, mistake: Mistake, tries: u32) {
        if self.make(served, mistake).is_some() {
            self.made.push(mistake.name());
        } else if tries < TRIES {
            let later = self.now + SignedDuration::from_mins(20);
            self.agenda.at(later, Event::Mistake(mistake, tries + 1));
        }
    }

    fn make(&mut self, served: &Served, mistake: Mistake) -> Option<()> {
        match mistake {
            Mistake::Forgotten => self.to_forget += 1,
            Mistake::AdjustedInPos | Mistake::AdjustedTwice => {
                let pack = self.unadjusted_pack()?;
                let place = self.adjust(pack, -ONE, "adjust", String::new());
                if mistake == Mistake::AdjustedTwice {
                    self.queue.extend([Told::first(What::Moved(place)), Told::first(What::Moved(place))]);
                }
                self.suspects.insert(pack);
            }
            Mistake::AdjustedInState => {
                let pack = self.unadjusted_pack()?;
                let body = self.adjustment(pack, -ONE, self.now, "Spoilage", "broken jar").ok()?;
                self.in_page(served, "POST", "/packages/v2/adjust", body)?;
                self.packs[pack].truth -= ONE;
                self.suspects.insert(pack);
            }
            Mistake::Foreign => {
                let pack = self.quiet_pack()?;
                let line = Line { pack, amount: ONE, price: 1_000 };
                let receipt = Receipt { lines: vec![line], at: self.now, ..self.receipts.first()?.clone() };
                let body = self.body_of(&receipt, None, None).ok()?;
                self.in_page(served, "POST", "/sales/v2/receipts", body)?;
                // Without a number it may be any sale of the item in these minutes.
                let item = self.packs[pack].item;
                let alike = self.packs.iter().enumerate().filter(|(_, it)| it.item == item).map(|(place, _)| place);
                self.suspects.extend(alike.collect::<Vec<_>>());
            }
            Mistake::UploadedToo
            | Mistake::VoidNotTold
            | Mistake::VoidedInState
            | Mistake::Edited
            | Mistake::OtherPackage => {
                let place = self.quiet_receipt(served)?;
                self.of_receipt(served, mistake, place)?;
                self.suspect_receipt(place);
            }
        }
        Some(())
    }

    fn of_receipt(&mut self, served: &Served, mistake: Mistake, place: usize) -> Option<()> {
        let receipt = self.receipts.get(place)?.clone();
        let id = self.id_in_state(served, &receipt)?;
        match mistake {
            Mistake::UploadedToo => {
                let body = self.receipt_body(place, None).ok()?;
                self.in_page(served, "POST", "/sales/v2/receipts", body)
            }
            Mistake::VoidNotTold => {
                self.void(place, false);
                Some(())
            }
            Mistake::VoidedInState => {
                self.in_page(served, "DELETE", &format!("/sales/v2/receipts/{id}"), String::new())
            }
            _ => {
                let mut changed = receipt.clone();
                let first = changed.lines.first_mut()?;
                if mistake == Mistake::Edited {
                    first.amount += ONE;
                } else {
                    let item = self.packs.get(first.pack)?.item;
                    let is_other = |place: usize, it: &super::Pack| {
                        it.item == item
                            && it.truth > 8 * ONE
                            && !self.suspects.contains(&place)
                            && receipt.lines.iter().all(|line| line.pack != place)
                    };
                    first.pack = self.packs.iter().enumerate().find(|(place, it)| is_other(*place, it))?.0;
                }
                let other = first.pack;
                let body = self.body_of(&changed, Some(id), Some(&receipt.number)).ok()?;
                self.in_page(served, "PUT", "/sales/v2/receipts", body)?;
                self.suspects.insert(other);
                Some(())
            }
        }
    }

    /// The state's number of a receipt.
    fn id_in_state(&self, served: &Served, receipt: &Receipt) -> Option<u64> {
        receipt.id.or_else(|| {
            let receipts = served.with(|server, _, _| server.receipts(&self.style.license));
            receipts
                .iter()
                .find(|it| !it.is_void && is_named(it, &receipt.number))
                .and_then(|it| u64::try_from(it.id).ok())
        })
    }

    /// A person does something in the state's page; nothing if it refuses.
    fn in_page(&self, served: &Served, method: &'static str, path: &str, body: String) -> Option<()> {
        let what = ByHand::Write { method, path: path.to_owned(), body };
        served.by_hand(&self.style.license, PERSON, &what).ok()
    }

    /// A package about which all is well, with something in it.
    fn quiet_pack(&mut self) -> Option<usize> {
        let place = self.dice.place(self.packs.len());
        let pack = self.packs.get(place)?;
        (!self.suspects.contains(&place) && pack.truth.min(pack.in_pos) > 8 * ONE).then_some(place)
    }

    /// The same, that nobody adjusted yet.
    fn unadjusted_pack(&mut self) -> Option<usize> {
        let pack = self.quiet_pack()?;
        self.adjusted.insert(pack).then_some(pack)
    }

    /// A receipt that the state has, on packages about which all is well.
    fn quiet_receipt(&mut self, served: &Served) -> Option<usize> {
        let place = self.dice.place(self.receipts.len());
        let receipt = self.receipts.get(place)?;
        let is_quiet = |line: &Line| {
            let pack = &self.packs[line.pack];
            (!self.suspects.contains(&line.pack) || self.style.is_reported_for) && pack.truth.min(pack.in_pos) > 8 * ONE
        };
        let is_open = receipt.voided.is_none() && self.id_in_state(served, receipt).is_some();
        (is_open && receipt.lines.iter().all(is_quiet)).then_some(place)
    }

    // --- What people do about it ----------------------------------------------------------------------------------

    /// A person lets the POS send a receipt again. Whether there is such a receipt.
    pub fn resend(&mut self, number: &str) -> bool {
        let Some(place) = self.receipts.iter().position(|receipt| receipt.number == number) else { return false };
        self.receipts[place].is_given_up = false;
        self.queue.push_front(Told::first(What::Sale(place)));
        true
    }

    /// A person corrects what the POS has of a package, in its unit, and names what is corrected. Where corrections are told to the
    /// state, this one is, too. Whether it could be done.
    pub fn correct(&mut self, now: Timestamp, package: &str, (quantity, unit): (&str, &str), corrects: &str) -> bool {
        self.now = self.now.max(now);
        let (Some(pack), Some(amount)) = (self.pack_of(package), atoms(quantity, unit)) else { return false };
        let place = self.adjust(pack, amount, "correction", corrects.to_owned());
        if self.style.echoes {
            self.queue.push_back(Told::first(What::Moved(place)));
        }
        self.suspects.insert(pack);
        true
    }

    /// A person makes a receipt in the state's page what the POS says that it is. Whether there is one.
    pub fn edit_in_page(&mut self, served: &Served, number: &str) -> bool {
        let Some(place) = self.receipts.iter().position(|receipt| receipt.number == number) else { return false };
        let receipts = served.with(|server, _, _| server.receipts(&self.style.license));
        let standing = receipts.iter().find(|it| !it.is_void && is_named(it, number));
        let id = standing.and_then(|receipt| u64::try_from(receipt.id).ok());
        let body = id.and_then(|id| self.receipt_body(place, Some(id)).ok());
        body.is_some_and(|body| self.in_page(served, "PUT", "/sales/v2/receipts", body).is_some())
    }
}

fn atoms(quantity: &str, unit: &str) -> Option<Atoms> {
    let unit = Unit::parse(unit).ok()?;
    Some(trueup_core::Quantity::new(Decimal::parse(quantity).ok()?, unit).ok()?.atoms())
}

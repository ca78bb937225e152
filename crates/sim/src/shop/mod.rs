//! A shop that is open while others look: it sells, its POS reports to a server, people make mistakes and repair them.
//!
//! Unlike the life that is written to a folder at once, this one goes on beside whoever works on its records: it exports them at any
//! moment, and does what it is asked to do in its POS. What really happened is kept apart from what either book says.
//!
//! ```text
//! mod      the shop, and what happens in it in which order
//! till     selling, and what the POS's program tells the state
//! people   mistakes, and what people do about them
//! export   the POS's files
//! truth    what is right, and who may rightly be said to be wrong
//! ```

mod export;
mod people;
mod till;
mod truth;

pub use till::live;

use crate::SimError;
use crate::clock::Agenda;
use crate::dice::Dice;
use crate::goods::{Atoms, Form, Item, ONE, Tags, catalogue};
use crate::metrc::{Metrc, Settings, living};
use crate::pos::ROOMS;
use crate::world::INTEGRATION;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan, tz};
use people::Mistake;
use std::collections::{BTreeSet, VecDeque};
use till::{Receipt, Told};
use trueup_core::{Dimension, PackageTag};

/// What is asked of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopOptions {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Packages on hand in the morning.
    pub packages: u32,
    /// Business days.
    pub days: u32,
    /// Receipts a day.
    pub receipts: u32,
    /// Mistakes that people make in a day.
    pub mistakes: u32,
}

impl ShopOptions {
    /// A small shop on one day.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, packages: 50, days: 1, receipts: 40, mistakes: 5 }
    }
}

/// How the shop does things.
#[derive(Debug)]
struct Style {
    license: String,
    zone_name: &'static str,
    zone: tz::TimeZone,
    first_day: Date,
    days: u32,
    /// Minutes between batches of the POS's program.
    batch_minutes: i64,
    /// Older than this and not in the state: late.
    due: SignedDuration,
    /// The program sends again, blindly, what was not answered.
    retries: bool,
    /// A correction in the POS is told to the state, too.
    echoes: bool,
    /// The program does not report sales: whoever looks at the records does.
    is_reported_for: bool,
}

/// A package.
#[derive(Debug)]
struct Pack {
    tag: PackageTag,
    item: usize,
    /// What the POS says.
    in_pos: Atoms,
    /// What would be right.
    truth: Atoms,
}

/// A row of the POS's other movements.
#[derive(Debug, Clone)]
struct Moved {
    event: String,
    at: Timestamp,
    kind: &'static str,
    pack: usize,
    amount: Atoms,
    reason: &'static str,
    is_reported: bool,
    corrects: String,
}

enum Event {
    Customer,
    Waste,
    Mistake(Mistake, u32),
}

/// The shop.
pub struct Shop {
    style: Style,
    items: Vec<Item>,
    packs: Vec<Pack>,
    receipts: Vec<Receipt>,
    moved: Vec<Moved>,
    agenda: Agenda<Event>,
    dice: Dice,
    queue: VecDeque<Told>,
    first_number: usize,
    now: Timestamp,
    /// Packages of which somebody may rightly say that the books differ.
    suspects: BTreeSet<usize>,
    /// Packages that were adjusted: of two alike, one in each book, nobody could tell that they are not the same.
    adjusted: BTreeSet<usize>,
    /// Sales that the program will forget.
    to_forget: u32,
    made: Vec<&'static str>,
}

/// Hours of business.
const OPENS: i8 = 9;
const CLOSES: i8 = 21;
const ZONES: [&str; 4] = ["America/Los_Angeles", "America/Denver", "America/New_York", "America/Phoenix"];

impl Shop {
    /// Opens in the morning, with the server that knows what is on hand.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn open(options: &ShopOptions) -> Result<(Self, Metrc), SimError> {
        let mut dice = Dice::new(options.seed, "shop");
        let style = Style::new(options, &mut dice)?;
        let mut items = catalogue(&mut dice, options.packages);
        items.retain(|item| item.form != Form::Rolled);
        let opened = style.moment(style.first_day, 0)?;
        // None needs a note: the program writes none.
        let reasons = ["Spoilage", "Incorrect Quantity"].map(|name| (name.to_owned(), false)).to_vec();
        let settings = Settings { zone: style.zone_name.to_owned(), reasons, ..Settings::default() };
        let mut server = Metrc::for_life(settings, &style.license, INTEGRATION)?;
        let before = opened - SignedDuration::from_hours(24 * 20);
        items.iter().for_each(|item| server.add_item(before, &item.name, item.unit));
        ROOMS.iter().for_each(|(_, room)| server.add_location(before, room));
        let mut tags = Tags::new(&mut dice);
        let mut packs = Vec::new();
        for number in 0..options.packages {
            let item = dice.place(items.len());
            let tag = tags.of_supplier(usize::try_from(number / 7).unwrap_or(0));
            let amount = dice.between(5, 60) * ONE;
            server.add_package(
                before,
                living::NewPackage {
                    label: &tag.to_string(),
                    item: items.get(item).map_or("", |item| &item.name),
                    quantity: trueup_core::Quantity::from_atoms(amount, dimension(&items, item)),
                    location: ROOMS[1].1,
                    packaged: None,
                    received: None,
                    in_transit: false,
                },
            );
            packs.push(Pack { tag, item, in_pos: amount, truth: amount });
        }
        let first_number = usize::try_from(dice.between(1_000, 800_000)).unwrap_or(1_000);
        let mut shop = Self {
            style,
            items,
            packs,
            receipts: Vec::new(),
            moved: Vec::new(),
            agenda: Agenda::new(),
            dice,
            queue: VecDeque::new(),
            first_number,
            now: opened,
            suspects: BTreeSet::new(),
            adjusted: BTreeSet::new(),
            to_forget: 0,
            made: Vec::new(),
        };
        for day in 0..options.days {
            shop.plan_day(day, options)?;
        }
        Ok((shop, server))
    }

    fn plan_day(&mut self, day: u32, options: &ShopOptions) -> Result<(), SimError> {
        let day = self.style.day(day)?;
        let opens = self.style.moment(day, OPENS)?;
        let closes = self.style.moment(day, CLOSES)?;
        let open_for = closes.duration_since(opens).as_secs() - 1;
        for _ in 0..options.receipts {
            let second = self.dice.between(0, open_for);
            self.agenda.at(opens + SignedDuration::from_secs(second), Event::Customer);
        }
        for _ in 0..self.dice.between(0, 3) {
            let second = self.dice.between(0, open_for);
            self.agenda.at(opens + SignedDuration::from_secs(second), Event::Waste);
        }
        for _ in 0..options.mistakes {
            let second = self.dice.between(1_800, open_for);
            let mistake = self.dice.pick(&Mistake::ALL, Mistake::Forgotten);
            self.agenda.at(opens + SignedDuration::from_secs(second), Event::Mistake(mistake, 0));
        }
        Ok(())
    }

    /// The licence.
    #[must_use]
    pub fn license(&self) -> &str {
        &self.style.license
    }

    /// The zone of the premises.
    #[must_use]
    pub const fn zone(&self) -> &tz::TimeZone {
        &self.style.zone
    }

    /// Half an hour before the doors open on the first day.
    ///
    /// # Errors
    /// A day that no calendar has.
    pub fn morning(&self) -> Result<Timestamp, SimError> {
        Ok(self.style.moment(self.style.first_day, OPENS)? - SignedDuration::from_mins(30))
    }

    /// When the doors close on the last day.
    ///
    /// # Errors
    /// A day that no calendar has.
    pub fn closing(&self) -> Result<Timestamp, SimError> {
        self.style.moment(self.style.day(self.style.days.saturating_sub(1))?, CLOSES)
    }

    /// The mistakes that were made, in their order.
    #[must_use]
    pub fn mistakes(&self) -> &[&'static str] {
        &self.made
    }

    fn pack_of(&self, tag: &str) -> Option<usize> {
        self.packs.iter().position(|pack| pack.tag.to_string() == tag)
    }

    fn unit_name(&self, pack: usize) -> &'static str {
        let item = self.packs.get(pack).and_then(|pack| self.items.get(pack.item));
        item.map_or("Each", |item| item.unit.name())
    }
}

fn dimension(items: &[Item], item: usize) -> Dimension {
    items.get(item).map_or(Dimension::Count, |item| item.unit.dimension())
}

impl Style {
    fn new(options: &ShopOptions, dice: &mut Dice) -> Result<Self, SimError> {
        let zone_name = dice.pick(&ZONES, "America/Denver");
        let zone = tz::TimeZone::get(zone_name).map_err(|_| SimError::Calendar)?;
        // Some days have an hour more or less.
        let first_day = match dice.weighted(&[6, 1, 1]) {
            1 => jiff::civil::date(2026, 3, 8),
            2 => jiff::civil::date(2026, 11, 1),
            _ => jiff::civil::date(2026, 4, 1)
                .checked_add(dice.between(0, 200).days())
                .map_err(|_| SimError::Calendar)?,
        };
        let batch_minutes = dice.pick(&[1, 5, 15], 5);
        Ok(Self {
            license: format!("C10-{:07}-LIC", dice.between(1, 9_999_999)),
            zone_name,
            zone,
            first_day,
            days: options.days,
            batch_minutes,
            due: SignedDuration::from_mins(60),
            retries: dice.chance(1, 2),
            echoes: dice.chance(1, 3),
            is_reported_for: dice.chance(1, 5),
        })
    }

    fn day(&self, number: u32) -> Result<Date, SimError> {
        self.first_day.checked_add(i64::from(number).days()).map_err(|_| SimError::Calendar)
    }

    fn moment(&self, day: Date, hour: i8) -> Result<Timestamp, SimError> {
        let zoned = day.at(hour, 0, 0, 0).to_zoned(self.zone.clone());
        zoned.map(|zoned| zoned.timestamp()).map_err(|_| SimError::Calendar)
    }

    fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        at.to_zoned(self.zone.clone()).datetime()
    }
}

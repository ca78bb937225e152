//! How one store does things: its zone and hours, how its POS numbers and reports, how its people write.

use crate::SimError;
use crate::dice::Dice;
use crate::options::{StateForm, StoreOptions};
use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz};
use trueup_core::Zone;

/// How receipts are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// One row of numbers for ever.
    Running,
    /// From 1 each day.
    Daily,
    /// From 1 each day at each till; the number alone does not say which till.
    PerTill,
}

/// How the POS's number arrives in the state, in parts of a hundred; the rest arrives as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dressing {
    pub prefixed: u32,
    pub padded: u32,
    pub missing: u32,
}

/// How a void stands in the POS's export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VoidForm {
    /// In the sale's own row.
    Column,
    /// As a row of its own.
    Row,
}

/// What a correction in the POS does; the words of `store.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Corrections {
    Silent,
    Optional,
    Echoed,
}

/// Everything that is the same for the whole life of one store.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub license: String,
    pub zone_name: &'static str,
    pub time_zone: tz::TimeZone,
    pub zone: Zone,
    /// First and last hour of business; 0 and 24 for a store that never closes.
    pub hours: (i8, i8),
    pub first_day: civil::Date,
    pub days: u32,
    pub window_start: Timestamp,
    pub pos_as_of: Timestamp,
    pub state_as_of: Timestamp,
    pub due: SignedDuration,
    /// Minutes between batches of reports; 0 reports at once.
    pub batch_minutes: i64,
    pub numbering: Numbering,
    pub tills: i64,
    pub first_number: u64,
    pub dressing: Dressing,
    pub voids: VoidForm,
    pub reported_by_us: bool,
    pub corrections: Corrections,
    /// The POS writes local times without an offset.
    pub local_times: bool,
    /// The state's adjustments carry a date alone.
    pub dated_adjustments: bool,
    /// One of so many customers is a patient; 0 for none.
    pub patients_in: u32,
}

const ZONES: [&str; 4] = ["America/Los_Angeles", "America/Denver", "America/New_York", "America/Phoenix"];
/// Days before the window that the records reach back.
pub(crate) const DAYS_BEFORE: u32 = 1;

impl Style {
    /// The store of a seed.
    ///
    /// # Errors
    /// [`SimError::Calendar`] if the days lie outside the calendar.
    pub fn new(options: &StoreOptions) -> Result<Self, SimError> {
        let mut dice = Dice::new(options.seed, "style");
        let zone_name = dice.pick(&ZONES, "America/Los_Angeles");
        let time_zone = tz::TimeZone::get(zone_name).map_err(|_| SimError::Calendar)?;
        let zone = Zone::parse(zone_name).map_err(|_| SimError::Calendar)?;
        let (first_day, hours) = calendar(&mut dice, options.days)?;
        let last_day = first_day.checked_add(i64::from(options.days).days()).map_err(|_| SimError::Calendar)?;
        let start = |day: civil::Date, hour: i8, minute: i8| {
            day.at(hour, minute, 0, 0).to_zoned(time_zone.clone()).map(|zoned| zoned.timestamp())
        };
        let as_of_hour = narrow(dice.between(9, 20));
        let as_of = start(last_day, as_of_hour, narrow(dice.between(0, 59))).map_err(|_| SimError::Calendar)?;
        // Most snapshots are taken together; some are minutes apart, either first.
        let apart = SignedDuration::from_secs(if dice.chance(1, 3) { dice.between(30, 900) } else { 0 });
        let earlier = as_of - apart;
        let pos_first = dice.chance(1, 2);
        let due_minutes = dice.pick(&[60, 60, 60, 30, 120], 60);
        let numbering = dice.weighted(&[4, 2, 2]);
        let dressing = dice.weighted(&[3, 2, 1]);
        Ok(Self {
            license: format!("C10-{:07}-LIC", dice.between(1, 9_999_999)),
            zone_name,
            zone,
            hours,
            first_day,
            days: options.days,
            window_start: start(first_day, 0, 0).map_err(|_| SimError::Calendar)?,
            pos_as_of: if pos_first { earlier } else { as_of },
            state_as_of: if pos_first { as_of } else { earlier },
            due: SignedDuration::from_mins(due_minutes),
            batch_minutes: if dice.chance(1, 3) { 0 } else { due_minutes / dice.between(3, 6) },
            numbering: [Numbering::Running, Numbering::Daily, Numbering::PerTill]
                .get(numbering)
                .copied()
                .unwrap_or(Numbering::Running),
            tills: dice.between(2, 4),
            first_number: u64::try_from(dice.between(1_000, 800_000)).unwrap_or(1_000),
            dressing: [
                Dressing { prefixed: 0, padded: 0, missing: 0 },
                Dressing { prefixed: 15, padded: 15, missing: 10 },
                Dressing { prefixed: 0, padded: 0, missing: 100 },
            ]
            .get(dressing)
            .copied()
            .unwrap_or(Dressing { prefixed: 0, padded: 0, missing: 0 }),
            voids: if dice.chance(1, 2) { VoidForm::Column } else { VoidForm::Row },
            reported_by_us: dice.chance(1, 4),
            corrections: dice
                .pick(&[Corrections::Silent, Corrections::Optional, Corrections::Echoed], Corrections::Silent),
            local_times: dice.chance(1, 3),
            // The server writes the date alone.
            dated_adjustments: dice.chance(1, 3) || options.state_form == StateForm::Server,
            patients_in: dice.pick(&[0, 4, 20], 0).try_into().unwrap_or(0),
            time_zone,
        })
    }

    /// The later of the two snapshots.
    pub fn as_of(&self) -> Timestamp {
        self.pos_as_of.max(self.state_as_of)
    }

    /// The moment of a local time of a day; where the clocks jump over it, the hour after.
    pub fn moment(&self, day: civil::Date, second_of_day: i64) -> Timestamp {
        let local = day.at(0, 0, 0, 0).saturating_add(second_of_day.seconds());
        self.time_zone.to_ambiguous_timestamp(local).compatible().unwrap_or(self.window_start)
    }

    /// The local date and time of a moment.
    pub fn local(&self, at: Timestamp) -> civil::DateTime {
        self.time_zone.to_datetime(at)
    }

    /// Days since the window's first day: the business day of a moment.
    pub fn day_number(&self, at: Timestamp) -> i32 {
        self.local(at).date().since(self.first_day).map_or(0, |span| span.get_days())
    }

    /// A day of the store's life by its number; −1 is the day before the window.
    pub fn day(&self, number: i32) -> civil::Date {
        self.first_day.saturating_add(i64::from(number).days())
    }

    /// The settings of the store as `store.toml` says them.
    pub fn store_toml(&self) -> String {
        let moment = |at: Timestamp| self.zone.rfc3339(at);
        let mut text = format!(
            "license = \"{}\"\nstate = \"CA\"\nsystem = \"metrc\"\ntimezone = \"{}\"\nwindow_start = \"{}\"\nas_of = \"{}\"\n",
            self.license,
            self.zone_name,
            moment(self.window_start),
            moment(self.as_of())
        );
        if self.pos_as_of != self.state_as_of {
            text += &format!(
                "pos_as_of = \"{}\"\nstate_as_of = \"{}\"\n",
                moment(self.pos_as_of),
                moment(self.state_as_of)
            );
        }
        let by = if self.reported_by_us { "trueup" } else { "pos" };
        let mode = if self.batch_minutes == 0 { "real_time" } else { "batch" };
        let corrections = match self.corrections {
            Corrections::Silent => "silent",
            Corrections::Optional => "optional",
            Corrections::Echoed => "echoed",
        };
        text + &format!(
            "[reporting]\nby = \"{by}\"\nmode = \"{mode}\"\nevery_minutes = {}\n[pos]\ncorrections = \"{corrections}\"\n\
             [rooms]\n\"Back Vault\" = \"Vault\"\n\"Front\" = \"Sales Floor\"\n",
            self.due.as_mins()
        )
    }
}

/// A usual week, or one with a night in which the clocks change; then the store never closes.
fn calendar(dice: &mut Dice, days: u32) -> Result<(civil::Date, (i8, i8)), SimError> {
    let night = match dice.weighted(&[2, 1, 1]) {
        0 => {
            let hours = (narrow(dice.between(8, 10)), narrow(dice.between(20, 23)));
            let day = civil::date(2026, 4, 1).checked_add(dice.between(0, 150).days());
            return Ok((day.map_err(|_| SimError::Calendar)?, hours));
        }
        1 => civil::date(2026, 3, 8),
        _ => civil::date(2026, 11, 1),
    };
    let before = dice.between(0, i64::from(days.saturating_sub(1)).min(100));
    Ok((night.checked_sub(before.days()).map_err(|_| SimError::Calendar)?, (0, 24)))
}

fn narrow(number: i64) -> i8 {
    i8::try_from(number).unwrap_or(i8::MAX)
}

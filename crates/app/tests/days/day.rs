//! One seed: a shop's days, and what has to be so afterwards.

use crate::desk::Desk;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use trueup_sim::metrc::{Faults, Served};
use trueup_sim::shop::{Shop, ShopOptions, live};

/// Chance, from a seed.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub fn chance(&mut self, parts: u64, whole: u64) -> bool {
        self.next() % whole < parts
    }
}

/// What happened.
#[derive(Debug, Default, Clone)]
pub struct Told {
    pub looks: u64,
    pub pushes: u64,
    pub failed_pulls: u64,
    pub plans: u64,
    pub verified: u64,
    pub refused: u64,
    pub unknown: u64,
    pub cut: u64,
    pub by_people: u64,
    pub faults: u64,
    pub rounds_afterwards: u64,
    pub mistakes: BTreeMap<&'static str, u64>,
    pub causes: BTreeMap<&'static str, u64>,
    /// Steps that were seen in the state, and those that people did.
    pub done: BTreeMap<String, u64>,
    pub unexplained: u64,
}

impl Told {
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.numbers().into_iter().zip(other.clone().numbers()) {
            *mine += *theirs;
        }
        for (name, count) in &other.mistakes {
            *self.mistakes.entry(name).or_default() += count;
        }
        for (name, count) in &other.causes {
            *self.causes.entry(name).or_default() += count;
        }
        for (name, count) in &other.done {
            *self.done.entry(name.clone()).or_default() += count;
        }
    }

    fn numbers(&mut self) -> [&mut u64; 12] {
        [
            &mut self.looks,
            &mut self.pushes,
            &mut self.failed_pulls,
            &mut self.plans,
            &mut self.verified,
            &mut self.refused,
            &mut self.unknown,
            &mut self.cut,
            &mut self.by_people,
            &mut self.faults,
            &mut self.rounds_afterwards,
            &mut self.unexplained,
        ]
    }

    /// A run in which nothing goes wrong shows nothing.
    pub fn assert_that_much_happened(&self, seeds: u64) {
        assert!(self.looks > 5 * seeds, "{self:#?}");
        assert!(self.faults > seeds && self.verified > seeds && self.by_people > seeds, "{self:#?}");
        assert!(self.cut > 0 && self.unknown > 0 && self.refused > 0 && self.failed_pulls > 0, "{self:#?}");
        assert_eq!(self.mistakes.len(), 10, "{self:#?}");
        for action in ["adjust", "void_receipt", "edit_receipt", "submit_receipt"] {
            let count = self.done.get(&format!("{action} by trueup")).copied().unwrap_or_default();
            assert!(count > seeds / 10, "{action}: {self:#?}");
        }
    }
}

/// Each seed has its own mixture of what goes wrong on the way, while the shop is open.
fn weather(dice: &mut Dice, seed: u64, seconds: u64) -> Faults {
    const KINDS: [(&str, u64); 19] = [
        ("time_out_before", 40),
        ("time_out_after", 40),
        ("late_effect", 40),
        ("cut_before", 60),
        ("cut_after", 60),
        ("too_many_requests", 60),
        ("error_before", 60),
        ("error_after", 60),
        ("maintenance", 60),
        ("web_page", 60),
        ("lost_write", 40),
        ("short_page", 30),
        ("repeated_page", 30),
        ("key_expired", 5),
        ("not_permitted", 5),
        ("stale_read", 20),
        ("nested", 1),
        ("not_a_number", 20),
        ("lagging_list", 60),
    ];
    let mut text = "latency_ms = [50, 1500]\nlate_ms = [1000, 240000]\n".to_owned();
    for (kind, most) in KINDS {
        if dice.chance(1, 3) {
            let often = dice.between(1, most);
            text += &format!("[[fault]]\nkind = \"{kind}\"\nper_mille = {often}\nuntil_s = {seconds}\n");
        }
    }
    Faults::read(&text, "weather", seed).unwrap()
}

/// How often things are looked at and repaired after the shop closed, at most.
const MOST_ROUNDS: u64 = 12;

pub async fn run(seed: u64, days: u32, is_told: bool) -> Result<Told, String> {
    let (shop, server) = Shop::open(&ShopOptions { days, ..ShopOptions::new(seed) }).unwrap();
    let (morning, closing) = (shop.morning().unwrap(), shop.closing().unwrap());
    let mut dice = Dice::new(seed);
    let seconds = u64::try_from(closing.duration_since(morning).as_secs()).unwrap();
    let served = Arc::new(Served::new(server, weather(&mut dice, seed, seconds), morning));
    let shop = Arc::new(Mutex::new(shop));
    let mut desk = Desk::new(seed, Arc::clone(&shop), Arc::clone(&served), morning, is_told);
    // While customers are served.
    let ((), open) = tokio::join!(live(&shop, &served, closing), desk.day(closing));
    open?;
    desk.told.faults = served.with(|_, faults, _| faults.count());
    // Nothing goes wrong on the way any more: now everything has to come right.
    for round in 0..MOST_ROUNDS {
        let until = served.now() + Duration::from_secs(2 * 3_600);
        let ((), done) = tokio::join!(live(&shop, &served, until), desk.evening());
        if done? {
            desk.told.rounds_afterwards = round;
            break;
        }
    }
    desk.check_the_end()?;
    for name in shop.lock().unwrap_or_else(PoisonError::into_inner).mistakes() {
        *desk.told.mistakes.entry(name).or_default() += 1;
    }
    Ok(desk.told.clone())
}

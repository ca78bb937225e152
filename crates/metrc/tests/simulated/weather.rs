//! Pulling while things go wrong and the store sells: in the end what was pulled is what there is.

use crate::world::{STORE, World, number as amount, receipt};
use std::collections::BTreeMap;
use std::time::Duration;
use trueup_metrc::api::sales::{self, NewLine};
use trueup_metrc::client::{Care, Changed, Cursor, Pace};
use trueup_sim::metrc::{ByHand, Counted, Faults, Settings, Sizes};

/// One request in eight goes wrong, in every way in which a read can.
const BAD: &str = r#"
latency_ms = [10, 900]
[[fault]]
kind = "time_out_before"
per_mille = 5
on = "reads"
[[fault]]
kind = "time_out_after"
per_mille = 5
on = "reads"
[[fault]]
kind = "cut_before"
per_mille = 10
on = "reads"
[[fault]]
kind = "cut_after"
per_mille = 10
on = "reads"
[[fault]]
kind = "too_many_requests"
per_mille = 20
on = "reads"
[[fault]]
kind = "error_before"
per_mille = 10
on = "reads"
[[fault]]
kind = "maintenance"
per_mille = 10
on = "reads"
[[fault]]
kind = "web_page"
per_mille = 10
on = "reads"
[[fault]]
kind = "short_page"
per_mille = 20
on = "reads"
[[fault]]
kind = "repeated_page"
per_mille = 20
on = "reads"
[[fault]]
kind = "not_a_number"
per_mille = 5
on = "reads"
[[fault]]
kind = "nested"
per_mille = 1
on = "reads"
[[fault]]
kind = "key_expired"
per_mille = 2
on = "reads"
[[fault]]
kind = "maintenance"
per_mille = 1000
from_s = 60
until_s = 75
[[fault]]
kind = "too_many_requests"
per_mille = 900
on = "reads"
from_s = 100
until_s = 110
"#;

/// What was pulled: quantities by package, lines by receipt, adjustments.
#[derive(Default, Debug, PartialEq, Eq)]
struct Books {
    packages: BTreeMap<String, String>,
    receipts: BTreeMap<i64, usize>,
    adjustments: usize,
}

impl Books {
    fn take(&mut self, changed: Changed) {
        match changed {
            Changed::Package(package, _) => {
                let held = package.quantity.unwrap().to_string();
                self.packages.insert(package.label.unwrap().to_string(), held);
            }
            Changed::Receipt(receipt) => drop(self.receipts.insert(receipt.id.unwrap(), receipt.transactions.len())),
            Changed::Adjustment(_) => self.adjustments += 1,
            Changed::Delivery(_) | Changed::Transfer(..) => {}
        }
    }
}

/// What goes wrong here comes at once or not at all.
const CARE: Care = Care { looks: 3, between: Duration::from_secs(4), attempts: 6 };

/// Sells one of a package every few seconds.
async fn sell(world: &World, count: u32) {
    for number in 0..count {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let label = format!("1A4060300002EE1{:09}", number * 3 % 130);
        let unit = world.served.with(|server, _, _| server.unit_of(STORE, &label)).unwrap();
        let line = NewLine::new(label.as_str().into(), amount("1"), unit.into(), amount("9.5"));
        if number % 4 == 0 {
            adjust(world, &label, number).await;
        }
        let sale = [receipt(&format!("B-{number}"), vec![line])];
        let outcomes = world.client.careful(&sales::CREATE_RECEIPTS, STORE, &sale, CARE).await;
        assert!(outcomes[0].is_done(), "{outcomes:?}");
    }
}

/// Takes one off as waste, in the web page, where nothing is lost on the way.
async fn adjust(world: &World, label: &str, number: u32) {
    let unit = world.served.with(|server, _, _| server.unit_of(STORE, label)).unwrap();
    let body = format!(
        "[{{\"Label\":\"{label}\",\"Quantity\":-1,\"UnitOfMeasure\":\"{unit}\",\"AdjustmentReason\":\"Waste\",\
         \"AdjustmentDate\":\"2026-11-20\",\"ReasonNote\":\"{}\"}}]",
        // Some are alike.
        number % 3
    );
    let by_hand = ByHand::Write { method: "POST", path: "/packages/v2/adjust".to_owned(), body };
    world.served.by_hand(STORE, "Sam Cole", &by_hand).unwrap();
}

/// A stormy hour: what was pulled, what there is, how many pulls failed, and what was asked.
async fn storm(seed: u64) -> (Books, Books, u32, Counted) {
    let sizes = Sizes { packages: 130, receipts: 150, adjustments: 30, ..Sizes::default() };
    let world = World::with(Settings::default(), sizes, Faults::read(BAD, "bad", seed).unwrap());
    let (mut cursor, mut books, mut failures) = (Cursor::default(), Books::default(), 0);
    let pulling = async {
        for _ in 0..12 {
            // What was given before a failure counts.
            let pulled = world.client.pull(STORE, Pace::default(), &mut cursor, &mut |it| books.take(it)).await;
            failures += u32::from(pulled.is_err());
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    };
    tokio::join!(pulling, sell(&world, 40));
    let counted = world.served.counted();
    // The weather clears, and what is left is pulled.
    world.served.with(|_, faults, _| *faults = Faults::none());
    let last = world.client.pull(STORE, Pace::default(), &mut cursor, &mut |it| books.take(it)).await;
    last.unwrap_or_else(|failure| panic!("{failure}"));
    let mut fresh = Books::default();
    let all = world.client.pull(STORE, Pace::default(), &mut Cursor::default(), &mut |it| fresh.take(it)).await;
    all.unwrap_or_else(|failure| panic!("{failure}"));
    (books, fresh, failures, counted)
}

#[tokio::test(start_paused = true)]
async fn what_was_pulled_in_bad_weather_is_what_there_is() {
    let mut failures = 0;
    for seed in 0..20 {
        let (books, fresh, failed, _) = storm(seed).await;
        assert_eq!(books, fresh, "seed {seed}");
        assert_eq!((fresh.receipts.len(), fresh.adjustments), (190, 40), "seed {seed}");
        failures += failed;
    }
    println!("{failures} pulls failed and were made again");
    assert!(failures > 0);
}

/// People edit, void, upload, repackage, finish and accept in the web page, and the pull sees all of it.
#[tokio::test(start_paused = true)]
async fn what_people_do_by_hand_is_pulled() {
    let hands = "[hands]\nevery_s = 5\nkinds = [\"adjust\", \"void\", \"edit\", \"upload\", \"repackage\", \"finish\", \"accept\"]";
    let sizes = Sizes { packages: 60, receipts: 400, adjustments: 10, incoming: 6, ..Sizes::default() };
    let world = World::with(Settings::default(), sizes, Faults::read(hands, "hands", 9).unwrap());
    let before = world.served.with(|server, _, _| server.summary(STORE));
    let (mut cursor, mut books) = (Cursor::default(), Books::default());
    for _ in 0..10 {
        let pulled = world.client.pull(STORE, Pace::default(), &mut cursor, &mut |it| books.take(it)).await;
        pulled.unwrap_or_else(|failure| panic!("{failure}"));
        tokio::time::sleep(Duration::from_mins(2)).await;
    }
    // They go home.
    world.served.with(|_, faults, _| *faults = Faults::none());
    let mut fresh = Books::default();
    world.client.pull(STORE, Pace::default(), &mut cursor, &mut |it| books.take(it)).await.unwrap();
    world.client.pull(STORE, Pace::default(), &mut Cursor::default(), &mut |it| fresh.take(it)).await.unwrap();
    assert_eq!(books, fresh);
    let after = world.served.with(|server, _, _| server.summary(STORE));
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    for expected in ["(by hand)", "void true", "receipt None", "package 1A4060300009AB2", "finished true"] {
        assert!(new.iter().any(|line| line.contains(expected)), "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_weather() {
    let (one, two, other) = (storm(3).await, storm(3).await, storm(4).await);
    assert_eq!(one, two);
    assert_ne!(one.3, other.3);
}

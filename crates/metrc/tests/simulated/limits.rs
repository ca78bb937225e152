//! A full pull obeys the limits, and the next one costs what changed.

use crate::world::{STORE, World, line, number, receipt};
use std::collections::BTreeMap;
use std::time::Duration;
use trueup_metrc::api::packages::{self, Adjust};
use trueup_metrc::api::sales;
use trueup_metrc::client::{Changed, Cursor, List, Pace, Proof, Report, Target};
use trueup_sim::metrc::{Fault, Faults, On, Settings, Sizes};

/// The simulated store as pulled: numbers of what there is, by kind.
#[derive(Default, Debug, Clone, PartialEq, Eq)]
struct Seen {
    packages: BTreeMap<i64, String>,
    receipts: BTreeMap<i64, usize>,
    deliveries: usize,
    adjustments: usize,
    transfers: BTreeMap<i64, usize>,
}

impl Seen {
    fn take(&mut self, changed: Changed) {
        match changed {
            Changed::Package(package, _) => {
                let held = package.quantity.as_ref().unwrap().to_string();
                self.packages.insert(package.id.unwrap(), held);
            }
            Changed::Receipt(receipt) => drop(self.receipts.insert(receipt.id.unwrap(), receipt.transactions.len())),
            Changed::Delivery(_) => self.deliveries += 1,
            Changed::Adjustment(_) => self.adjustments += 1,
            Changed::Transfer(transfer, packages, _) => {
                self.transfers.insert(transfer.id.unwrap(), packages.len());
            }
        }
    }
}

async fn pull(world: &World, cursor: &mut Cursor, seen: &mut Seen) -> Report {
    let report = world.client.pull(STORE, Pace::default(), cursor, &mut |changed| seen.take(changed)).await;
    report.unwrap_or_else(|failure| panic!("{failure}"))
}

#[tokio::test(start_paused = true)]
async fn a_full_pull_of_a_large_store_meets_no_refusal_and_asks_each_thing_once() {
    let sizes = Sizes { packages: 5_000, receipts: 33_450, adjustments: 959, days: 365, ..Sizes::default() };
    let world = World::with(Settings::default(), sizes, Faults::latency([20, 200], 1));
    let (mut cursor, mut seen) = (Cursor::default(), Seen::default());
    let began = world.served.now();
    let report = pull(&world, &mut cursor, &mut seen).await;
    assert_eq!((seen.packages.len(), seen.receipts.len(), seen.adjustments), (5_008, 33_450, 959));
    assert_eq!((seen.deliveries, seen.transfers.len()), (0, 2));
    assert!(seen.receipts.values().all(|lines| *lines > 0));
    // Adjustments have no numbers, so that they are read until they come the same twice.
    let passes = |proof: &Proof| if proof.list == List::Adjustments && proof.rows > 20 { 2 } else { 1 };
    assert!(report.proofs.iter().all(|proof| proof.passes == passes(proof)));
    assert_eq!((report.not_permitted.len(), report.unknown_fields.len()), (0, 0));
    let counted = world.served.counted();
    let one_pass = 5_000_u64.div_ceil(20) + 33_450_u64.div_ceil(20) + 33_450 + 959_u64.div_ceil(20);
    println!("{} requests, {one_pass} in one pass, {} refused", counted.reads, counted.throttled);
    println!("{} minutes at the limit", world.served.now().duration_since(began).as_mins());
    assert_eq!(counted.throttled, 0);
    assert!(counted.reads * 100 <= one_pass * 105, "{} of {one_pass}", counted.reads);

    // A day later one in a hundred changed.
    tokio::time::sleep(Duration::from_hours(24)).await;
    sell(&world, 334).await;
    let before = world.served.counted().reads;
    let mut second = Seen::default();
    pull(&world, &mut cursor, &mut second).await;
    let asked = world.served.counted().reads - before;
    assert_eq!(second.receipts.len(), 334);
    println!("{asked} requests after 334 sales");
    // Each sale is fetched; the lists of sales and of the packages that were sold from are read.
    assert!(asked < 334 + 334 / 20 + 334 / 20 + 40, "{asked}");
    let before = world.served.counted().reads;
    let mut third = Seen::default();
    pull(&world, &mut cursor, &mut third).await;
    assert_eq!(third, Seen::default());
    println!("{} requests after nothing", world.served.counted().reads - before);
}

/// Sells from package after package, ten receipts a request.
async fn sell(world: &World, count: usize) {
    let active = world.active().await;
    let mut sold = Vec::new();
    for (number, package) in active.iter().take(count).enumerate() {
        sold.push(receipt(&format!("D-{number}"), vec![line(package, "1")]));
    }
    for ten in sold.chunks(10) {
        world.ok(&sales::CREATE_RECEIPTS, Target::of(STORE), ten).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_accepts_only_days_is_asked_day_by_day() {
    let settings = Settings { longest_window: Some(jiff::SignedDuration::from_hours(24)), ..Settings::default() };
    let sizes = Sizes { receipts: 60, ..Sizes::default() };
    let world = World::with(settings, sizes, Faults::none());
    let pace = Pace { beginning: "2026-11-01T00:00:00Z".parse().unwrap(), ..Pace::default() };
    let (mut cursor, mut seen) = (Cursor::default(), Seen::default());
    let pulled = world.client.pull(STORE, pace, &mut cursor, &mut |changed| seen.take(changed)).await.unwrap();
    assert_eq!((seen.packages.len(), seen.receipts.len(), seen.adjustments), (68, 60, 12));
    assert!(pulled.proofs.len() > 11 * 19, "{}", pulled.proofs.len());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_loses_nothing() {
    for minutes in [-90, 90] {
        let world = World::ahead_by(minutes, Sizes::default());
        let (mut cursor, mut seen) = (Cursor::default(), Seen::default());
        pull(&world, &mut cursor, &mut seen).await;
        for round in 0..3_usize {
            tokio::time::sleep(Duration::from_mins(7)).await;
            sell(&world, 3).await;
            let before = seen.receipts.len();
            pull(&world, &mut cursor, &mut seen).await;
            assert_eq!(seen.receipts.len(), before + 3, "{minutes} minutes, round {round}");
        }
    }
}

/// Pulls every few minutes, with adjustments in between: each is given once, and none is forgotten.
#[tokio::test(start_paused = true)]
async fn adjustments_are_given_once_however_often_they_are_pulled() {
    for minutes in [1, 5, 9, 25] {
        let world = World::with(Settings::default(), Sizes { adjustments: 15, ..Sizes::default() }, Faults::none());
        let (mut cursor, mut seen) = (Cursor::default(), Seen::default());
        pull(&world, &mut cursor, &mut seen).await;
        assert_eq!(seen.adjustments, 15);
        let package = world.active().await.remove(0);
        let unit = package.unit_of_measure_name.clone().unwrap();
        for round in 1..=12 {
            tokio::time::sleep(Duration::from_mins(minutes)).await;
            // The same again and again: only their number tells them apart.
            let row = Adjust::new(
                package.label.clone().unwrap(),
                number("-1"),
                unit.clone(),
                "Waste".into(),
                jiff::civil::date(2026, 11, 20),
            );
            world.ok(&packages::ADJUST_BY, Target::of(STORE), &[row][..]).await;
            tokio::time::sleep(Duration::from_secs(20)).await;
            pull(&world, &mut cursor, &mut seen).await;
            assert_eq!(seen.adjustments, 15 + round, "every {minutes} minutes, round {round}");
        }
    }
}

/// A large store that sells while it is read for the first time: long lists are read in stretches that hold still.
#[tokio::test(start_paused = true)]
async fn a_busy_store_is_read_while_it_sells() {
    let sizes = Sizes { packages: 3_000, receipts: 9_000, adjustments: 100, days: 200, ..Sizes::default() };
    let world = World::with(Settings::default(), sizes, Faults::latency([20, 200], 2));
    let (mut cursor, mut seen) = (Cursor::default(), Seen::default());
    let active = world.active().await;
    let selling = async {
        for (number, package) in active.iter().take(400).enumerate() {
            tokio::time::sleep(Duration::from_millis(900)).await;
            let sale = receipt(&format!("Q-{number}"), vec![line(package, "1")]);
            let id = world.ok(&sales::CREATE_RECEIPTS, Target::of(STORE), &[sale][..]).await.0[0];
            if number % 2 == 0 {
                world.ok(&sales::FINALIZE_RECEIPTS, Target::of(STORE), &[sales::ById::new(id)][..]).await;
            }
        }
    };
    let pulling = async { pull(&world, &mut cursor, &mut seen).await };
    let (report, ()) = tokio::join!(pulling, selling);
    println!("{} stretches, {} reads", report.proofs.len(), world.served.counted().reads);
    pull(&world, &mut cursor, &mut seen).await;
    let mut fresh = Seen::default();
    pull(&world, &mut Cursor::default(), &mut fresh).await;
    assert_eq!((fresh.receipts.len(), fresh.packages.len()), (9_400, 3_008));
    assert_eq!((&seen.receipts, &seen.packages), (&fresh.receipts, &fresh.packages));
    assert_eq!(world.served.counted().throttled, 0);
}

/// One facility that is told to wait keeps no other from reading.
#[tokio::test(start_paused = true)]
async fn a_facility_that_has_to_wait_keeps_no_other() {
    let world = World::with(Settings::default(), Sizes::default(), Faults::none());
    world.served.with(|_, faults, _| faults.plant(Fault::TooManyRequests, On::Reads, STORE, 200));
    let other = Target::of("403P-X0001");
    let began = tokio::time::Instant::now();
    let store = Target::of(STORE);
    let waiting = futures_util::future::join_all((0..12).map(|_| world.client.get(&packages::ADJUST_REASONS, &store)));
    let reading = async {
        for _ in 0..20 {
            world.client.get(&packages::ADJUST_REASONS, &other).await.unwrap();
        }
        began.elapsed()
    };
    let (_, took) = tokio::join!(waiting, reading);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

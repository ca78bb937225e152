//! Every fault at every write: nothing is done twice, and nothing is lost.

use crate::world::{STORE, World, line, number, receipt};
use jiff::civil::date;
use trueup_metrc::api::items::{self, BrandName, ChangedItem, NewBrand, NewItem};
use trueup_metrc::api::locations::{self, ChangedLocation, ChangedSublocation, NewLocation, NewSublocation};
use trueup_metrc::api::packages::{
    self, Adjust, ExternalId, FinishPackage, Ingredient, MovePackage, NewPackage, NewTestingPackage, Package,
    PackageDates, PackageItem, PackageLabel, PackageNote,
};
use trueup_metrc::api::patients::{self, NewCheckIn, NewPatient};
use trueup_metrc::api::sales::{self, ById, ChangedDelivery, ChangedReceipt, CompletedDelivery, NewDelivery, NewLine};
use trueup_metrc::api::{Answer, Operation, Private, Text};
use trueup_metrc::client::{Care, Findable, RowOutcome, Target};
use trueup_sim::metrc::{Fault, Faults, On, PutAdjust, Settings, Sizes};

/// A store in which every write can be made.
struct Scene {
    world: World,
    /// Counted in pieces, the second one empty, the third one finished.
    packages: [Package; 4],
    /// Active, and finalized.
    receipts: [i64; 2],
    item: i64,
    brand: i64,
    location: i64,
    sublocation: i64,
    made: i64,
    delivery: i64,
}

fn label(package: &Package) -> Text {
    package.label.clone().unwrap()
}

fn adjust(package: &Package, quantity: &str, note: Option<&str>) -> Adjust {
    let mut adjust =
        Adjust::new(label(package), number(quantity), "Each".into(), "Entry Error".into(), date(2026, 11, 20));
    adjust.reason_note = Some(note.unwrap_or("opening").into());
    adjust
}

impl Scene {
    async fn new() -> Self {
        let sizes = Sizes { packages: 24, receipts: 5, adjustments: 2, ..Sizes::default() };
        // What comes late comes long after the client gave up, while it looks for the second or third time.
        let faults = Faults::read("late_ms = [130_000, 250_000]", "late", 3).unwrap();
        let w = World::with(Settings::default(), sizes, faults);
        let store = || Target::of(STORE);
        let pieces = |package: &Package| package.unit_of_measure_name.as_deref() == Some("Each");
        let packages: Vec<Package> = w.active().await.into_iter().filter(pieces).collect();
        let packages: [Package; 4] = packages
            .try_into()
            .unwrap_or_else(|all: Vec<_>| all.into_iter().take(4).collect::<Vec<_>>().try_into().unwrap());
        for empty in &packages[1..3] {
            w.ok(&packages::ADJUST_TO, store(), &[adjust(empty, "0", None)][..]).await;
        }
        let finish = [FinishPackage::new(label(&packages[2]), date(2026, 11, 20))];
        w.ok(&packages::FINISH, store(), &finish[..]).await;
        w.ok(&packages::FLAG_DONATION, store(), &[PackageLabel::new(label(&packages[3]))][..]).await;
        let sold = [receipt("S-1", vec![line(&packages[0], "1")]), receipt("S-2", vec![line(&packages[0], "2")])];
        let receipts: [i64; 2] = w.ok(&sales::CREATE_RECEIPTS, store(), &sold[..]).await.0.try_into().unwrap();
        w.ok(&sales::FINALIZE_RECEIPTS, store(), &[ById::new(receipts[1])][..]).await;
        let item = NewItem::new("Infused Edible (each)".into(), "Gummies".into(), "Each".into());
        let item = w.ok(&items::CREATE, store(), &[item][..]).await.0[0];
        let brand = w.ok(&items::CREATE_BRANDS, store(), &[NewBrand::new("Farm".into())][..]).await.0[0];
        let location = NewLocation::new("Cellar".into(), "Default".into());
        let location = w.ok(&locations::CREATE, store(), &[location][..]).await.0[0];
        let sublocation = [NewSublocation::new("Shelf C".into())];
        let sublocation = w.ok(&locations::CREATE_SUBLOCATIONS, store(), &sublocation[..]).await.0[0];
        let made = w.ok(&packages::CREATE, store(), &[new_package(&packages[0], 9)][..]).await.0[0];
        let when = date(2026, 11, 20).at(13, 30, 0, 0);
        let delivery = [NewDelivery::new(when, "Consumer".into(), vec![line(&packages[0], "2")])];
        let delivery = w.ok(&sales::CREATE_DELIVERIES, store(), &delivery[..]).await.0[0];
        w.ok(&packages::UNFLAG_FINISHED_GOOD, store(), &[PackageLabel::new(label(&packages[3]))][..]).await;
        // What was done long before a write says nothing about it.
        tokio::time::sleep(std::time::Duration::from_mins(5)).await;
        Self { world: w, packages, receipts, item, brand, location, sublocation, made, delivery }
    }

    fn summary(&self) -> Vec<String> {
        self.world.served.with(|server, _, _| server.summary(STORE))
    }
}

fn ingredients(source: &Package) -> Vec<Ingredient> {
    vec![Ingredient::new(label(source), number("2"), "Each".into())]
}

fn new_package(source: &Package, tag: u32) -> NewPackage {
    let item = source.item.as_ref().unwrap().name.clone().unwrap();
    let tag = format!("1A4060300009AB2{tag:09}").into();
    NewPackage::new(tag, item, number("2"), "Each".into(), date(2026, 11, 20), ingredients(source))
}

/// Writes carefully and tells what became of each row.
async fn rows<R: Findable + Clone + Send, A: Answer>(
    scene: &Scene,
    operation: &Operation<[R], A>,
    rows: &[R],
) -> Vec<RowOutcome> {
    scene.world.client.careful(operation, STORE, rows, Care::default()).await
}

const WRITES: usize = 42;

/// Makes one of the writes.
async fn write(scene: &Scene, which: usize) -> Vec<RowOutcome> {
    let [full, empty, finished, donated] = &scene.packages;
    let day = date(2026, 11, 20);
    let only = |package: &Package| [PackageLabel::new(label(package))];
    let item = || full.item.as_ref().unwrap().name.clone().unwrap();
    match which {
        0 => rows(scene, &sales::CREATE_RECEIPTS, &[receipt("N-1", vec![line(full, "1")])]).await,
        1 => {
            let two =
                [receipt("N-1", vec![line(full, "1"), line(donated, "2")]), receipt("N-2", vec![line(full, "1")])];
            rows(scene, &sales::CREATE_RECEIPTS, &two).await
        }
        2 => {
            let when = day.at(12, 0, 0, 0);
            let lines = vec![line(donated, "3")];
            let change = ChangedReceipt::new(scene.receipts[0], when, "Patient".into(), lines);
            rows(scene, &sales::CHANGE_RECEIPTS, &[change]).await
        }
        3 => rows(scene, &sales::FINALIZE_RECEIPTS, &[ById::new(scene.receipts[0])]).await,
        4 => rows(scene, &sales::UNFINALIZE_RECEIPTS, &[ById::new(scene.receipts[1])]).await,
        5 => vec![void(scene).await],
        6 => rows(scene, &packages::ADJUST_BY, &[adjust(full, "-3", Some("counted [ref 7K3Q]"))]).await,
        7 => rows(scene, &packages::ADJUST_TO, &[adjust(full, "5", Some("counted [ref 7K3R]"))]).await,
        8 => {
            let mut to = Adjust::new(label(full), number("6"), "Each".into(), "Waste".into(), day);
            to.reason_note = None;
            rows(scene, &packages::ADJUST_TO, &[to]).await
        }
        9 => rows(scene, &packages::CREATE, &[new_package(full, 10)]).await,
        10 => {
            let tag = "1A4060300009AB2000000011".into();
            let testing = NewTestingPackage::new(tag, item(), number("2"), "Each".into(), day, ingredients(full));
            rows(scene, &packages::CREATE_TESTING, &[testing]).await
        }
        11 => vec![discontinue(scene).await],
        12 => rows(scene, &packages::FINISH, &[FinishPackage::new(label(empty), day)]).await,
        13 => rows(scene, &packages::UNFINISH, &only(finished)).await,
        14 => rows(scene, &packages::FLAG_DONATION, &only(full)).await,
        15 => rows(scene, &packages::UNFLAG_DONATION, &only(donated)).await,
        16 => rows(scene, &packages::FLAG_TRADE_SAMPLE, &only(full)).await,
        17 => rows(scene, &packages::UNFLAG_FINISHED_GOOD, &only(full)).await,
        18 => rows(scene, &packages::MOVE, &[MovePackage::new(label(full), "Quarantine".into(), day)]).await,
        19 => {
            let other = scene.world.active().await.into_iter().find(|it| {
                it.item.as_ref().unwrap().name != full.item.as_ref().unwrap().name
                    && it.unit_of_measure_name == full.unit_of_measure_name
            });
            let other = other.unwrap().item.unwrap().name.unwrap();
            rows(scene, &packages::CHANGE_ITEM, &[PackageItem::new(label(full), other)]).await
        }
        20 => rows(scene, &packages::SET_NOTE, &[PackageNote::new(label(full), "third shelf".into())]).await,
        21 => rows(scene, &packages::SET_EXTERNAL_ID, &[ExternalId::new(label(full), "SKU-1".into())]).await,
        22 => {
            let mut dates = PackageDates::new(label(full));
            dates.sell_by_date = Some(date(2027, 1, 2));
            rows(scene, &packages::SET_DATES, &[dates]).await
        }
        23..30 | 41 => places(scene, which).await,
        30..36 => people(scene, which).await,
        _ => vec![removed(scene, which).await],
    }
}

async fn people(scene: &Scene, which: usize) -> Vec<RowOutcome> {
    let full = &scene.packages[0];
    let (day, patient) = (date(2026, 11, 20), Private::new("PAT-7"));
    let when = day.at(13, 40, 0, 0);
    match which {
        30 => {
            let two = [
                NewDelivery::new(when, "Consumer".into(), vec![line(full, "2")]),
                NewDelivery::new(when, "Consumer".into(), vec![line(full, "3")]),
            ];
            rows(scene, &sales::CREATE_DELIVERIES, &two).await
        }
        31 => {
            let change = ChangedDelivery::new(scene.delivery, when, "Consumer".into(), vec![line(full, "3")]);
            rows(scene, &sales::CHANGE_DELIVERIES, &[change]).await
        }
        32 => rows(scene, &sales::COMPLETE_DELIVERIES, &[CompletedDelivery::new(scene.delivery)]).await,
        33 => rows(scene, &patients::CREATE, &[NewPatient::new(patient, day)]).await,
        34 => rows(scene, &patients::CHECK_IN, &[NewCheckIn::new(patient, 1, day)]).await,
        _ => rows(scene, &packages::FLAG_FINISHED_GOOD, &[PackageLabel::new(label(&scene.packages[3]))]).await,
    }
}

/// Removes something; a list that it is on no more tells that it is gone.
async fn removed(scene: &Scene, which: usize) -> RowOutcome {
    let client = &scene.world.client;
    let ever = Target::of(STORE).modified(scene.world.ever());
    let care = Care::default();
    macro_rules! remove {
        ($operation:expr, $id:expr, $list:expr, $target:expr, |$row:ident| $is_there:expr) => {{
            let is_gone = || async {
                let rows = client.list(&$list, &$target).await?.rows;
                Ok(!rows.iter().any(|$row| $is_there))
            };
            client.careful_removal(&$operation, (STORE, $id), care, is_gone).await
        }};
    }
    match which {
        36 => remove!(items::REMOVE, scene.item, items::ACTIVE, ever, |row| row.id == Some(scene.item)),
        37 => {
            let active = |row: &items::Brand| row.id == Some(scene.brand) && row.status.as_deref() == Some("Active");
            remove!(items::REMOVE_BRAND, scene.brand, items::BRANDS, Target::of(STORE), |row| active(row))
        }
        38 => remove!(locations::REMOVE, scene.location, locations::ACTIVE, ever, |row| row.id == Some(scene.location)),
        39 => {
            remove!(locations::REMOVE_SUBLOCATION, scene.sublocation, locations::SUBLOCATIONS_ACTIVE, ever, |row| row
                .id
                == Some(scene.sublocation))
        }
        _ => remove!(sales::VOID_DELIVERY, scene.delivery, sales::DELIVERIES_ACTIVE, ever, |row| row.id
            == Some(scene.delivery)),
    }
}

async fn places(scene: &Scene, which: usize) -> Vec<RowOutcome> {
    let category: Text = "Infused Edible (each)".into();
    match which {
        23 => rows(scene, &items::CREATE, &[NewItem::new(category, "Mints".into(), "Each".into())]).await,
        24 => {
            let change = ChangedItem::new(scene.item, "Gummies 10-pk".into(), category, "Each".into());
            rows(scene, &items::CHANGE, &[change]).await
        }
        25 => rows(scene, &items::CREATE_BRANDS, &[NewBrand::new("Lake".into())]).await,
        26 => rows(scene, &items::RENAME_BRANDS, &[BrandName::new(scene.brand, "Old Farm".into())]).await,
        27 => rows(scene, &locations::CREATE, &[NewLocation::new("Attic".into(), "Default".into())]).await,
        28 => {
            let change = ChangedLocation::new(scene.location, "Basement".into(), "Default".into());
            rows(scene, &locations::CHANGE, &[change]).await
        }
        29 => rows(scene, &locations::CREATE_SUBLOCATIONS, &[NewSublocation::new("Shelf D".into())]).await,
        _ => {
            let change = ChangedSublocation::new(scene.sublocation, "Shelf E".into());
            rows(scene, &locations::CHANGE_SUBLOCATIONS, &[change]).await
        }
    }
}

async fn void(scene: &Scene) -> RowOutcome {
    let (client, id) = (&scene.world.client, scene.receipts[0]);
    let is_void = || async move {
        client.get(&sales::RECEIPT, &Target::of(STORE).at(id)).await.map(|receipt| receipt.archived_date.is_some())
    };
    client.careful_removal(&sales::VOID_RECEIPT, (STORE, id), Care::default(), is_void).await
}

async fn discontinue(scene: &Scene) -> RowOutcome {
    let (client, id) = (&scene.world.client, scene.made);
    let is_gone = || async move {
        client.get(&packages::BY_ID, &Target::of(STORE).at(id)).await.map(|package| package.archived_date.is_some())
    };
    client.careful_removal(&packages::DISCONTINUE, (STORE, id), Care::default(), is_gone).await
}

#[tokio::test(start_paused = true)]
async fn every_fault_at_every_write_does_it_once_or_says_so() {
    for which in 0..WRITES {
        let honest = Scene::new().await;
        let before = honest.summary();
        let outcomes = write(&honest, which).await;
        assert!(outcomes.iter().all(RowOutcome::is_done), "write {which}: {outcomes:?}");
        let after = honest.summary();
        assert_ne!(before, after, "write {which} does nothing");
        for fault in Fault::ALL {
            for times in [1, 2, 3] {
                let scene = Scene::new().await;
                scene.world.served.with(|_, faults, _| faults.plant(fault, On::Writes, "", times));
                let outcomes = write(&scene, which).await;
                tokio::time::sleep(std::time::Duration::from_mins(10)).await;
                let (there, what) = (scene.summary(), format!("write {which}, {fault:?} {times} times: {outcomes:?}"));
                if outcomes.iter().all(RowOutcome::is_done) {
                    assert_eq!(there, after, "{what}");
                } else if times == 3 && outcomes.iter().any(|outcome| matches!(outcome, RowOutcome::Unknown { .. })) {
                    // Given up after three attempts: not done, and said so.
                    assert_eq!(there, before, "{what}");
                } else {
                    // A refusal is certain: nothing was done. Who asks is refused in these faults alone.
                    assert!(matches!(fault, Fault::KeyExpired | Fault::NotPermitted), "{what}");
                    assert!(outcomes.iter().any(|outcome| matches!(outcome, RowOutcome::Refused(_))), "{what}");
                }
            }
        }
    }
}

/// What was done and not answered is looked for while reading goes wrong, too.
#[tokio::test(start_paused = true)]
async fn every_fault_while_looking_leaves_it_done_once_or_unknown() {
    for which in [0, 2, 5, 6, 9, 18, 23, 30] {
        let honest = Scene::new().await;
        let before = honest.summary();
        write(&honest, which).await;
        let after = honest.summary();
        let mut unknown = 0;
        for of_write in [Fault::TimeOutAfter, Fault::TimeOutBefore, Fault::LateEffect, Fault::ErrorAfter] {
            for of_reads in Fault::ALL {
                let scene = Scene::new().await;
                scene.world.served.with(|_, faults, _| {
                    faults.plant(of_write, On::Writes, "", 1);
                    faults.plant(of_reads, On::Reads, "", 2);
                });
                let outcomes = write(&scene, which).await;
                tokio::time::sleep(std::time::Duration::from_mins(10)).await;
                let (there, what) =
                    (scene.summary(), format!("write {which}, {of_write:?}, {of_reads:?}: {outcomes:?}"));
                if outcomes.iter().all(RowOutcome::is_done) {
                    assert_eq!(there, after, "{what}");
                } else {
                    unknown += 1;
                    assert!(there == before || there == after, "{what}");
                }
            }
        }
        assert!(unknown < 4, "write {which}: {unknown}");
    }
}

/// Where reading does not work either, nobody is told that it was done, and nothing is sent again.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_is_not_sent_again() {
    for fault in [Fault::TimeOutAfter, Fault::TimeOutBefore, Fault::CutAfter, Fault::ErrorAfter, Fault::LateEffect] {
        let honest = Scene::new().await;
        let before = honest.summary();
        write(&honest, 0).await;
        let after = honest.summary();
        let scene = Scene::new().await;
        scene.world.served.with(|_, faults, _| {
            faults.plant(fault, On::Writes, "", 1);
            faults.plant(Fault::Maintenance, On::Reads, "", u64::MAX);
        });
        let writes = scene.world.served.counted().writes;
        let outcomes = write(&scene, 0).await;
        assert!(matches!(outcomes[0], RowOutcome::Unknown { .. }), "{fault:?}: {outcomes:?}");
        assert_eq!(scene.world.served.counted().writes, writes + 1, "{fault:?}");
        let there = scene.summary();
        assert!(there == before || there == after, "{fault:?}");
    }
}

/// A clock that is off, and a client that has asked nothing yet.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_does_nothing_twice() {
    for minutes in [-90, -11, 11, 90] {
        let w = World::ahead_by(minutes, Sizes { packages: 24, receipts: 5, ..Sizes::default() });
        let label = "1A4060300002EE1000000000";
        let count = |what: &str| {
            let there = w.served.with(|server, _, _| server.summary(STORE));
            there.iter().filter(|line| line.starts_with(what) && (line.contains(label) || line.contains("-9 "))).count()
        };
        let unit: Text = w.served.with(|server, _, _| server.unit_of(STORE, label)).unwrap().into();
        let day = date(2026, 11, 20);
        let mut row = Adjust::new(label.into(), number("-1"), unit.clone(), "Entry Error".into(), day);
        row.reason_note = Some("counted [ref 9Z]".into());
        let before = (count("adjustment"), count("delivery"));
        let done = w.client.careful(&packages::ADJUST_BY, STORE, &[row], Care::default()).await;
        let lines = vec![NewLine::new(label.into(), number("1"), unit, number("9.5"))];
        let delivery = [NewDelivery::new(day.at(10, 0, 0, 0), "Consumer".into(), lines)];
        let delivered = w.client.careful(&sales::CREATE_DELIVERIES, STORE, &delivery, Care::default()).await;
        assert!(done[0].is_done() && delivered[0].is_done(), "{minutes}: {done:?} {delivered:?}");
        assert_eq!((count("adjustment"), count("delivery")), (before.0 + 1, before.1 + 1), "{minutes}");
    }
}

/// Where a PUT of an adjustment means a change, it is not made three times in the hope of the quantity.
#[tokio::test(start_paused = true)]
async fn a_state_that_means_a_change_is_changed_once() {
    for note in [None, Some("counted [ref 3K]")] {
        for fault in [None, Some(Fault::TimeOutAfter), Some(Fault::TimeOutBefore)] {
            let settings = Settings { put_adjust: PutAdjust::By, ..Settings::default() };
            let sizes = Sizes { packages: 24, receipts: 5, adjustments: 0, ..Sizes::default() };
            let w = World::with(settings, sizes, Faults::none());
            tokio::time::sleep(std::time::Duration::from_mins(5)).await;
            if let Some(fault) = fault {
                w.served.with(|_, faults, _| faults.plant(fault, On::Writes, "", 1));
            }
            let package = w.active().await.remove(0);
            let unit = package.unit_of_measure_name.clone().unwrap();
            let mut to = Adjust::new(label(&package), number("6"), unit, "Waste".into(), date(2026, 11, 20));
            to.reason_note = note.map(Text::from);
            let outcomes = w.client.careful(&packages::ADJUST_TO, STORE, &[to], Care::default()).await;
            let made = w.served.with(|server, _, _| server.summary(STORE));
            let made = made.iter().filter(|line| line.starts_with("adjustment")).count();
            assert_eq!(made, 1, "{note:?} {fault:?}: {outcomes:?}");
        }
    }
}

/// A number that another receipt has says nothing about ours.
#[tokio::test(start_paused = true)]
async fn a_number_that_is_taken_leaves_it_to_a_person() {
    let scene = Scene::new().await;
    scene.world.served.with(|_, faults, _| faults.plant(Fault::TimeOutBefore, On::Writes, "", 1));
    let mut sale = receipt("S-1", vec![line(&scene.packages[0], "1")]);
    sale.sales_date_time = date(2026, 11, 20).at(9, 30, 0, 0);
    let outcomes = rows(&scene, &sales::CREATE_RECEIPTS, &[sale]).await;
    assert!(matches!(outcomes[0], RowOutcome::Unknown { .. }), "{outcomes:?}");
}

/// Rows of one request that a state does one by one: the good ones once, the bad one never.
#[tokio::test(start_paused = true)]
async fn half_a_request_is_told_row_by_row() {
    for atomic_batches in [true, false] {
        let sizes = Sizes { packages: 24, receipts: 5, ..Sizes::default() };
        let w = World::with(Settings { atomic_batches, ..Settings::default() }, sizes, Faults::none());
        let package =
            w.active().await.into_iter().find(|it| it.unit_of_measure_name.as_deref() == Some("Each")).unwrap();
        let sale = |number: &str, quantity: &str| receipt(number, vec![line(&package, quantity)]);
        let sales = [sale("A", "1"), sale("B", "999999"), sale("C", "2")];
        let outcomes = w.client.careful(&sales::CREATE_RECEIPTS, STORE, &sales, Care::default()).await;
        let told: Vec<_> = outcomes.iter().map(RowOutcome::is_done).collect();
        assert_eq!(told, [true, false, true], "{outcomes:?}");
        assert!(matches!(outcomes[1], RowOutcome::Refused(_)));
        let there = w.served.with(|server, _, _| server.summary(STORE));
        for (number, times) in [("A", 1), ("B", 0), ("C", 1)] {
            let of_number =
                there.iter().filter(|line| line.starts_with(&format!("receipt Some(\"{number}\")"))).count();
            assert_eq!(of_number, times, "{number}, atomic {atomic_batches}");
        }
    }
}

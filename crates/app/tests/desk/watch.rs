//! Pulled, compared, kept; a person's change in the state's page seen with the next pull.

use crate::world::{World, end_of};
use jiff::Timestamp;
use trueup_app::desk::{DeskFolder, Tracked, assign, note};
use trueup_intake::{Options, read_store};
use trueup_sim::metrc::ByHand;
use trueup_store::StoreError;
use trueup_store::audit::Actor;
use trueup_store::ledger::{discrepancies_of, discrepancy_events, open_discrepancies};

#[tokio::test(start_paused = true)]
async fn a_change_in_the_states_page_is_seen_explained_and_closed() {
    let mut world = World::new(990_001);
    let (view, tracked, changed) = world.round().await;
    assert!(changed > 300, "{changed}");
    let found: Vec<String> = view.outcome.discrepancies.iter().map(|it| it.package.to_string()).collect();
    let truth: Vec<String> = world.truth.discrepancies.keys().cloned().collect();
    assert_eq!(found, truth);
    assert_eq!(tracked, Tracked { found: u64::try_from(found.len()).unwrap(), ..Tracked::default() });

    // Nothing happens: nothing is asked for again but the lists, and nothing is written.
    let (requests, entries) = (world.served.counted().reads, world.log_size());
    let (idle, tracked, changed) = world.round().await;
    assert_eq!((tracked, changed, idle.new_facts), (Tracked::default(), 0, 0));
    assert!(world.served.counted().reads - requests < 40);
    // Only that it was looked: the import's beginning and end.
    assert!(world.log_size() - entries <= 2, "{} entries", world.log_size() - entries);

    // A person takes two off a package that agreed.
    let package = view.folder.books.tags().into_iter().find(|tag| {
        let books = view.package(*tag).unwrap();
        let state = books.state();
        let plenty = state.is_some_and(|it| !it.finished && it.quantity.atoms() > 5_000_000_000_000);
        plenty && !found.contains(&tag.to_string())
    });
    let package = package.unwrap().to_string();
    let tag = trueup_core::PackageTag::parse(&package).unwrap();
    let unit = view.package(tag).unwrap().state().unwrap().unit.name();
    let day = end_of(&world.root()).strftime("%Y-%m-%d").to_string();
    let by_hand = |quantity: &str| ByHand::Write {
        method: "POST",
        path: "/packages/v2/adjust".to_owned(),
        body: format!(
            r#"[{{"Label":"{package}","Quantity":{quantity},"UnitOfMeasure":"{unit}","AdjustmentReason":"Incorrect Quantity","ReasonNote":"by hand","AdjustmentDate":"{day}"}}]"#
        ),
    };
    tokio::time::advance(std::time::Duration::from_secs(3_600)).await;
    world.served.by_hand(&world.licence, "Sam Cole", &by_hand("-2")).unwrap();
    tokio::time::advance(std::time::Duration::from_secs(7_200)).await;
    // The state gives its date alone: it may be later than the POS's export, which cannot show it then.
    let (view, tracked, _) = world.round().await;
    assert_eq!((tracked.found, tracked.gone), (0, 0));
    // The adjustment, and what the state says of the package now.
    assert_eq!(view.new_facts, 2);
    world.exported = Some(world.client.state_now());
    let (view, tracked, changed) = world.round().await;
    assert_eq!((tracked.found, tracked.gone), (1, 0), "{changed} records changed");
    let it = view.outcome.discrepancies.iter().find(|it| it.package.to_string() == package).unwrap();
    assert_eq!(it.causes[0].cause.name(), "adjustment_only_in_state");
    let row = world.books.read(|tx| discrepancies_of(tx, &world.licence, &package)).unwrap().remove(0);
    assert_eq!((row.state.as_str(), row.unexplained), ("explained", 0));

    // People work on it.
    let dana = Actor::program("dana");
    let now = world.client.state_now();
    let id = row.discrepancy_id.as_str();
    note(&world.books, (&world.licence, id), "asked Sam", now, &dana).unwrap();
    let given = assign(&world.books, (&world.licence, id, Some(row.version)), Some("dana"), now, &dana).unwrap();
    let late = assign(&world.books, (&world.licence, id, Some(row.version)), Some("lee"), now, &dana);
    assert!(matches!(late, Err(StoreError::Conflict { .. })), "two people took it");
    assert_eq!(given.assignee.as_deref(), Some("dana"));

    // The person takes it back; the difference is gone, and the row says why.
    world.served.by_hand(&world.licence, "Sam Cole", &by_hand("2")).unwrap();
    tokio::time::advance(std::time::Duration::from_secs(7_200)).await;
    world.exported = Some(world.client.state_now());
    let (_, tracked, _) = world.round().await;
    assert_eq!((tracked.found, tracked.gone), (0, 1));
    let row = world.books.read(|tx| discrepancies_of(tx, &world.licence, &package)).unwrap().remove(0);
    assert_eq!((row.state.as_str(), row.closed_because.as_deref()), ("closed", Some("the books agree")));
    let kinds: Vec<String> = world
        .books
        .read(|tx| discrepancy_events(tx, &world.licence, &row.discrepancy_id))
        .unwrap()
        .iter()
        .map(|event| event.kind.to_string())
        .collect();
    assert_eq!(kinds, ["state", "note", "assignment", "state"]);
    let open = world.books.read(|tx| open_discrepancies(tx, &world.licence)).unwrap();
    assert_eq!(open.len(), truth.len());
    world.books.read(trueup_store::care::integrity).unwrap();
    // The folder says the same when it is read as a whole.
    let again = read_store(&world.root(), Options::default(), &mut |_| {});
    assert!(again.is_ok());
}

#[test]
fn a_folder_tells_when_it_was_exported_and_that_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let desk = DeskFolder::new(folder.path());
    assert!(desk.pos_as_of().unwrap_err().to_string().contains("nothing was exported yet"));
    std::fs::create_dir(folder.path().join("pos")).unwrap();
    let before = desk.signature().unwrap();
    std::fs::write(folder.path().join("pos/inventory.csv"), "a").unwrap();
    std::fs::write(folder.path().join("pos/sales.csv"), "b").unwrap();
    assert_ne!(desk.signature().unwrap(), before);
    let exported = desk.pos_as_of().unwrap();
    let file = std::fs::metadata(folder.path().join("pos/inventory.csv")).unwrap().modified().unwrap();
    assert_eq!(exported, Timestamp::try_from(file).unwrap());
    std::fs::write(folder.path().join("pos/as_of.txt"), "2026-03-09T10:00:00-07:00\n").unwrap();
    assert_eq!(desk.pos_as_of().unwrap(), "2026-03-09T17:00:00Z".parse::<Timestamp>().unwrap());
    std::fs::write(folder.path().join("pos/as_of.txt"), "yesterday").unwrap();
    assert!(desk.pos_as_of().unwrap_err().to_string().contains("as_of.txt"));
}

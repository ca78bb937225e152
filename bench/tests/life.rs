//! A store lives with a server as its state; its records are pulled from it by the client; and the answers are right.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use trueup_bench::{Found, Score, found_in};
use trueup_metrc::client::{Client, Cursor, Files, Gate, Keys, Limits, Pace, Policy, Report, Simulated, TokioClock};
use trueup_sim::metrc::{Faults as Weather, Metrc, Served};
use trueup_sim::{Faults, StoreOptions, Truth, live_with_server};

/// Pulls everything of the store into the folder's `state/`.
async fn pull(server: Metrc, weather: Weather, folder: &Path) -> Report {
    let licence = server.licences()[0].clone();
    let keys = Keys::new(server.vendor_keys()[0], &server.employees()[0].key);
    // A week after the last record: nothing changes any more.
    let now = "2027-06-01T12:00:00Z".parse().unwrap();
    let served = Arc::new(Served::new(server, weather, now));
    let transport = Simulated::new(served);
    let client = Client::new(transport, TokioClock::set(now), keys, Gate::new(Limits::default()), Policy::default());
    std::fs::create_dir_all(folder.join("state")).unwrap();
    let mut files = Files::create(&folder.join("state")).unwrap();
    let mut cursor = Cursor::default();
    let report =
        client.pull(&licence, Pace::default(), &mut cursor, &mut |changed| files.take(&changed)).await.unwrap();
    files.finish().unwrap();
    report
}

async fn lived(options: &StoreOptions) -> (Truth, Found) {
    let folder = tempfile::tempdir().unwrap();
    let (truth, server) = live_with_server(options, folder.path(), &mut |_, _| {}).unwrap();
    let report = pull(server, Weather::none(), folder.path()).await;
    assert_eq!((report.not_permitted.len(), report.unknown_fields.len()), (0, 0));
    (truth, found_in(folder.path()).unwrap())
}

fn busy(seed: u64) -> StoreOptions {
    StoreOptions { faults: Faults::Share { parts: 3, of: 100 }, ..StoreOptions::new(seed) }
}

#[tokio::test(start_paused = true)]
async fn what_was_reported_to_a_server_and_pulled_from_it_is_explained_in_full() {
    let mut score = Score::default();
    for seed in 880_000..880_020 {
        let (truth, found) = lived(&busy(seed)).await;
        score.add(&truth, &found);
    }
    println!("{score}");
    assert!(score.discrepant > 0 && score.honest > 0, "{score}");
    assert_eq!(score.right_in_full, score.discrepant, "{score}");
    assert_eq!(score.false_alarms + score.steps_forbidden + score.steps_missing + score.sums_wrong, 0, "{score}");
}

#[tokio::test(start_paused = true)]
async fn an_honest_life_with_a_server_is_no_discrepancy() {
    let mut score = Score::default();
    for seed in 881_000..881_010 {
        let options = StoreOptions { faults: Faults::Counts(BTreeMap::new()), ..StoreOptions::new(seed) };
        let (truth, found) = lived(&options).await;
        score.add(&truth, &found);
    }
    assert_eq!((score.discrepant, score.false_alarms), (0, 0), "{score}");
    assert!(score.honest > 1_500, "{score}");
}

#[tokio::test(start_paused = true)]
async fn every_mistake_is_found_alone() {
    for name in trueup_sim::mistake_names() {
        let mut score = Score::default();
        for seed in 882_000..882_002 {
            let faults = Faults::Counts(BTreeMap::from([(name.to_owned(), 3)]));
            let (truth, found) = lived(&StoreOptions { faults, packages: 120, ..StoreOptions::new(seed) }).await;
            score.add(&truth, &found);
        }
        assert!(score.discrepant > 0, "{name} was never planted");
        assert_eq!(score.right_in_full, score.discrepant, "{name}: {score}");
        assert_eq!(score.false_alarms + score.steps_forbidden + score.steps_missing, 0, "{name}: {score}");
    }
}

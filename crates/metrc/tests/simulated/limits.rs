//! The limits of the API are never reached.

use crate::world::{STORE, World};
use trueup_metrc::api::{packages, sales};
use trueup_metrc::client::{Target, Window};
use trueup_sim::metrc::{Faults, Settings, Sizes};

#[tokio::test(start_paused = true)]
async fn a_full_list_is_read_without_one_refusal_and_is_whole() {
    let sizes = Sizes { packages: 1_010, receipts: 500, ..Sizes::default() };
    let world = World::with(Settings::default(), sizes, Faults::latency([20, 200], 1));
    let window = Window { from: "2015-01-01T00:00:00Z".parse().unwrap(), to: world.served.now() };
    let target = Target::of(STORE).modified(window);
    let active = world.client.list(&packages::ACTIVE, &target).await.unwrap();
    assert_eq!((active.rows.len(), active.total, active.passes), (1_010, 1_010, 1));
    assert_eq!(active.unknown_fields, [""; 0]);
    let counted = world.served.counted();
    assert_eq!((counted.reads, counted.throttled), (51, 0));
    let inactive = world.client.list(&sales::RECEIPTS_INACTIVE, &target).await.unwrap();
    let active = world.client.list(&sales::RECEIPTS_ACTIVE, &target).await.unwrap();
    assert_eq!(inactive.total + active.total, 500);
    assert!(active.rows.iter().all(|receipt| receipt.transactions.is_empty()));
}

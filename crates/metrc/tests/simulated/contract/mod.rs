//! Every operation, from both ends.

mod packages;
mod places;
mod registry;
mod sales;
mod transfers;

use crate::world::World;
use std::collections::BTreeSet;
use trueup_metrc::api;
use trueup_sim::metrc::{Faults, Settings, Sizes};

/// A server with everything that a state may have.
fn world() -> World {
    World::with(Settings { retail_ids: true, ..Settings::default() }, Sizes::default(), Faults::none())
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_called_and_answered_as_documented() {
    let mut called = BTreeSet::new();
    for world in [
        packages::all(world()).await,
        places::all(world()).await,
        registry::all(world()).await,
        sales::all(world()).await,
        transfers::all(world()).await,
    ] {
        called.extend(world.called());
    }
    let all: BTreeSet<String> = api::all().iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), 166);
    assert_eq!(all.difference(&called).collect::<Vec<_>>(), Vec::<&String>::new());
}

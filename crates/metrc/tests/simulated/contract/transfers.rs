//! Manifests.

use crate::world::{STORE, World, held};
use trueup_core::{Decimal, Quantity, Unit};
use trueup_metrc::api::transfers::{
    self, ChangedExternalIncoming, ChangedTemplate, HubMovement, NewExternalIncoming, NewTemplate,
};
use trueup_metrc::client::{Problem, Target};
use trueup_sim::metrc::ByHand;

pub async fn all(w: World) -> World {
    incoming(&w).await;
    details(&w).await;
    not_for_a_retailer(&w).await;
    w
}

fn store() -> Target {
    Target::of(STORE)
}

async fn incoming(w: &World) {
    let ever = || store().modified(w.ever());
    let waiting = w.client.list(&transfers::INCOMING, &ever()).await.unwrap();
    assert_eq!(waiting.total, 2);
    let transfer = &waiting.rows[0];
    assert_eq!((transfer.package_count, transfer.received_package_count), (Some(4), Some(0)));
    let delivery = Target::new().at(transfer.delivery_id.unwrap());
    let packages = w.client.list(&transfers::PACKAGES, &delivery).await.unwrap().rows;
    assert!(packages.iter().all(|it| it.shipment_package_state.as_deref() == Some("Shipped")));
    // A person accepts it in the web page: one package is short, one goes back.
    let label = |place: usize| packages[place].package_label.clone().unwrap().to_string();
    let unit = Unit::parse(packages[0].shipped_unit_of_measure_name.as_deref().unwrap()).unwrap();
    let short = Quantity::new(Decimal::new(7, 0), unit).unwrap();
    let accept = ByHand::Accept {
        manifest: transfer.manifest_number.clone().unwrap().to_string(),
        counted: vec![(label(0), short)],
        rejected: vec![label(1)],
    };
    w.served.by_hand(STORE, "Sam Cole", &accept).unwrap();
    assert!(w.served.by_hand(STORE, "Sam Cole", &accept).is_err());
    let after = w.client.list(&transfers::PACKAGES, &delivery).await.unwrap().rows;
    assert_eq!(after[0].received_quantity.as_ref().unwrap().as_str(), "7.0");
    assert_eq!(after[1].shipment_package_state.as_deref(), Some("Rejected"));
    assert_eq!(held(&w.package(&label(0)).await), "7.0");
    assert_eq!(w.active().await.len(), 63);
    assert_eq!(w.client.list(&transfers::REJECTED, &ever()).await.unwrap().total, 1);
    assert_eq!(w.client.list(&transfers::OUTGOING, &ever()).await.unwrap().total, 0);
    let deliveries = w.client.list(&transfers::DELIVERIES, &Target::new().at(transfer.id.unwrap())).await.unwrap();
    assert_eq!(deliveries.rows[0].delivery_received_package_count, Some(3));
}

async fn details(w: &World) {
    let waiting = w.client.list(&transfers::INCOMING, &store().modified(w.ever())).await.unwrap().rows.remove(0);
    let delivery = Target::new().at(waiting.delivery_id.unwrap());
    let prices = w.client.list(&transfers::PACKAGES_WHOLESALE, &delivery).await.unwrap();
    assert!(prices.rows.iter().all(|price| price.shipper_wholesale_price.is_none()) && prices.total == 4);
    assert_eq!(w.client.list(&transfers::TRANSPORTERS, &delivery).await.unwrap().total, 1);
    let drivers = w.client.list(&transfers::TRANSPORTER_DETAILS, &delivery).await.unwrap();
    assert!(!format!("{drivers:?}").contains("Okafor"));
    assert_eq!(drivers.rows[0].driver_name.as_ref().unwrap().reveal(), "A. Okafor");
    let one = Target::new().at(1);
    assert_eq!(w.client.list(&transfers::REQUIRED_LAB_TEST_BATCHES, &one).await.unwrap().total, 0);
    assert_eq!(w.client.get(&transfers::PACKAGE_STATES, &Target::new()).await.unwrap().len(), 4);
    assert_eq!(w.client.list(&transfers::TYPES, &store()).await.unwrap().total, 3);
    let manifest = store().at(waiting.id.unwrap());
    assert!(w.client.get(&transfers::MANIFEST_PDF, &manifest).await.unwrap().file_contents.is_some());
    let html = w.client.get(&transfers::MANIFEST_HTML, &manifest).await.unwrap();
    assert!(html.0.starts_with(b"<!DOCTYPE") && format!("{html:?}").ends_with(" bytes"));
}

async fn not_for_a_retailer(w: &World) {
    assert_eq!(w.client.list(&transfers::TEMPLATES, &store()).await.unwrap().total, 0);
    let one = || store().at(1);
    let mut missing = vec![
        w.fails(&transfers::TEMPLATE_DELIVERIES, one(), &()).await,
        w.fails(&transfers::TEMPLATE_PACKAGES, one(), &()).await,
        w.fails(&transfers::TEMPLATE_TRANSPORTERS, one(), &()).await,
        w.fails(&transfers::TEMPLATE_TRANSPORTER_DETAILS, one(), &()).await,
    ];
    assert!(missing.iter().all(|problem| matches!(problem, Problem::NotFound)), "{missing:?}");
    missing = vec![
        w.fails(&transfers::CREATE_TEMPLATES, store(), &[NewTemplate::new("T".into())][..]).await,
        w.fails(&transfers::CHANGE_TEMPLATES, store(), &[ChangedTemplate::new(1, "T".into())][..]).await,
        w.fails(&transfers::REMOVE_TEMPLATE, one(), &()).await,
        w.fails(&transfers::HUB, store(), &()).await,
        w.fails(&transfers::CREATE_EXTERNAL_INCOMING, store(), &[NewExternalIncoming::new("X".into(), "X".into())][..])
            .await,
        w.fails(&transfers::CHANGE_EXTERNAL_INCOMING, store(), &[ChangedExternalIncoming::new(1)][..]).await,
        w.fails(&transfers::REMOVE_EXTERNAL_INCOMING, one(), &()).await,
    ];
    for operation in
        [&transfers::HUB_ARRIVE, &transfers::HUB_CHECK_IN, &transfers::HUB_CHECK_OUT, &transfers::HUB_DEPART]
    {
        missing.push(w.fails(operation, store(), &[HubMovement::new(1)][..]).await);
    }
    assert!(missing.iter().all(|problem| matches!(problem, Problem::Unauthorised(_))), "{missing:?}");
}

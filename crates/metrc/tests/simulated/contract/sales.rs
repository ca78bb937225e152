//! Receipts and deliveries.

use crate::world::{STORE, World, line, pieces, receipt, rejected};
use jiff::civil::date;
use trueup_metrc::api::packages::Package;
use trueup_metrc::api::sales::{
    self, ById, ChangedDelivery, ChangedReceipt, ChangedRetailerDelivery, CompletedDelivery, Departure, HubDelivery,
    NewDelivery, NewRetailerDelivery, Restock, RetailerDeliveryEnd, VerifiedDelivery,
};
use trueup_metrc::client::{Problem, Target};

pub async fn all(w: World) -> World {
    let package = w.active().await.into_iter().find(|it| it.unit_of_measure_name.as_deref() == Some("Each")).unwrap();
    receipts(&w, &package).await;
    small_lists(&w).await;
    deliveries(&w, &package).await;
    vans_and_hubs(&w).await;
    w
}

fn store() -> Target {
    Target::of(STORE)
}

/// Pieces that a package holds.
async fn left(w: &World, package: &Package) -> i64 {
    pieces(&w.package(package.label.as_deref().unwrap()).await)
}

async fn receipts(w: &World, package: &Package) {
    let before = left(w, package).await;
    let ever = || store().modified(w.ever());
    let (active, inactive) = (
        w.client.list(&sales::RECEIPTS_ACTIVE, &ever()).await.unwrap().total,
        w.client.list(&sales::RECEIPTS_INACTIVE, &ever()).await.unwrap().total,
    );
    assert_eq!(active + inactive, 200);
    let new = [receipt("POS7-1", vec![line(package, "2")]), receipt("POS7-2", vec![line(package, "1")])];
    let ids = w.ok(&sales::CREATE_RECEIPTS, store(), &new[..]).await.0;
    assert_eq!((ids.len(), left(w, package).await), (2, before - 3));
    let read = w.ok(&sales::RECEIPT, store().at(ids[0]), &()).await;
    assert_eq!(read.external_receipt_number.as_deref(), Some("POS7-1"));
    assert_eq!(read.sales_date_time.as_deref(), Some("2026-11-20T13:55:00.000"));
    let row = &read.transactions[0];
    assert_eq!(
        (row.quantity_sold.as_ref().unwrap().as_str(), row.package_label.clone()),
        ("2.0", package.label.clone())
    );
    assert_eq!(w.ok(&sales::RECEIPT_BY_EXTERNAL_NUMBER, store().at("POS7-1"), &()).await, read);
    // An edit replaces the lines.
    let when = date(2026, 11, 20).at(13, 55, 0, 0);
    let change = ChangedReceipt::new(ids[0], when, "Consumer".into(), vec![line(package, "5")]);
    w.ok(&sales::CHANGE_RECEIPTS, store(), &[change.clone()][..]).await;
    assert_eq!(left(w, package).await, before - 6);
    // Finalized, it refuses edits and voids, and stands in the other list.
    w.ok(&sales::FINALIZE_RECEIPTS, store(), &[ById::new(ids[0])][..]).await;
    let problem = w.fails(&sales::CHANGE_RECEIPTS, store(), &[change][..]).await;
    assert_eq!(rejected(&problem), [format!("0: Receipt {} is finalized.", ids[0])]);
    assert!(matches!(w.fails(&sales::VOID_RECEIPT, store().at(ids[0]), &()).await, Problem::Rejected(_)));
    assert_eq!(w.client.list(&sales::RECEIPTS_INACTIVE, &ever()).await.unwrap().total, inactive + 1);
    w.ok(&sales::UNFINALIZE_RECEIPTS, store(), &[ById::new(ids[0])][..]).await;
    w.ok(&sales::VOID_RECEIPT, store().at(ids[0]), &()).await;
    assert_eq!(left(w, package).await, before - 1);
    assert!(w.ok(&sales::RECEIPT, store().at(ids[0]), &()).await.archived_date.is_some());
    let too_many = [receipt("POS7-3", vec![line(package, "100000")])];
    let problem = w.fails(&sales::CREATE_RECEIPTS, store(), &too_many[..]).await;
    assert!(rejected(&problem)[0].contains("does not have enough quantity"));
    assert!(matches!(w.fails(&sales::RECEIPT, store().at(1), &()).await, Problem::NotFound));
}

async fn small_lists(w: &World) {
    assert_eq!(w.client.get(&sales::CUSTOMER_TYPES, &Target::new()).await.unwrap().len(), 5);
    assert_eq!(w.client.list(&sales::COUNTIES, &Target::new()).await.unwrap().total, 2);
    assert_eq!(w.client.list(&sales::RETURN_REASONS, &store()).await.unwrap().total, 2);
    assert_eq!(w.client.get(&sales::PATIENT_REGISTRATION_LOCATIONS, &Target::new()).await.unwrap().len(), 2);
    assert!(matches!(w.fails(&sales::PAYMENT_TYPES, store(), &()).await, Problem::Unauthorised(_)));
}

async fn deliveries(w: &World, package: &Package) {
    let before = left(w, package).await;
    let when = date(2026, 11, 20).at(13, 50, 0, 0);
    let mut new = NewDelivery::new(when, "Consumer".into(), vec![line(package, "4")]);
    new.recipient_name = Some(trueup_metrc::api::Private::new("Jo Doe"));
    let ids = w.ok(&sales::CREATE_DELIVERIES, store(), &[new.clone(), new][..]).await.0;
    assert_eq!(left(w, package).await, before - 8);
    let change = ChangedDelivery::new(ids[0], when, "Consumer".into(), vec![line(package, "3")]);
    w.ok(&sales::CHANGE_DELIVERIES, store(), &[change][..]).await;
    assert_eq!(left(w, package).await, before - 7);
    w.ok(&sales::VOID_DELIVERY, store().at(ids[1]), &()).await;
    assert_eq!(left(w, package).await, before - 3);
    let read = w.ok(&sales::DELIVERY, store().at(ids[1]), &()).await;
    assert!(read.voided_date.is_some());
    assert!(!format!("{read:?}").contains("Jo Doe") && read.recipient_name.unwrap().reveal() == "Jo Doe");
    let ever = || store().modified(w.ever());
    assert_eq!(w.client.list(&sales::DELIVERIES_ACTIVE, &ever()).await.unwrap().total, 1);
    w.ok(&sales::COMPLETE_DELIVERIES, store(), &[CompletedDelivery::new(ids[0])][..]).await;
    assert_eq!(w.client.list(&sales::DELIVERIES_INACTIVE, &ever()).await.unwrap().total, 2);
    assert_eq!(w.ok(&sales::DELIVERY, store().at(ids[0]), &()).await.transactions.len(), 1);
}

/// Not for a retailer in Colorado.
async fn vans_and_hubs(w: &World) {
    let (when, id) = (date(2026, 11, 20).at(9, 0, 0, 0), 1);
    let mut problems = vec![
        w.fails(&sales::CREATE_RETAILER_DELIVERIES, store(), &[NewRetailerDelivery::new(when)][..]).await,
        w.fails(&sales::CHANGE_RETAILER_DELIVERIES, store(), &[ChangedRetailerDelivery::new(id, when)][..]).await,
        w.fails(&sales::DEPART, store(), &[Departure::new(id)][..]).await,
        w.fails(&sales::END, store(), &[RetailerDeliveryEnd::new(id)][..]).await,
        w.fails(&sales::RESTOCK, store(), &[Restock::new(id, when)][..]).await,
        w.fails(&sales::VOID_RETAILER_DELIVERY, store().at(id), &()).await,
        w.fails(&sales::RETAILER_DELIVERY, store().at(id), &()).await,
        w.fails(&sales::RETAILER_DELIVERIES_ACTIVE, store(), &()).await,
        w.fails(&sales::RETAILER_DELIVERIES_INACTIVE, store(), &()).await,
        w.fails(&sales::CHANGE_HUB_DELIVERIES, store(), &[HubDelivery::new(id)][..]).await,
        w.fails(&sales::VERIFY_HUB_DELIVERIES, store(), &[VerifiedDelivery::new(id)][..]).await,
    ];
    for operation in [&sales::ACCEPT_HUB_DELIVERIES, &sales::DEPART_HUB_DELIVERIES] {
        problems.push(w.fails(operation, store(), &[ById::new(id)][..]).await);
    }
    assert!(problems.iter().all(|problem| matches!(problem, Problem::Unauthorised(_))), "{problems:?}");
}

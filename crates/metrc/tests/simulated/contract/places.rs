//! Items, brands, rooms and places within them.

use crate::world::{STORE, World, rejected};
use trueup_metrc::api::items::{self, BrandName, ChangedItem, NewBrand, NewItem, Upload};
use trueup_metrc::api::locations::{self, ChangedLocation, ChangedSublocation, NewLocation, NewSublocation};
use trueup_metrc::client::{Problem, Target};

pub async fn all(w: World) -> World {
    items(&w).await;
    rooms(&w).await;
    w
}

fn store() -> Target {
    Target::of(STORE)
}

async fn items(w: &World) {
    let ever = store().modified(w.ever());
    let before = w.client.list(&items::ACTIVE, &ever).await.unwrap();
    assert!(before.total >= 6);
    let categories = w.client.list(&items::CATEGORIES, &store()).await.unwrap();
    let category = categories.rows[2].name.clone().unwrap();
    let brand = w.ok(&items::CREATE_BRANDS, store(), &[NewBrand::new("Lake Road".into())][..]).await.0[0];
    w.ok(&items::RENAME_BRANDS, store(), &[BrandName::new(brand, "Lake Road Farm".into())][..]).await;
    let brands = w.client.list(&items::BRANDS, &store()).await.unwrap();
    assert_eq!(brands.rows[0].name.as_deref(), Some("Lake Road Farm"));
    let mut item = NewItem::new(category.clone(), "Gummies 10-pk".into(), "Each".into());
    item.item_brand = Some("Lake Road Farm".into());
    let id = w.ok(&items::CREATE, store(), &[item.clone()][..]).await.0[0];
    let twice = w.fails(&items::CREATE, store(), &[item][..]).await;
    assert_eq!(rejected(&twice), ["0: An item named Gummies 10-pk already exists."]);
    let made = w.ok(&items::BY_ID, store().at(id), &()).await;
    assert_eq!(
        (made.item_brand_name.as_deref(), made.quantity_type.as_deref()),
        (Some("Lake Road Farm"), Some("CountBased"))
    );
    let change = ChangedItem::new(id, "Gummies 10 mg 10-pk".into(), category, "Each".into());
    w.ok(&items::CHANGE, store(), &[change][..]).await;
    assert_eq!(w.ok(&items::BY_ID, store().at(id), &()).await.name.as_deref(), Some("Gummies 10 mg 10-pk"));
    w.ok(&items::REMOVE, store().at(id), &()).await;
    assert_eq!(w.client.list(&items::INACTIVE, &ever.clone().modified(w.ever())).await.unwrap().rows[0].id, Some(id));
    w.ok(&items::REMOVE_BRAND, store().at(brand), &()).await;
    let upload = [Upload::new("label.png".into(), "iVBORw0KGgo=".into())];
    let file = w.ok(&items::UPLOAD_FILES, store(), &upload[..]).await.0[0];
    let photo = w.ok(&items::UPLOAD_PHOTOS, store(), &upload[..]).await.0[0];
    let back = w.ok(&items::FILE, store().at(file), &()).await;
    assert_eq!(back.file_contents.as_deref(), Some("iVBORw0KGgo="));
    assert_eq!(w.ok(&items::PHOTO, store().at(photo), &()).await, back);
}

async fn rooms(w: &World) {
    let ever = || store().modified(w.ever());
    assert_eq!(w.client.list(&locations::ACTIVE, &ever()).await.unwrap().total, 3);
    // Nothing there changed in the last day: without a window there seem to be none.
    assert_eq!(w.client.list(&locations::ACTIVE, &store()).await.unwrap().total, 0);
    let types = w.client.list(&locations::TYPES, &store()).await.unwrap();
    let kind = types.rows[0].name.clone().unwrap();
    let id = w.ok(&locations::CREATE, store(), &[NewLocation::new("Cellar".into(), kind.clone())][..]).await.0[0];
    let change = ChangedLocation::new(id, "Basement".into(), kind);
    w.ok(&locations::CHANGE, store(), &[change][..]).await;
    assert_eq!(w.ok(&locations::BY_ID, store().at(id), &()).await.name.as_deref(), Some("Basement"));
    w.ok(&locations::REMOVE, store().at(id), &()).await;
    assert_eq!(w.client.list(&locations::INACTIVE, &ever()).await.unwrap().rows[0].id, Some(id));
    let id = w.ok(&locations::CREATE_SUBLOCATIONS, store(), &[NewSublocation::new("Shelf C".into())][..]).await.0[0];
    w.ok(&locations::CHANGE_SUBLOCATIONS, store(), &[ChangedSublocation::new(id, "Shelf D".into())][..]).await;
    assert_eq!(w.ok(&locations::SUBLOCATION, store().at(id), &()).await.name.as_deref(), Some("Shelf D"));
    assert_eq!(w.client.list(&locations::SUBLOCATIONS_ACTIVE, &ever()).await.unwrap().total, 3);
    w.ok(&locations::REMOVE_SUBLOCATION, store().at(id), &()).await;
    assert_eq!(w.client.list(&locations::SUBLOCATIONS_INACTIVE, &ever()).await.unwrap().total, 1);
    assert!(matches!(w.fails(&locations::REMOVE_SUBLOCATION, store().at(1), &()).await, Problem::NotFound));
}

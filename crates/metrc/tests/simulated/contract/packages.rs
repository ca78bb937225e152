//! Packages: lists, and everything that changes what they hold.

use crate::world::{STORE, World, held, line, number, pieces, receipt, rejected};
use jiff::civil::date;
use trueup_metrc::api::packages::{
    self, Adjust, Decontamination, ExternalId, FinishPackage, Ingredient, MovePackage, NewPackage, NewTestingPackage,
    Package, PackageDates, PackageItem, PackageLabel, PackageNote, Planting, Remediation, RequiredLabTests,
};
use trueup_metrc::api::{Text, lab_tests, retail_id, sales, tags};
use trueup_metrc::client::{Problem, Target, Unauthorised};
use trueup_sim::metrc::ByHand;

pub async fn all(w: World) -> World {
    lists(&w).await;
    let package = w.active().await.into_iter().find(|it| it.unit_of_measure_name.as_deref() == Some("Each")).unwrap();
    adjusting(&w, &package).await;
    making(&w, &package).await;
    describing(&w, &package).await;
    finishing(&w).await;
    laboratories(&w, &package).await;
    codes(&w, &package).await;
    w
}

fn store() -> Target {
    Target::of(STORE)
}

fn label(package: &Package) -> Text {
    package.label.clone().unwrap()
}

async fn lists(w: &World) {
    let ever = store().modified(w.ever());
    assert_eq!(w.client.list(&packages::ACTIVE, &ever).await.unwrap().total, 60);
    // Without a window only what changed in the last day is told, and nothing says so.
    let last_day = w.client.list(&packages::ACTIVE, &store()).await.unwrap();
    assert!((1..60).contains(&last_day.total), "{}", last_day.total);
    assert_eq!(w.client.list(&packages::INACTIVE, &ever).await.unwrap().total, 0);
    assert_eq!(w.client.list(&packages::IN_TRANSIT, &ever).await.unwrap().total, 8);
    assert_eq!(w.client.list(&packages::LAB_SAMPLES, &ever).await.unwrap().total, 0);
    assert_eq!(w.client.list(&packages::TRANSFERRED, &ever).await.unwrap().total, 0);
    assert_eq!(w.client.list(&packages::ADJUSTMENTS, &ever).await.unwrap().total, 12);
    assert_eq!(w.client.get(&packages::TYPES, &Target::new()).await.unwrap()[0], "Product");
    let reasons = w.client.list(&packages::ADJUST_REASONS, &store()).await.unwrap();
    assert!(reasons.rows.iter().any(|reason| reason.requires_note == Some(false)));
    assert!(reasons.rows.iter().any(|reason| reason.requires_note == Some(true)));
    let first = &w.active().await[0];
    let by_id = w.ok(&packages::BY_ID, store().at(first.id.unwrap()), &()).await;
    assert_eq!((&by_id, &w.package(first.label.as_deref().unwrap()).await), (first, first));
    assert!(w.ok(&packages::SOURCE_HARVESTS, store().at(first.id.unwrap()), &()).await.is_empty());
    let hold = ByHand::Hold { label: label(first).to_string(), to: true };
    w.served.by_hand(STORE, "Inspector", &hold).unwrap();
    let held = w.client.list(&packages::ON_HOLD, &ever).await.unwrap();
    assert_eq!((held.total, held.rows[0].is_on_hold, w.active().await.len()), (1, Some(true), 59));
    assert!(matches!(
        w.fails(&packages::BY_LABEL, store().at("1A4060300002EE1999999999"), &()).await,
        Problem::NotFound
    ));
}

fn adjust(package: &Package, quantity: &str) -> Adjust {
    Adjust::new(label(package), number(quantity), "Each".into(), "Waste".into(), date(2026, 11, 20))
}

async fn adjusting(w: &World, package: &Package) {
    let before = pieces(package);
    let ids = w.ok(&packages::ADJUST_BY, store(), &[adjust(package, "-2")][..]).await;
    assert_eq!(ids.0, [package.id.unwrap()]);
    assert_eq!(pieces(&w.package(&label(package)).await), before - 2);
    w.ok(&packages::ADJUST_TO, store(), &[adjust(package, "30")][..]).await;
    assert_eq!(held(&w.package(&label(package)).await), "30.0");
    let last = &w.client.list(&packages::ADJUSTMENTS, &store().modified(w.ever())).await.unwrap().rows[0];
    assert_eq!(
        (last.package_label.clone(), last.adjusted_by_user_name.as_deref()),
        (package.label.clone(), Some("Dana Ruiz"))
    );
    // One bad row refuses all of them, and each bad one is named.
    let mut without_note = adjust(package, "1");
    without_note.adjustment_reason = "Theft".into();
    let rows = [adjust(package, "1"), adjust(package, "-31.5"), without_note];
    let problem = w.fails(&packages::ADJUST_BY, store(), &rows[..]).await;
    let expected = [
        format!("1: Package {} does not have enough quantity.", label(package)),
        "2: Adjustment reason Theft requires a note.".to_owned(),
    ];
    assert_eq!(rejected(&problem), expected);
    assert_eq!(held(&w.package(&label(package)).await), "30.0");
    let eleven: Vec<Adjust> = (0..11).map(|_| adjust(package, "1")).collect();
    assert!(matches!(w.fails(&packages::ADJUST_BY, store(), &eleven[..]).await, Problem::Invalid(_)));
}

async fn making(w: &World, package: &Package) {
    let free = w.ok(&tags::PACKAGE_AVAILABLE, store(), &()).await;
    assert_eq!(free.len(), 50);
    assert!(w.ok(&tags::PLANT_AVAILABLE, store(), &()).await.is_empty());
    assert!(w.ok(&tags::STAGED, store(), &()).await.is_empty());
    let tag = free[0].label.clone().unwrap();
    let ingredient = Ingredient::new(label(package), number("10"), "Each".into());
    let item: Text = package.item.as_ref().unwrap().name.clone().unwrap();
    let day = date(2026, 11, 20);
    let new = NewPackage::new(tag.clone(), item.clone(), number("10"), "Each".into(), day, vec![ingredient.clone()]);
    let ids = w.ok(&packages::CREATE, store(), &[new][..]).await;
    let made = w.package(&tag).await;
    assert_eq!(
        (made.id, held(&made), made.source_package_labels.clone()),
        (Some(ids.0[0]), "10.0", package.label.clone())
    );
    assert_eq!(held(&w.package(&label(package)).await), "20.0");
    // Nothing happened to it yet: it can be undone, and its goods go back.
    w.ok(&packages::DISCONTINUE, store().at(ids.0[0]), &()).await;
    assert_eq!(held(&w.package(&label(package)).await), "30.0");
    assert!(w.package(&tag).await.archived_date.is_some());
    assert!(matches!(
        w.fails(&packages::DISCONTINUE, store().at(package.id.unwrap()), &()).await,
        Problem::Rejected(_)
    ));
    let testing = NewTestingPackage::new(
        free[1].label.clone().unwrap(),
        item,
        number("1"),
        "Each".into(),
        date(2026, 11, 20),
        vec![Ingredient { quantity: number("1"), ..ingredient }],
    );
    w.ok(&packages::CREATE_TESTING, store(), &[testing][..]).await;
    assert_eq!(w.client.list(&packages::LAB_SAMPLES, &store().modified(w.ever())).await.unwrap().total, 1);
    let plant = [Planting::new(label(package))];
    assert_eq!(refusal(w.fails(&packages::PLANT, store(), &plant[..]).await), Unauthorised::Unclear);
}

fn refusal(problem: Problem) -> Unauthorised {
    match problem {
        Problem::Unauthorised(why) => why,
        other => panic!("{other}"),
    }
}

async fn describing(w: &World, package: &Package) {
    let only = [PackageLabel::new(label(package))];
    for flag in [&packages::FLAG_DONATION, &packages::FLAG_TRADE_SAMPLE, &packages::FLAG_FINISHED_GOOD] {
        w.ok(flag, store(), &only[..]).await;
    }
    let flagged = w.package(&label(package)).await;
    assert_eq!(
        (flagged.is_donation, flagged.is_trade_sample, flagged.is_finished_good),
        (Some(true), Some(true), Some(true))
    );
    for flag in [&packages::UNFLAG_DONATION, &packages::UNFLAG_TRADE_SAMPLE, &packages::UNFLAG_FINISHED_GOOD] {
        w.ok(flag, store(), &only[..]).await;
    }
    w.ok(&packages::SET_NOTE, store(), &[PackageNote::new(label(package), "second shelf".into())][..]).await;
    w.ok(&packages::SET_EXTERNAL_ID, store(), &[ExternalId::new(label(package), "SKU-9".into())][..]).await;
    let mut dates = PackageDates::new(label(package));
    dates.expiration_date = Some(date(2027, 3, 2));
    w.ok(&packages::SET_DATES, store(), &[dates][..]).await;
    let mut tests = RequiredLabTests::new(label(package));
    tests.required_lab_test_batches = vec!["Pesticides".into()];
    w.ok(&packages::REQUIRE_LAB_TESTS, store(), &[tests][..]).await;
    let mut there = MovePackage::new(label(package), "vault".into(), date(2026, 11, 20));
    there.sublocation = Some("Shelf A".into());
    w.ok(&packages::MOVE, store(), &[there][..]).await;
    let item = package.item.as_ref().unwrap().name.clone().unwrap();
    w.ok(&packages::CHANGE_ITEM, store(), &[PackageItem::new(label(package), item)][..]).await;
    let after = w.package(&label(package)).await;
    assert_eq!((after.note.as_deref(), after.external_id.as_deref()), (Some("second shelf"), Some("SKU-9")));
    assert_eq!((after.location_name.as_deref(), after.sublocation_name.as_deref()), (Some("Vault"), Some("Shelf A")));
    assert_eq!(after.expiration_date.as_deref(), Some("2027-03-02"));
    assert!(after.last_modified > flagged.last_modified);
    let nowhere = MovePackage::new(label(package), "Cellar".into(), date(2026, 11, 20));
    let problem = w.fails(&packages::MOVE, store(), &[nowhere][..]).await;
    assert_eq!(rejected(&problem), ["0: Location Cellar was not found."]);
    let remediate = [Remediation::new(label(package))];
    assert!(matches!(w.fails(&packages::REMEDIATE, store(), &remediate[..]).await, Problem::Rejected(_)));
    let clean = [Decontamination::new(label(package))];
    assert!(matches!(w.fails(&packages::DECONTAMINATE, store(), &clean[..]).await, Problem::Rejected(_)));
}

async fn finishing(w: &World) {
    let package =
        w.active().await.into_iter().rev().find(|it| it.unit_of_measure_name.as_deref() == Some("Each")).unwrap();
    let finish = [FinishPackage::new(label(&package), date(2026, 11, 20))];
    let problem = w.fails(&packages::FINISH, store(), &finish[..]).await;
    assert!(rejected(&problem)[0].contains("while it holds a quantity"));
    w.ok(&packages::ADJUST_TO, store(), &[adjust(&package, "0")][..]).await;
    w.ok(&packages::FINISH, store(), &finish[..]).await;
    let inactive = w.client.list(&packages::INACTIVE, &store().modified(w.ever())).await.unwrap();
    assert!(inactive.rows.iter().any(|it| it.label == package.label && it.is_finished == Some(true)));
    let sale = [receipt("F-1", vec![line(&package, "1")])];
    let problem = w.fails(&sales::CREATE_RECEIPTS, store(), &sale[..]).await;
    assert_eq!(rejected(&problem), [format!("0: Package {} is finished.", label(&package))]);
    w.ok(&packages::UNFINISH, store(), &[PackageLabel::new(label(&package))][..]).await;
    assert_eq!(w.package(&label(&package)).await.is_finished, Some(false));
}

async fn laboratories(w: &World, package: &Package) {
    let of_package = store().with("packageId", package.id.unwrap().to_string());
    let results = w.client.list(&lab_tests::RESULTS, &of_package).await.unwrap();
    assert!(results.rows.iter().all(|result| result.overall_passed == Some(true)) && results.total == 3);
    assert_eq!(w.client.get(&lab_tests::STATES, &Target::new()).await.unwrap().len(), 14);
    assert_eq!(w.client.list(&lab_tests::TYPES, &Target::new()).await.unwrap().total, 3);
    assert_eq!(w.client.list(&lab_tests::BATCHES, &Target::new()).await.unwrap().total, 0);
    assert!(matches!(w.fails(&lab_tests::DOCUMENT, store().at(1), &()).await, Problem::NotFound));
    let record = [lab_tests::NewResults::new(label(package))];
    refusal(w.fails(&lab_tests::RECORD, store(), &record[..]).await);
    let release = [lab_tests::ReleaseResults::new(label(package))];
    refusal(w.fails(&lab_tests::RELEASE, store(), &release[..]).await);
    let document = [lab_tests::LabDocument::new(1, "coa.pdf".into(), "JVBERi0=".into())];
    refusal(w.fails(&lab_tests::UPLOAD_DOCUMENT, store(), &document[..]).await);
}

async fn codes(w: &World, package: &Package) {
    let made = w.ok(&retail_id::GENERATE, store(), &retail_id::Generate::new(label(package), 5)).await;
    let codes = made.manifest.unwrap().qrs;
    assert_eq!(codes.len(), 5);
    assert_eq!(w.ok(&retail_id::ALLOTMENT, store(), &()).await.allotment, Some(99_995));
    let mut more = retail_id::Association::new(label(package));
    more.qr_urls = vec!["https://1a4.com/0000000001".into()];
    w.ok(&retail_id::ASSOCIATE, store(), &[more][..]).await;
    let labels = retail_id::Labels::new(vec![label(package)]);
    let info = w.ok(&retail_id::PACKAGES_INFO, store(), &labels).await;
    assert_eq!(info.packages[0].qr_count, Some(6));
    assert_eq!(w.ok(&retail_id::RECEIVED, store().at(label(package)), &()).await.eaches.len(), 6);
    let code = codes[0].rsplit('/').next().unwrap();
    assert_eq!(w.ok(&retail_id::RECEIVED_BY_CODE, store().at(code), &()).await.child_tag, package.label);
    assert!(matches!(w.fails(&retail_id::MERGE, store(), &labels).await, Problem::Rejected(_)));
    assert_eq!(w.package(&label(package)).await.product_label.unwrap().qr_count, Some(6));
}

//! Facilities, employees, units, patients, webhooks.

use crate::world::{STORE, World, number};
use jiff::civil::date;
use trueup_metrc::api::facilities::{self, FACILITIES};
use trueup_metrc::api::patients::{self, ChangedCheckIn, ChangedPatient, NewCheckIn, NewPatient};
use trueup_metrc::api::webhooks::{self, Subscription};
use trueup_metrc::api::{Private, employees, units};
use trueup_metrc::client::{Keys, Problem, Target, Unauthorised};

pub async fn all(w: World) -> World {
    facilities(&w).await;
    people(&w).await;
    patients(&w).await;
    check_ins(&w).await;
    elsewhere(&w).await;
    w
}

fn store() -> Target {
    Target::of(STORE)
}

async fn facilities(w: &World) {
    let all = w.client.get(&FACILITIES, &Target::new()).await.unwrap();
    let numbers: Vec<_> = all.iter().map(|it| it.license.as_ref().unwrap().number.clone().unwrap()).collect();
    assert_eq!(numbers, [STORE, "403P-X0001"]);
    let sells = |place: usize| all[place].facility_type.as_ref().unwrap().can_sell_to_consumers;
    assert_eq!((sells(0), sells(1)), (Some(true), Some(false)));
}

async fn people(w: &World) {
    let all = w.client.list(&employees::EMPLOYEES, &store()).await.unwrap();
    let sam = all.rows.iter().find(|employee| employee.full_name.as_deref() == Some("Sam Cole")).unwrap();
    let own_number = sam.license.as_ref().unwrap().employee_license_number.clone().unwrap();
    let asked = store().with("employeeLicenseNumber", own_number.to_string());
    let permissions = w.client.get(&employees::PERMISSIONS, &asked).await.unwrap();
    assert!(permissions.iter().any(|name| name == "Manage Sales"));
    assert!(w.client.get(&units::ACTIVE, &Target::new()).await.unwrap().len() >= 7);
    assert!(w.client.get(&units::INACTIVE, &Target::new()).await.unwrap().is_empty());
    let stranger = World::client(&w.served, Keys::new("nobody", "nobody"));
    let failure = stranger.get(&employees::EMPLOYEES, &store()).await.unwrap_err();
    assert!(matches!(failure.problem, Problem::Unauthorised(Unauthorised::Unclear)));
    assert_eq!(stranger.why_unauthorised(STORE).await.unwrap(), Unauthorised::Keys);
    assert_eq!(w.client.why_unauthorised("403R-X9999").await.unwrap(), Unauthorised::OtherLicence);
}

async fn patients(w: &World) {
    let mut patient = NewPatient::new(Private::new("PAT-000417"), date(2026, 11, 20));
    patient.recommended_smokable_quantity = Some(number("8.5"));
    let id = w.ok(&patients::CREATE, store(), &[patient][..]).await.0[0];
    let mut change = ChangedPatient::new(Private::new("PAT-000417"), date(2026, 11, 20));
    change.new_license_number = Some(Private::new("PAT-000418"));
    w.ok(&patients::CHANGE, store(), &[change][..]).await;
    let read = w.ok(&patients::BY_ID, store().at(id), &()).await;
    assert_eq!(read.license_number.as_ref().unwrap().reveal(), "PAT-000418");
    assert!(!format!("{read:?}").contains("PAT-000418"), "{read:?}");
    assert_eq!(w.client.list(&patients::ACTIVE, &store()).await.unwrap().total, 1);
    let status = w.ok(&patients::STATUSES, store().at("PAT-000418"), &()).await;
    assert_eq!(status[0].active, Some(true));
    let failure = w.client.get(&patients::STATUSES, &store().at("PAT-UNKNOWN")).await.unwrap_err();
    assert!(!failure.to_string().contains("PAT-") && !format!("{failure:?}").contains("PAT-"), "{failure:?}");
    w.ok(&patients::REMOVE, store().at(id), &()).await;
    assert!(matches!(w.fails(&patients::CAREGIVER_STATUS, store().at("CG-1"), &()).await, Problem::NotFound));
}

async fn check_ins(w: &World) {
    let place = w.client.get(&patients::CHECK_IN_LOCATIONS, &Target::new()).await.unwrap()[0].id.unwrap();
    let check_in = NewCheckIn::new(Private::new("PAT-000417"), place, date(2026, 11, 20));
    w.ok(&patients::CHECK_IN, store(), &[check_in][..]).await;
    let row = w.client.list(&patients::CHECK_INS, &store()).await.unwrap().rows.remove(0);
    let mut change = ChangedCheckIn::new(row.id.unwrap());
    change.patient_license_number = Some(Private::new("PAT-000417"));
    change.check_in_date = Some(date(2026, 11, 19));
    w.ok(&patients::CHANGE_CHECK_IN, store(), &[change][..]).await;
    let row = w.client.list(&patients::CHECK_INS, &store()).await.unwrap().rows.remove(0);
    assert_eq!(row.check_in_date.as_deref(), Some("2026-11-19"));
    w.ok(&patients::REMOVE_CHECK_IN, store().at(row.id.unwrap()), &()).await;
    assert_eq!(w.client.list(&patients::CHECK_INS, &store()).await.unwrap().total, 0);
}

/// Webhooks are on another host, and integrators are set up in sandboxes only.
async fn elsewhere(w: &World) {
    let subscription = [Subscription::new("Package".into(), "https://x.test".into(), "POST".into(), "Active".into())];
    assert!(matches!(w.fails(&webhooks::SUBSCRIBE, Target::new(), &subscription[..]).await, Problem::NotFound));
    assert!(matches!(w.fails(&webhooks::SUBSCRIPTIONS, Target::new(), &()).await, Problem::NotFound));
    for operation in [&webhooks::ENABLE, &webhooks::DISABLE, &webhooks::REMOVE] {
        assert!(matches!(w.fails(operation, Target::new().at(1), &()).await, Problem::NotFound));
    }
    assert!(matches!(w.fails(&facilities::SANDBOX_SETUP, Target::new(), &()).await, Problem::NotFound));
}

//! Who a person is, and the keys, show nowhere but on the wire.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use jiff::civil::date;
use trueup_metrc::api::patients::{CheckIn, NewPatient, Patient, PatientStatus};
use trueup_metrc::api::sales::{Delivery, NewDelivery, NewReceipt, Receipt};
use trueup_metrc::api::transfers::{Transfer, TransporterDetail};
use trueup_metrc::api::{Answer, One, Private, webhooks};
use trueup_metrc::client::Keys;

const CANARY: &str = "CANARY-417";

fn private() -> Private {
    Private::new(CANARY)
}

/// Reads an object, all of whose listed fields are the canary; neither form that could be written down repeats it.
fn hides<T>(fields: &[&str])
where
    One<T>: Answer<Out = T>,
    T: std::fmt::Debug + serde::Serialize,
{
    let pairs: Vec<String> = fields.iter().map(|field| format!("\"{field}\":\"{CANARY}\"")).collect();
    let json = format!("{{\"Id\":1,{}}}", pairs.join(","));
    let read = One::<T>::read(json.as_bytes(), "GET").unwrap();
    assert!(!format!("{read:?}").contains(CANARY), "{read:?}");
    assert!(!serde_json::to_string(&read).unwrap().contains(CANARY));
    // A value that does not fit is not repeated either.
    for field in fields {
        let json = format!("{{\"Id\":1,\"{field}\":[\"{CANARY}\"]}}");
        let Err(error) = One::<T>::read(json.as_bytes(), "GET") else { panic!("{field} took a list") };
        assert!(!error.to_string().contains(CANARY) && !format!("{error:?}").contains(CANARY), "{error}");
    }
}

#[test]
fn answers_hide_persons() {
    hides::<Receipt>(&["PatientLicenseNumber", "CaregiverLicenseNumber", "IdentificationMethod"]);
    hides::<Delivery>(&[
        "PatientLicenseNumber",
        "ConsumerId",
        "DriverName",
        "DriversLicenseNumber",
        "VehicleMake",
        "VehicleModel",
        "VehicleLicensePlateNumber",
        "RecipientName",
        "RecipientAddressStreet1",
        "RecipientAddressStreet2",
        "RecipientAddressCity",
        "RecipientAddressCounty",
        "RecipientAddressState",
        "RecipientAddressPostalCode",
        "PlannedRoute",
    ]);
    hides::<Transfer>(&[
        "DriverName",
        "DriverOccupationalLicenseNumber",
        "DriverVehicleLicenseNumber",
        "VehicleMake",
        "VehicleModel",
        "VehicleLicensePlateNumber",
    ]);
    hides::<TransporterDetail>(&["DriverName", "DriverOccupationalLicenseNumber", "VehicleLicensePlateNumber"]);
    hides::<Patient>(&["LicenseNumber"]);
    hides::<PatientStatus>(&["PatientLicenseNumber", "RegistrationNumber", "IdentificationMethod"]);
    hides::<CheckIn>(&["PatientLicenseNumber"]);
    hides::<trueup_metrc::api::packages::Package>(&["PatientLicenseNumber"]);
}

#[test]
fn what_is_sent_names_persons_on_the_wire_alone() {
    let when = date(2026, 11, 20).at(10, 0, 0, 0);
    let mut receipt = NewReceipt::new(when, "Patient".into(), Vec::new());
    (receipt.patient_license_number, receipt.caregiver_license_number) = (Some(private()), Some(private()));
    let mut delivery = NewDelivery::new(when, "Patient".into(), Vec::new());
    (delivery.recipient_name, delivery.driver_name) = (Some(private()), Some(private()));
    let patient = NewPatient::new(private(), date(2026, 11, 20));
    let mut hook = webhooks::Subscription::new("Package".into(), "x".into(), "POST".into(), "Active".into());
    (hook.user_api_key, hook.tpi_api_key) = (Some(private()), Some(private()));
    let shown = format!("{receipt:?}{delivery:?}{patient:?}{hook:?}{:?}", Keys::new(CANARY, CANARY));
    assert!(!shown.contains(CANARY), "{shown}");
    let sent = [
        serde_json::to_string(&receipt).unwrap(),
        serde_json::to_string(&delivery).unwrap(),
        serde_json::to_string(&patient).unwrap(),
        serde_json::to_string(&hook).unwrap(),
    ];
    assert!(sent.iter().all(|sent| sent.contains(CANARY)), "{sent:?}");
    assert!(sent[0].contains("\"SalesDateTime\":\"2026-11-20T10:00:00\""), "{}", sent[0]);
}

//! What is about persons, vehicles and addresses does not get past the parser: not into a record, a note or a message.

use trueup_metrc::{
    Adjustment, Delivery, Item, ListReader, Package, Receipt, Record, Transaction, Transfer, TransferPackage,
};

/// The API's fields about patients, caregivers, consumers, recipients, drivers, vehicles, addresses and routes.
const FORBIDDEN: &[&str] = &[
    "PatientLicenseNumber",
    "PatientId",
    "PatientName",
    "PatientRegistrationLocationId",
    "CaregiverLicenseNumber",
    "IdentificationMethod",
    "ConsumerId",
    "CustomerName",
    "CustomerId",
    "RecipientName",
    "RecipientAddressStreet1",
    "RecipientAddressStreet2",
    "RecipientAddressCity",
    "RecipientAddressCounty",
    "RecipientAddressState",
    "RecipientAddressPostalCode",
    "RecipientZoneId",
    "RecipientDeliveryZoneId",
    "RecipientDeliveryZoneName",
    "DriverEmployeeId",
    "DriverName",
    "DriversLicenseNumber",
    "DriverOccupationalLicenseNumber",
    "DriverVehicleLicenseNumber",
    "DriverLayoverLeg",
    "VehicleMake",
    "VehicleModel",
    "VehicleLicensePlateNumber",
    "VehicleInfo",
    "PlannedRoute",
];

/// Every forbidden field, with each form of value.
fn secrets() -> String {
    let forms = ["\"SECRET\"", "{\"a\":\"SECRET\"}", "[\"SECRET\",{\"b\":\"SECRET\"}]"];
    let field = |(at, name): (usize, &&str)| format!("\"{name}\":{},", forms[at % forms.len()]);
    FORBIDDEN.iter().enumerate().map(field).collect()
}

fn full(broken: &str) -> String {
    let s = secrets();
    format!(
        "[{{{s}\"Id\":1,\"TotalPackages\":1,\"Label\":\"tag\",\"PackageLabel\":\"tag\",\"ManifestNumber\":\"9\",\
         \"Item\":{{{s}\"Id\":2}},\"Transactions\":[{{{s}\"PackageId\":3}}],\"Packages\":[{{{s}\"PackageId\":4}}],\
         \"Deliveries\":[{{{s}\"Packages\":[{{{s}\"PackageId\":5}}]}}],{s}\"LastModified\":{broken}}}]"
    )
}

fn nothing_is_left<T: Record>() {
    let mut seen = String::new();
    let facts = ListReader::<T>::new().read_file("f.json", full("null").as_bytes(), &mut |record, _| {
        seen.push_str(&format!("{record:?}"));
        Ok(())
    });
    assert!(facts.is_ok(), "{facts:?}");
    seen.push_str(&format!("{facts:?}"));
    assert!(seen.len() > 50 && !seen.contains("SECRET"), "{seen}");
    for name in FORBIDDEN {
        assert!(!T::KNOWN_FIELDS.contains(name), "{} reads {name}", T::KIND);
    }
    for broken in ["{}", "[", "nul", "\"\0\"", "\"x\",\"Id\":1", "\"x\",\"TotalPackages\":{}"] {
        let text = full(broken);
        if let Err(error) = ListReader::<T>::new().read_file("f.json", text.as_bytes(), &mut |_, _| Ok(())) {
            assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
        }
    }
}

#[test]
fn no_value_of_a_forbidden_field_is_left() {
    nothing_is_left::<Package>();
    nothing_is_left::<Receipt>();
    nothing_is_left::<Delivery>();
    nothing_is_left::<Adjustment>();
    nothing_is_left::<Transfer>();
}

#[test]
fn no_struct_has_such_a_field() {
    let shapes = [
        format!("{:?}", Package::default()),
        format!("{:?}", Item::default()),
        format!("{:?}", Receipt::default()),
        format!("{:?}", Transaction::default()),
        format!("{:?}", Delivery::default()),
        format!("{:?}", Adjustment::default()),
        format!("{:?}", Transfer::default()),
        format!("{:?}", TransferPackage::default()),
    ];
    let snake = |name: &str| {
        name.char_indices().fold(String::new(), |mut text, (at, letter)| {
            if at > 0 && letter.is_uppercase() {
                text.push('_');
            }
            text.push(letter.to_ascii_lowercase());
            text
        })
    };
    for shape in &shapes {
        for name in FORBIDDEN {
            assert!(!shape.contains(&format!("{}:", snake(name))), "{name} in {shape}");
        }
        for word in ["patient", "caregiver", "consumer", "driver", "vehicle", "address", "street", "route"] {
            assert!(!shape.contains(word), "{word} in {shape}");
        }
    }
}

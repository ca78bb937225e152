//! The smaller families: facilities, employees, units, tags, patients, laboratories.

use super::Employee;
use super::context::{Answer, Context, array, not_found, not_permitted};
use super::exchange::{Fields, Reply};
use super::packages::date_of;
use super::records::{CheckIn, Licence, Patient};
use super::shape::{V, day, decimal, quote, shape};
use trueup_core::{Decimal, Dimension, Unit, decimal_text};

const FACILITY_TYPE: &str = include_str!("shapes/facility_type.json");

shape!(
    FACILITY,
    "facility",
    ["FacilityId", "HireDate", "Name", "Alias", "DisplayName", "CredentialedDate", "FacilityType", "License"]
);
shape!(EMPLOYEE, "employee", ["FullName", "License"]);

fn license(number: &str, employee: &str, kind: &str) -> V<'static> {
    V::Json(format!(
        "{{\"Number\":\"{number}\",\"EmployeeLicenseNumber\":\"{employee}\",\"StartDate\":\"2024-01-01\",\
         \"EndDate\":\"2030-01-01\",\"LicenseType\":\"{kind}\"}}"
    ))
}

/// The licences that an employee reaches.
pub(super) fn facilities(licences: &[&Licence], employee: &Employee) -> Reply {
    array(licences, |licence, out| {
        FACILITY.write(
            &[
                V::Int(licence.facility),
                V::Text("2024-01-01"),
                V::Text(&licence.name),
                V::Text(&licence.name),
                V::Text(&licence.name),
                V::Text("2024-01-01"),
                V::Json(facility_type(licence)),
                license(&licence.number, &employee.number, "Retail Store"),
            ],
            out,
        );
    })
}

/// The flags of a kind of licence: a retailer's, with those that this licence may.
fn facility_type(licence: &Licence) -> String {
    let mut flags: serde_json::Map<String, serde_json::Value> = serde_json::from_str(FACILITY_TYPE).unwrap_or_default();
    for (name, flag) in &mut flags {
        if flag.is_boolean() && !matches!(name.as_str(), "IsRetail" | "IsMedical") {
            *flag = licence.may.contains(&name.as_str()).into();
        }
    }
    serde_json::Value::Object(flags).to_string()
}

/// `/employees/v2`.
pub(super) fn employees(c: &Context<'_>, licence: &Licence, employees: &[Employee], path: &[&str]) -> Option<Answer> {
    if let Err(refused) = c.needs(&["View Employees", "Manage Employees"]) {
        return Some(Err(refused));
    }
    let of_licence: Vec<&Employee> =
        employees.iter().filter(|employee| employee.licences.contains(&licence.number)).collect();
    Some(match path {
        [] => c.paged(&of_licence, |employee, out| {
            EMPLOYEE.write(&[V::Text(&employee.name), license(&licence.number, &employee.number, "Employee")], out);
        }),
        ["permissions"] => {
            let number = c.target.query("employeelicensenumber").unwrap_or("");
            match of_licence.iter().find(|employee| employee.number == number) {
                Some(employee) => Ok(array(&employee.permissions, |name, out| quote(name, out))),
                None => Err(not_found()),
            }
        }
        _ => return None,
    })
}

/// `/unitsofmeasure/v2`.
pub(super) fn units(path: &[&str]) -> Option<Answer> {
    let write = |unit: Unit, out: &mut String| {
        let kind = match unit.dimension() {
            Dimension::Count => "CountBased",
            Dimension::Weight => "WeightBased",
            Dimension::Volume => "VolumeBased",
        };
        let (name, symbol) = (unit.name(), unit.symbol());
        out.push_str(&format!("{{\"QuantityType\":\"{kind}\",\"Name\":\"{name}\",\"Abbreviation\":\"{symbol}\"}}"));
    };
    match path {
        ["active"] => Some(Ok(array(Unit::ALL, write))),
        ["inactive"] => Some(Ok(array([Unit::Each; 0], write))),
        _ => None,
    }
}

shape!(TAG, "tag", ["Id", "TagTypeName", "TagInventoryTypeName", "MaxGroupSize", "FacilityId", "Label"]);

/// `/tags/v2`.
pub(super) fn tags(c: &Context<'_>, licence: &Licence, path: &[&str]) -> Option<Answer> {
    if let Err(refused) = c.needs(&["Manage Tags"]) {
        return Some(Err(refused));
    }
    let free = licence.tags.values().filter(|tag| tag.used.is_none());
    Some(match path {
        ["package", "available"] => Ok(array(free, |tag, out| {
            let (kind, facility) = (V::Text("CannabisPackage"), V::Int(licence.facility));
            TAG.write(&[V::Int(tag.id), kind.clone(), kind, V::Int(1), facility, V::Text(&tag.label)], out);
        })),
        ["plant", "available"] => Ok(array([0_u8; 0], |_, _| ())),
        ["staged"] if c.settings.retail_ids => Ok(array([0_u8; 0], |_, _| ())),
        ["staged"] => Err(not_permitted()),
        _ => return None,
    })
}

shape!(
    PATIENT,
    "patient",
    [
        "PatientId",
        "LicenseNumber",
        "RegistrationDate",
        "LicenseEffectiveStartDate",
        "LicenseEffectiveEndDate",
        "RecommendedPlants",
        "RecommendedSmokableQuantity",
        "HasSalesLimitExemption",
    ]
);
shape!(
    STATUS,
    "patient_status",
    [
        "PatientLicenseNumber",
        "Active",
        "FlowerOuncesAllowed",
        "FlowerOuncesAvailable",
        "PurchaseAmountDays",
        "PatientLicenseExpirationDate",
    ]
);

/// `/patients/v2`.
pub(super) fn patients(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    let is_look_up = path.first() == Some(&"statuses");
    if let Err(refused) = c.needs(if is_look_up { &["Lookup Patients"] } else { &["Manage Patients"] }) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["active"]) => {
            let all: Vec<&Patient> = licence.patients.iter().collect();
            c.paged(&all, |patient, out| write_patient(patient, out))
        }
        ("GET", ["statuses", number]) => status(c, licence, number),
        ("GET", [id]) => match id.parse().ok().and_then(|id| licence.patients.get(id)) {
            Some(patient) => {
                let mut out = String::new();
                write_patient(patient, &mut out);
                Ok(Reply::json(200, out))
            }
            None => Err(not_found()),
        },
        ("POST", []) => c.write(licence, |c, licence, row| {
            let number = row.need("LicenseNumber")?;
            if licence.patients.iter().any(|patient| patient.number == number) {
                return Err("The patient is already registered.".to_owned());
            }
            let id = c.next_id();
            put_patient(c, licence, row, (id, number))
        }),
        ("PUT", []) => c.write(licence, |c, licence, row| {
            let number = row.need("LicenseNumber")?;
            let known = licence.patients.iter().find(|patient| patient.number == number);
            let id = known.ok_or("The patient was not found.")?.id;
            put_patient(c, licence, row, (id, row.text("NewLicenseNumber").unwrap_or(number)))
        }),
        ("DELETE", [id]) => match id.parse().ok().filter(|id| licence.patients.get(*id).is_some()) {
            Some(id) => {
                licence.patients.remove(id);
                licence.commit();
                Ok(Reply::empty(200))
            }
            None => Err(not_found()),
        },
        _ => return None,
    })
}

fn put_patient(
    c: &mut Context<'_>,
    licence: &mut Licence,
    row: &Fields<'_>,
    (id, number): (i64, String),
) -> Result<i64, String> {
    let smokable = row.text("RecommendedSmokableQuantity").map(|_| row.decimal("RecommendedSmokableQuantity"));
    licence.patients.put(Patient {
        id,
        number,
        from: date_of(row, "LicenseEffectiveStartDate")?,
        to: date_of(row, "LicenseEffectiveEndDate")?,
        registered: date_of(row, "ActualDate")?.unwrap_or_else(|| c.today()),
        plants: row.int("RecommendedPlants").unwrap_or(0),
        smokable: smokable.transpose()?.unwrap_or(Decimal::new(0, 0)),
        is_exempt: row.flag("HasSalesLimitExemption"),
        modified: c.stamp(),
    });
    Ok(id)
}

fn ounces(number: Decimal) -> V<'static> {
    decimal(decimal_text(i128::from(number.mantissa()), u32::from(number.scale()), true))
}

fn write_patient(patient: &Patient, out: &mut String) {
    PATIENT.write(
        &[
            V::Int(patient.id),
            V::Text(&patient.number),
            V::Own(day(patient.registered)),
            patient.from.map(day).into(),
            patient.to.map(day).into(),
            V::Int(patient.plants),
            ounces(patient.smokable),
            V::Flag(patient.is_exempt),
        ],
        out,
    );
}

/// What a patient may buy; the state looks no further than this licence here.
fn status(c: &Context<'_>, licence: &Licence, number: &str) -> Answer {
    let patient = licence.patients.iter().find(|patient| patient.number == number).ok_or_else(not_found)?;
    let active = patient.to.is_none_or(|to| to >= c.today());
    Ok(array([patient], |patient, out| {
        STATUS.write(
            &[
                V::Text(&patient.number),
                V::Flag(active),
                ounces(patient.smokable),
                ounces(patient.smokable),
                V::Int(30),
                patient.to.map(day).into(),
            ],
            out,
        );
    }))
}

/// `/caregivers/v2`: there are none here.
pub(super) fn caregivers(c: &Context<'_>, path: &[&str]) -> Option<Answer> {
    match path {
        ["status", _] => Some(c.needs(&["Lookup Caregivers"]).and_then(|()| Err(not_found()))),
        _ => None,
    }
}

shape!(
    CHECK_IN,
    "check_in",
    [
        "Id",
        "PatientLicenseNumber",
        "CheckInLocationId",
        "CheckInLocationName",
        "RegistrationStartDate",
        "RegistrationExpiryDate",
        "CheckInDate",
    ]
);

/// `/patient-checkins/v2`.
pub(super) fn check_ins(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    if let Err(refused) = c.needs(&["Manage Patient Check-Ins"]) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", []) => {
            let all: Vec<&CheckIn> = licence.check_ins.iter().collect();
            c.paged(&all, |row, out| {
                CHECK_IN.write(
                    &[
                        V::Int(row.id),
                        V::Text(&row.patient),
                        V::Int(row.location),
                        V::Text("Front desk"),
                        row.from.map(day).into(),
                        row.to.map(day).into(),
                        V::Own(day(row.date)),
                    ],
                    out,
                );
            })
        }
        ("POST" | "PUT", []) => {
            let is_new = method == "POST";
            let answer = c.write(licence, |c, licence, row| {
                let id = if is_new { c.next_id() } else { row.int("Id").ok_or("Id is required.")? };
                if !is_new {
                    licence.check_ins.get(id).ok_or_else(|| format!("Check-in {id} was not found."))?;
                }
                licence.check_ins.put(CheckIn {
                    id,
                    patient: row.need("PatientLicenseNumber")?,
                    location: row.int("CheckInLocationId").unwrap_or(1),
                    from: date_of(row, "RegistrationStartDate")?,
                    to: date_of(row, "RegistrationExpiryDate")?,
                    date: date_of(row, "CheckInDate")?.ok_or("CheckInDate is required.")?,
                    modified: c.stamp(),
                });
                Ok(id)
            });
            // This POST answers nothing.
            answer.map(|_| Reply::empty(200))
        }
        ("DELETE", [id]) => match id.parse().ok().filter(|id| licence.check_ins.get(*id).is_some()) {
            Some(id) => {
                licence.check_ins.remove(id);
                licence.commit();
                Ok(Reply::empty(200))
            }
            None => Err(not_found()),
        },
        _ => return None,
    })
}

const LAB_STATES: [&str; 14] = [
    "NotSubmitted",
    "SubmittedForTesting",
    "TestFailed",
    "TestPassed",
    "TestingInProgress",
    "AwaitingConfirmation",
    "RetestFailed",
    "RetestPassed",
    "Remediated",
    "SelectedForRandomTesting",
    "NotRequired",
    "ProcessValidated",
    "Decontaminated",
    "RandDCompleted",
];
const TESTS: [&str; 3] = ["Moisture", "Pesticides", "Total THC"];

shape!(LAB_TYPE, "lab_test_type", ["Id", "Name", "RequiresTestResult"]);
shape!(
    LAB_RESULT,
    "lab_result",
    [
        "PackageId",
        "LabTestResultId",
        "LabFacilityLicenseNumber",
        "LabFacilityName",
        "SourcePackageLabel",
        "ProductName",
        "ProductCategoryName",
        "TestPerformedDate",
        "OverallPassed",
        "ResultReleased",
        "TestTypeName",
        "TestPassed",
    ]
);

/// `/labtests/v2`, what needs no licence.
pub(super) fn lab_lists(c: &Context<'_>, path: &[&str]) -> Option<Answer> {
    Some(match path {
        ["states"] => Ok(array(LAB_STATES, quote)),
        ["types"] => {
            let rows: Vec<(i64, &str)> = (1..).zip(TESTS).collect();
            c.paged(&rows, |(id, name), out| LAB_TYPE.write(&[V::Int(*id), V::Text(name), V::Flag(true)], out))
        }
        ["batches"] => c.paged(&[0_u8; 0], |_, _| ()),
        _ => return None,
    })
}

/// `/labtests/v2`: a retailer reads results; only laboratories write them.
pub(super) fn lab_tests(c: &Context<'_>, licence: &Licence, method: &str, path: &[&str]) -> Option<Answer> {
    if let Err(refused) = c.needs(super::packages::VIEW) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["results"]) => {
            let id = c.target.query("packageid").unwrap_or("");
            let Some(package) = super::packages::find(licence, id) else { return Some(Err(not_found())) };
            let tested = matches!(package.lab_state.as_str(), "TestPassed" | "TestFailed");
            let item = licence.items.get(package.item);
            let rows = if tested { TESTS.as_slice() } else { &[] };
            let passed = package.lab_state == "TestPassed";
            c.paged(rows, |test, out| {
                LAB_RESULT.write(
                    &[
                        V::Int(package.id),
                        V::Int(package.id * 10),
                        V::Text("LAB-0001"),
                        V::Text("Lake Road Analytics"),
                        V::Text(&package.label),
                        item.map(|item| item.name.as_str()).into(),
                        item.map(|item| item.category.as_str()).into(),
                        V::Own(day(package.packaged)),
                        V::Flag(passed),
                        V::Flag(true),
                        V::Text(test),
                        V::Flag(passed),
                    ],
                    out,
                );
            })
        }
        ("GET", ["labtestdocument", _]) => Err(not_found()),
        ("POST" | "PUT", _) => Err(not_permitted()),
        _ => return None,
    })
}

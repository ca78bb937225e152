//! One small good store with every optional file, and the means to spoil it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Stands in every field about a patient, a caregiver, a customer or a driver; must never come out.
pub const CANARY: &str = "CANARY-7Q3";

const SETTINGS: &str = r#"license = "C10-0000123-LIC"
state = "CA"
system = "metrc"
timezone = "America/Los_Angeles"
window_start = "2026-03-02T00:00:00-08:00"
as_of = "2026-03-09T10:00:00-07:00"

[reporting]
by = "pos"
mode = "batch"
every_minutes = 60

[pos]
corrections = "silent"

[rooms]
"Sales Floor" = "Floor"
"#;

const INVENTORY: &str = "\
package_id,sku,product_name,room,quantity,unit
1A4060300002EE1000000101,BD35,Blue Dream 3.5 g,Sales Floor,14,ea
1A4060300002EE1000000102,FL,OG Kush flower,Back Vault,60.5,g
1A4060300002EE1000000102,PR1,OG Kush pre-roll 1 g,Sales Floor,40,ea
1A4060300002EE1000000103,CART,Cartridge,Back Vault,20,ea
1A4060300002EE1000000105,GUM,Gummies,Sales Floor,5,ea
1A4060300002EE1000000106,TOP,Topical,Sales Floor,8,ea
";

const SALES: &str = "\
receipt_id,line_no,sold_at,kind,package_id,sku,quantity,unit,terminal,customer_name,medical_id
88411,1,2026-03-08T16:20:11,sale,1A4060300002EE1000000101,BD35,1,ea,T1,CANARY-7Q3,CANARY-7Q3
88412,1,2026-03-08T16:31:40,sale,1A4060300002EE1000000101,BD35,1,ea,T1,CANARY-7Q3,CANARY-7Q3
88412,2,2026-03-08T16:31:40,sale,,TSHIRT,1,ea,T1,CANARY-7Q3,CANARY-7Q3
88413,1,2026-03-08T17:02:05,sale,1A4060300002EE1000000102,PR1,2,ea,T2,CANARY-7Q3,CANARY-7Q3
88414,1,2026-03-07T11:15:00,sale,1A4060300002EE1000000104,EDB,1,ea,T2,CANARY-7Q3,CANARY-7Q3
88415,1,2026-03-06T14:00:00,sale,1A4060300002EE1000000103,CART,2,ea,T1,CANARY-7Q3,CANARY-7Q3
";

const MOVEMENTS: &str = "\
event_id,at,type,package_id,sku,quantity_delta,unit,reason,by
C1,2026-03-05T09:00:00,convert,1A4060300002EE1000000102,FL,-10,g,,kim
C1,2026-03-05T09:00:00,convert,1A4060300002EE1000000102,PR1,10,ea,,kim
A1,2026-03-06T12:00:00,adjust,1A4060300002EE1000000103,CART,-1,ea,Waste,kim
";

const SKU_MAP: &str = "\
package_id,sku,per_unit,per_unit_unit
1A4060300002EE1000000102,PR1,1,g
";

const PACKAGES_ACTIVE: &str = r#"{"Data":[{"Id":101,"Label":"1A4060300002EE1000000101","Quantity":15.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea","PatientLicenseNumber":"CANARY-7Q3","Item":{"Name":"Blue Dream 3.5 g"},"LocationName":"Floor","LastModified":"2026-03-08T20:00:00.0000000+00:00"},{"Id":102,"Label":"1A4060300002EE1000000102","Quantity":100.5,"UnitOfMeasureName":"Grams","UnitOfMeasureAbbreviation":"g","PatientLicenseNumber":"CANARY-7Q3","Item":{"Name":"OG Kush flower"},"LastModified":"2026-03-08T20:00:00.0000000+00:00"}],"Total":5,"TotalRecords":5,"PageSize":2,"RecordsOnPage":2,"Page":1,"CurrentPage":1,"TotalPages":3}
{"Data":[{"Id":103,"Label":"1A4060300002EE1000000103","Quantity":20.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea","Item":{"Name":"Cartridge"},"ReceivedDateTime":"2026-03-03T18:00:00+00:00","ReceivedFromManifestNumber":"0000042001","OriginalPackageQuantity":23.0,"LastModified":"2026-03-08T20:00:00.0000000+00:00"},{"Id":105,"Label":"1A4060300002EE1000000105","Quantity":4.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea","Item":{"Name":"Gummies"},"LastModified":"2026-03-08T20:00:00.0000000+00:00"}],"Total":5,"TotalRecords":5,"PageSize":2,"RecordsOnPage":2,"Page":2,"CurrentPage":2,"TotalPages":3}
{"Data":[{"Id":106,"Label":"1A4060300002EE1000000106","Quantity":8.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea","Item":{"Name":"Topical"},"LastModified":"2026-03-08T20:00:00.0000000+00:00"}],"Total":5,"TotalRecords":5,"PageSize":2,"RecordsOnPage":1,"Page":3,"CurrentPage":3,"TotalPages":3}
"#;

const PACKAGES_INACTIVE: &str = r#"[{"Id":104,"Label":"1A4060300002EE1000000104","Quantity":0.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea","Item":{"Name":"Edible"},"IsFinished":true,"FinishedDate":"2026-03-07","LastModified":"2026-03-08T20:00:00.0000000+00:00"}]
"#;

const RECEIPTS: &str = r#"[
{"Id":9001,"ReceiptNumber":"0000009001","ExternalReceiptNumber":"88411","SalesDateTime":"2026-03-08T16:20:11.000","SalesCustomerType":"Patient","PatientLicenseNumber":"CANARY-7Q3","CaregiverLicenseNumber":"CANARY-7Q3","IdentificationMethod":"CANARY-7Q3","TotalPackages":1,"TotalPrice":35.0,"Transactions":[{"PackageId":101,"PackageLabel":"1A4060300002EE1000000101","ProductName":"Blue Dream 3.5 g","QuantitySold":1.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea"}],"IsFinal":false,"ArchivedDate":null,"LastModified":"2026-03-08T23:21:00.0000000+00:00"},
{"Id":9002,"ReceiptNumber":"0000009002","ExternalReceiptNumber":"88413","SalesDateTime":"2026-03-08T17:02:05.000","SalesCustomerType":"Consumer","PatientLicenseNumber":"CANARY-7Q3","TotalPackages":1,"Transactions":[{"PackageId":102,"PackageLabel":"1A4060300002EE1000000102","ProductName":"OG Kush flower","QuantitySold":2.0,"UnitOfMeasureName":"Grams","UnitOfMeasureAbbreviation":"g"}],"IsFinal":false,"LastModified":"2026-03-09T00:03:00.0000000+00:00"},
{"Id":9003,"ReceiptNumber":"0000009003","ExternalReceiptNumber":"88414","SalesDateTime":"2026-03-07T11:15:00.000","SalesCustomerType":"Consumer","TotalPackages":1,"Transactions":[{"PackageId":104,"PackageLabel":"1A4060300002EE1000000104","ProductName":"Edible","QuantitySold":1.0,"UnitOfMeasureName":"Each","UnitOfMeasureAbbreviation":"ea"}],"IsFinal":true,"LastModified":"2026-03-07T19:16:00.0000000+00:00"}
]
"#;

const ADJUSTMENTS: &str = r#"[{"PackageId":103,"PackageLabel":"1A4060300002EE1000000103","AdjustmentQuantity":-1.0,"AdjustmentUnitOfMeasureName":"Each","AdjustmentUnitOfMeasureAbbreviation":"ea","AdjustmentReasonName":"Waste","AdjustmentDate":"2026-03-06","AdjustedByUserName":"Kim"}]
"#;

const TRANSFERS: &str = r#"[{"Id":501,"ManifestNumber":"0000042001","ShipperFacilityLicenseNumber":"C11-0000999-LIC","RecipientFacilityLicenseNumber":"C10-0000123-LIC","DriverName":"CANARY-7Q3","DriverOccupationalLicenseNumber":"CANARY-7Q3","DriverVehicleLicenseNumber":"CANARY-7Q3","VehicleMake":"CANARY-7Q3","VehicleModel":"CANARY-7Q3","VehicleLicensePlateNumber":"CANARY-7Q3","ReceivedDateTime":"2026-03-03T18:00:00+00:00","LastModified":"2026-03-03T18:00:00.0000000+00:00","Packages":[{"PackageId":103,"PackageLabel":"1A4060300002EE1000000103","ItemName":"Cartridge","ShipmentPackageState":"Accepted","ShippedQuantity":23.0,"ShippedUnitOfMeasureName":"Each","ReceivedQuantity":23.0,"ReceivedUnitOfMeasureName":"Each"}]}]
"#;

const DELIVERIES: &str = r#"[{"Id":701,"DeliveryNumber":"0000000701","ExternalReceiptNumber":"88415","SalesDateTime":"2026-03-06T14:00:00.000","SalesCustomerType":"Patient","PatientLicenseNumber":"CANARY-7Q3","ConsumerId":"CANARY-7Q3","DriverEmployeeId":"CANARY-7Q3","DriverName":"CANARY-7Q3","DriversLicenseNumber":"CANARY-7Q3","VehicleLicensePlateNumber":"CANARY-7Q3","RecipientName":"CANARY-7Q3","RecipientAddressStreet1":"CANARY-7Q3","RecipientAddressCity":"CANARY-7Q3","PlannedRoute":"CANARY-7Q3","TotalPackages":1,"Transactions":[{"PackageId":103,"PackageLabel":"1A4060300002EE1000000103","QuantitySold":2.0,"UnitOfMeasureName":"Each"}],"SalesDeliveryState":"Delivered","LastModified":"2026-03-06T22:30:00.0000000+00:00"}]
"#;

const COUNTS: &str = "\
count_id,counted_at,package_id,sku,room,quantity,unit,by,pass
K1,2026-03-09T08:00:00,1A4060300002EE1000000103,CART,Back Vault,20,ea,lee,1
";

const WEIGHTS: &str = "\
device_id,at,package_id,sku,gross,tare,unit,piece_weight,stable
S1,2026-03-09T08:05:00,1A4060300002EE1000000102,FL,70.5,10,g,,y
";

const BASELINE: &str = "\
package_id,difference,unit,note,approved_by
1A4060300002EE1000000105,1,ea,known since the audit,manager
";

/// Every file of the good store.
pub const FILES: [(&str, &str); 14] = [
    ("store.toml", SETTINGS),
    ("pos/inventory.csv", INVENTORY),
    ("pos/sales.csv", SALES),
    ("pos/movements.csv", MOVEMENTS),
    ("pos/sku_map.csv", SKU_MAP),
    ("state/packages_active.json", PACKAGES_ACTIVE),
    ("state/packages_inactive.json", PACKAGES_INACTIVE),
    ("state/receipts.json", RECEIPTS),
    ("state/adjustments.json", ADJUSTMENTS),
    ("state/transfers.json", TRANSFERS),
    ("state/deliveries.json", DELIVERIES),
    ("shelf/counts.csv", COUNTS),
    ("shelf/weights.csv", WEIGHTS),
    ("baseline.csv", BASELINE),
];

/// The state's side of the same store as tables.
pub const STATE_TABLES: [(&str, &str); 3] = [
    (
        "state/packages.csv",
        "\
package_id,item,quantity,unit,room,source_package_ids
1A4060300002EE1000000101,Blue Dream 3.5 g,15,ea,Floor,
1A4060300002EE1000000102,OG Kush flower,100.5,g,,
1A4060300002EE1000000103,Cartridge,20,ea,,
1A4060300002EE1000000104,Edible,0,ea,,
1A4060300002EE1000000105,Gummies,4,ea,,
1A4060300002EE1000000106,Topical,8,ea,,
",
    ),
    (
        "state/sales.csv",
        "\
receipt_id,external_id,sold_at,package_id,quantity,unit,voided_at,finalized
9001,88411,2026-03-08T16:20:11,1A4060300002EE1000000101,1,ea,,n
9002,88413,2026-03-08T17:02:05,1A4060300002EE1000000102,2,g,,n
9003,88414,2026-03-07T11:15:00,1A4060300002EE1000000104,1,ea,0001-01-01T00:00:00,y
",
    ),
    (
        "state/adjustments.csv",
        "\
package_id,at,quantity_delta,unit,reason,note,by
1A4060300002EE1000000103,2026-03-06,-1,ea,Waste,,Kim
",
    ),
];

/// A store folder in a folder of its own, where the tool is run.
pub struct Store {
    around: tempfile::TempDir,
}

impl Store {
    pub fn good() -> Self {
        let store = Self { around: tempfile::tempdir().unwrap() };
        for (file, text) in FILES {
            store.write(file, text);
        }
        store
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.around.path().join("store").join(file)
    }

    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    pub fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).unwrap();
    }

    pub fn rename(&self, file: &str, to: &str) {
        std::fs::rename(self.path(file), self.path(to)).unwrap();
    }

    /// Puts `new` for the first `old`, which must be there.
    pub fn edit(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(text.contains(old), "{file} has no {old}");
        self.write(file, text.replacen(old, new, 1));
    }

    pub fn append(&self, file: &str, more: &str) {
        self.write(file, self.read(file) + more);
    }

    /// The state's packages, sales and adjustments as tables instead of JSON.
    pub fn with_state_tables(&self) {
        for file in ["packages_active", "packages_inactive", "receipts", "adjustments"] {
            self.remove(&format!("state/{file}.json"));
        }
        for (file, text) in STATE_TABLES {
            self.write(file, text);
        }
    }

    /// Takes a column out of a table without quotes.
    pub fn drop_column(&self, file: &str, column: &str) {
        let text = self.read(file);
        let place = text.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
        let without = |line: &str| {
            let kept = line.split(',').enumerate().filter(|(at, _)| *at != place).map(|(_, cell)| cell);
            kept.collect::<Vec<_>>().join(",") + "\n"
        };
        self.write(file, text.lines().map(without).collect::<String>());
    }

    /// Runs `trueup reconcile` on the store, with at most 1 GiB of memory and 30 s of processor time where the system
    /// can hold it to that.
    pub fn reconcile(&self, arguments: &[&str]) -> Output {
        let tool = OsString::from(env!("CARGO_BIN_EXE_trueup"));
        let mut command = if cfg!(target_os = "linux") {
            let mut shell = Command::new("sh");
            shell.args(["-c", "ulimit -v 1048576; ulimit -t 30; exec \"$@\"", "sh"]).arg(tool);
            shell
        } else {
            Command::new(tool)
        };
        command.current_dir(self.around.path()).args(["reconcile", "--store", "store"]).args(arguments);
        command.output().unwrap()
    }

    /// Every file and folder in and around the store, sorted.
    pub fn listing(&self) -> Vec<PathBuf> {
        let mut all = Vec::new();
        list(self.around.path(), &mut all);
        all.sort();
        all
    }

    pub fn beside(&self, file: &str) -> PathBuf {
        self.around.path().join(file)
    }
}

fn list(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        all.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), all);
        }
    }
}

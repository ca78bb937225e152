//! The records of the API as a retailer's reconciliation needs them, and only as far.
//!
//! Fields about patients, caregivers, consumers, recipients, drivers, vehicles and addresses are in no struct.

use std::collections::BTreeMap;

use crate::error::Fault;
use crate::wire::{
    Context, Date, Fields, Flag, Integer, Nested, Number, NumberText, Rows, Text, Words, parse, read_object,
};

/// A package: active, inactive, on hold, in transit, by id or by label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// Metrc's number of the package.
    pub id: Option<i64>,
    /// The tag: 24 characters.
    pub label: Option<Text>,
    /// `Product`, `ImmaturePlant`, `VegetativePlant`, …
    pub package_type: Option<Text>,
    /// Tags of the packages it was made from, separated by commas, in one text.
    pub source_package_labels: Option<Text>,
    /// The room.
    pub location_name: Option<Text>,
    /// What is left, in the package's unit.
    pub quantity: Option<NumberText>,
    /// What it held when it was made, in the package's unit.
    pub original_package_quantity: Option<NumberText>,
    /// `Each`, `Grams`, …
    pub unit_of_measure_name: Option<Text>,
    /// `ea`, `g`, …
    pub unit_of_measure_abbreviation: Option<Text>,
    /// `YYYY-MM-DD`.
    pub packaged_date: Option<Text>,
    /// `YYYY-MM-DD`.
    pub expiration_date: Option<Text>,
    /// Administrative hold.
    pub is_on_hold: Option<bool>,
    /// Held for any reason.
    pub is_on_hold_combined: Option<bool>,
    /// Recalled.
    pub is_on_recall: Option<bool>,
    /// Recalled for any reason.
    pub is_on_recall_combined: Option<bool>,
    /// Under investigation.
    pub is_on_investigation: Option<bool>,
    /// Held by an investigation.
    pub is_on_investigation_hold: Option<bool>,
    /// Recalled by an investigation.
    pub is_on_investigation_recall: Option<bool>,
    /// Taken off the active list by the licensee.
    pub is_finished: Option<bool>,
    /// `YYYY-MM-DD`.
    pub finished_date: Option<Text>,
    /// `YYYY-MM-DD`.
    pub archived_date: Option<Text>,
    /// With an offset; empty for packages made here.
    pub received_date_time: Option<Text>,
    /// The manifest it came with.
    pub received_from_manifest_number: Option<Text>,
    /// The shipper's licence.
    pub received_from_facility_license_number: Option<Text>,
    /// With an offset and seven fraction digits.
    pub last_modified: Option<Text>,
    /// `TestPassed`, `NotSubmitted`, …
    pub lab_testing_state: Option<Text>,
    /// What is in it.
    pub item: Option<Item>,
}

/// The item of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Metrc's number of the item.
    pub id: Option<i64>,
    /// The item's name, unique in a facility.
    pub name: Option<Text>,
    /// Such as `Buds (by strain, prepack)`.
    pub product_category_name: Option<Text>,
    /// `CountBased`, `WeightBased`, `VolumeBased`; the documentation's example has a number, which is kept as digits.
    pub quantity_type: Option<Text>,
    /// Weight of one piece.
    pub unit_weight: Option<NumberText>,
    /// The unit of `unit_weight`.
    pub unit_weight_unit_of_measure_name: Option<Text>,
    /// Volume of one piece.
    pub unit_volume: Option<NumberText>,
    /// The unit of `unit_volume`.
    pub unit_volume_unit_of_measure_name: Option<Text>,
    /// The unit that packages of the item are counted in.
    pub unit_of_measure_name: Option<Text>,
}

/// A sales receipt, by id or external number. In the lists of the API `transactions` is always empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Metrc's number of the receipt.
    pub id: Option<i64>,
    /// Metrc's number as it is shown.
    pub receipt_number: Option<Text>,
    /// The number that the point of sale gave.
    pub external_receipt_number: Option<Text>,
    /// The facility's wall clock, without a zone.
    pub sales_date_time: Option<Text>,
    /// `Consumer`, `Patient`, `Caregiver`, `ExternalPatient`, `NonResidentConsumer`.
    pub sales_customer_type: Option<Text>,
    /// Lines of the receipt.
    pub total_packages: Option<i64>,
    /// Dollars.
    pub total_price: Option<NumberText>,
    /// The lines.
    pub transactions: Vec<Transaction>,
    /// No longer editable.
    pub is_final: Option<bool>,
    /// Set when the receipt was voided.
    pub archived_date: Option<Text>,
    /// With an offset.
    pub recorded_date_time: Option<Text>,
    /// The employee or program that reported it.
    pub recorded_by_user_name: Option<Text>,
    /// With an offset and seven fraction digits.
    pub last_modified: Option<Text>,
}

/// A line of a receipt or of a sales delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Metrc's number of the package.
    pub package_id: Option<i64>,
    /// The package's tag.
    pub package_label: Option<Text>,
    /// The item's name.
    pub product_name: Option<Text>,
    /// In the line's unit.
    pub quantity_sold: Option<NumberText>,
    /// `Each`, `Grams`, …
    pub unit_of_measure_name: Option<Text>,
    /// `ea`, `g`, …
    pub unit_of_measure_abbreviation: Option<Text>,
    /// Dollars.
    pub total_price: Option<NumberText>,
    /// Set when the line was voided.
    pub archived_date: Option<Text>,
    /// With an offset.
    pub recorded_date_time: Option<Text>,
    /// The state of the line's delivery, where it has one.
    pub sales_delivery_state: Option<Text>,
    /// With an offset and seven fraction digits.
    pub last_modified: Option<Text>,
}

/// A sales delivery to a customer, by id. In the lists of the API `transactions` is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Metrc's number of the delivery.
    pub id: Option<i64>,
    /// Metrc's number as it is shown.
    pub delivery_number: Option<Text>,
    /// Not in the documentation; read where a file has it.
    pub external_receipt_number: Option<Text>,
    /// The facility's wall clock, without a zone.
    pub sales_date_time: Option<Text>,
    /// As in [`Receipt`].
    pub sales_customer_type: Option<Text>,
    /// Lines of the delivery.
    pub total_packages: Option<i64>,
    /// The lines.
    pub transactions: Vec<Transaction>,
    /// When it was delivered.
    pub completed_date_time: Option<Text>,
    /// Such as `Shipped`, `Accepted`.
    pub sales_delivery_state: Option<Text>,
    /// Set when the delivery was voided.
    pub voided_date: Option<Text>,
    /// With an offset.
    pub recorded_date_time: Option<Text>,
    /// The employee or program that reported it.
    pub recorded_by_user_name: Option<Text>,
    /// With an offset and seven fraction digits.
    pub last_modified: Option<Text>,
}

/// One adjustment of a package's quantity. It has no id of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Metrc's number of the package.
    pub package_id: Option<i64>,
    /// The package's tag.
    pub package_label: Option<Text>,
    /// The item's name.
    pub item_name: Option<Text>,
    /// The change, with its sign, in the adjustment's unit.
    pub adjustment_quantity: Option<NumberText>,
    /// `Each`, `Grams`, …
    pub adjustment_unit_of_measure_name: Option<Text>,
    /// `ea`, `g`, …
    pub adjustment_unit_of_measure_abbreviation: Option<Text>,
    /// One of the state's reasons.
    pub adjustment_reason_name: Option<Text>,
    /// Free text.
    pub adjustment_note: Option<Text>,
    /// A date, or a time with an offset.
    pub adjustment_date: Option<Text>,
    /// The employee or program that adjusted.
    pub adjusted_by_user_name: Option<Text>,
}

/// An incoming transfer with its packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Metrc's number of the transfer.
    pub id: Option<i64>,
    /// Metrc's number of the delivery within the transfer; one transfer may have several.
    pub delivery_id: Option<i64>,
    /// Ten digits.
    pub manifest_number: Option<Text>,
    /// The shipper's licence.
    pub shipper_facility_license_number: Option<Text>,
    /// The recipient's licence.
    pub recipient_facility_license_number: Option<Text>,
    /// Such as `Wholesale`.
    pub shipment_type_name: Option<Text>,
    /// Called off.
    pub is_voided: Option<bool>,
    /// With an offset; empty until it was received.
    pub received_date_time: Option<Text>,
    /// The facility's wall clock, without a zone.
    pub actual_departure_date_time: Option<Text>,
    /// The facility's wall clock, without a zone.
    pub estimated_arrival_date_time: Option<Text>,
    /// Packages sent.
    pub package_count: Option<i64>,
    /// Packages received so far.
    pub received_package_count: Option<i64>,
    /// With an offset and seven fraction digits.
    pub last_modified: Option<Text>,
    /// The packages, from `Packages` and from `Deliveries[].Packages`: a row in both counts once.
    pub packages: Vec<TransferPackage>,
}

/// A delivery of a transfer, read for its packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct TransferDelivery {
    /// With an offset.
    received_date_time: Option<Text>,
    /// Its packages.
    packages: Vec<TransferPackage>,
}

/// A package of a transfer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransferPackage {
    /// Metrc's number of the package.
    pub package_id: Option<i64>,
    /// The package's tag.
    pub package_label: Option<Text>,
    /// The item's name.
    pub item_name: Option<Text>,
    /// `Shipped`, `Accepted`, `Rejected`, `Returned`; also read from `ShipmentPackageStateName`.
    pub shipment_package_state: Option<Text>,
    /// In the shipped unit.
    pub shipped_quantity: Option<NumberText>,
    /// `Each`, `Grams`, …
    pub shipped_unit_of_measure_name: Option<Text>,
    /// `ea`, `g`, …
    pub shipped_unit_of_measure_abbreviation: Option<Text>,
    /// In the received unit; may differ from what was shipped.
    pub received_quantity: Option<NumberText>,
    /// `Each`, `Grams`, …
    pub received_unit_of_measure_name: Option<Text>,
    /// `ea`, `g`, …
    pub received_unit_of_measure_abbreviation: Option<Text>,
    /// With an offset; the delivery's where the row itself has none.
    pub received_date_time: Option<Text>,
}

/// One of the records that files hold. Implemented by this crate's structs only.
pub trait Record: serde::de::DeserializeOwned + std::fmt::Debug + Clone + PartialEq + sealed::Sealed {
    /// What one record is called in messages.
    const KIND: &'static str;
    /// The names of the fields that are read.
    const KNOWN_FIELDS: &'static [&'static str];

    /// Metrc's number of the record.
    fn id(&self) -> Option<i64>;

    /// A second number where [`id`](Self::id) alone may occur several times in one list: a transfer's delivery.
    fn sub_id(&self) -> Option<i64> {
        None
    }

    /// The tag or number by which people know the record.
    fn label(&self) -> Option<&str>;

    /// When the record last changed, as written: RFC 3339 with an offset.
    fn last_modified(&self) -> Option<&str>;
}

pub(crate) mod sealed {
    /// What the readers need of a record beside its public face.
    pub trait Sealed: Sized {
        /// Reads one record from its JSON text.
        fn parse(json: &str, context: &super::Context) -> Result<Self, serde_json::Error>;
        /// A rule of its kind that a well-formed record may still break.
        fn check(&self) -> Result<(), super::Fault> {
            Ok(())
        }
    }
}

macro_rules! record {
    ($record:ident, $kind:literal, id $id:expr, label $label:ident, modified $modified:expr $(, sub $sub:ident)? $(, check $check:path)?) => {
        impl Record for $record {
            const KIND: &'static str = $kind;
            const KNOWN_FIELDS: &'static [&'static str] = <Self as Fields>::READ;

            fn id(&self) -> Option<i64> {
                let id: fn(&Self) -> Option<i64> = $id;
                id(self)
            }

            $(fn sub_id(&self) -> Option<i64> {
                self.$sub
            })?

            fn label(&self) -> Option<&str> {
                self.$label.as_deref()
            }

            fn last_modified(&self) -> Option<&str> {
                let modified: fn(&Self) -> Option<&str> = $modified;
                modified(self)
            }
        }

        impl sealed::Sealed for $record {
            fn parse(json: &str, context: &Context) -> Result<Self, serde_json::Error> {
                parse(json, context)
            }

            $(fn check(&self) -> Result<(), Fault> {
                $check(self.total_packages, &self.transactions)
            })?
        }
    };
}

record!(Package, "package", id |it| it.id, label label, modified |it| it.last_modified.as_deref());
record!(
    Receipt, "receipt", id |it| it.id, label receipt_number, modified |it| it.last_modified.as_deref(),
    check has_lines
);
record!(
    Delivery, "delivery", id |it| it.id, label delivery_number, modified |it| it.last_modified.as_deref(),
    check has_lines
);
record!(Adjustment, "adjustment", id |_| None, label package_label, modified |_| None);
record!(
    Transfer, "transfer", id |it| it.id, label manifest_number, modified |it| it.last_modified.as_deref(),
    sub delivery_id
);

/// The lists of the API carry no lines: a sale without any would silently be a sale of nothing.
fn has_lines(total_packages: Option<i64>, transactions: &[Transaction]) -> Result<(), Fault> {
    if !transactions.is_empty() || total_packages == Some(0) {
        return Ok(());
    }
    let said = total_packages.map_or_else(|| "no TotalPackages".to_owned(), |n| format!("TotalPackages {n}"));
    let todo = "the lists of the API carry no lines: fetch each one by its id";
    Err(Fault::new(format!("no lines, with {said}"), "its lines, or TotalPackages 0", todo).in_field("Transactions"))
}

/// Two names for one field: they may both be there as long as they agree.
fn settle_state(package: &mut TransferPackage, state_name: Option<Text>) -> Result<(), String> {
    match (&package.shipment_package_state, state_name) {
        (Some(one), Some(other)) if *one != other => {
            Err("ShipmentPackageState and ShipmentPackageStateName that differ, expected one state".to_owned())
        }
        (None, other) => {
            package.shipment_package_state = other;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Adds the deliveries' packages to the transfer's own: equal rows in both places count once.
fn settle_deliveries(transfer: &mut Transfer, deliveries: Vec<TransferDelivery>) -> Result<(), String> {
    let rows = deliveries.into_iter().flat_map(|delivery| {
        let received = delivery.received_date_time;
        delivery.packages.into_iter().map(move |mut package| {
            package.received_date_time = package.received_date_time.or_else(|| received.clone());
            package
        })
    });
    if transfer.packages.is_empty() {
        transfer.packages = rows.collect();
        return Ok(());
    }
    let mut own: BTreeMap<Option<Text>, Vec<TransferPackage>> = BTreeMap::new();
    for package in &transfer.packages {
        own.entry(package.package_label.clone()).or_default().push(package.clone());
    }
    for row in rows {
        let same = own.get(&row.package_label).map_or(&[][..], Vec::as_slice);
        if same.iter().any(|package| agrees(package, &row)) {
            continue;
        }
        if row.package_label.is_some() && !same.is_empty() {
            return Err("a package that differs in Packages and in Deliveries, expected one row of it".to_owned());
        }
        transfer.packages.push(row);
    }
    Ok(())
}

/// Equal, but for the received time that a delivery's row has from its delivery.
fn agrees(package: &TransferPackage, row: &TransferPackage) -> bool {
    let mut row = row.clone();
    if package.received_date_time.is_none() {
        row.received_date_time = None;
    }
    *package == row
}

read_object!(
    Package, prefix "",
    read {
        id = Integer, "Id";
        label = Words, "Label";
        package_type = Words, "PackageType";
        source_package_labels = Words, "SourcePackageLabels";
        location_name = Words, "LocationName";
        quantity = Number, "Quantity";
        original_package_quantity = Number, "OriginalPackageQuantity";
        unit_of_measure_name = Words, "UnitOfMeasureName";
        unit_of_measure_abbreviation = Words, "UnitOfMeasureAbbreviation";
        packaged_date = Date, "PackagedDate";
        expiration_date = Date, "ExpirationDate";
        is_on_hold = Flag, "IsOnHold";
        is_on_hold_combined = Flag, "IsOnHoldCombined";
        is_on_recall = Flag, "IsOnRecall";
        is_on_recall_combined = Flag, "IsOnRecallCombined";
        is_on_investigation = Flag, "IsOnInvestigation";
        is_on_investigation_hold = Flag, "IsOnInvestigationHold";
        is_on_investigation_recall = Flag, "IsOnInvestigationRecall";
        is_finished = Flag, "IsFinished";
        finished_date = Date, "FinishedDate";
        archived_date = Date, "ArchivedDate";
        received_date_time = Date, "ReceivedDateTime";
        received_from_manifest_number = Words, "ReceivedFromManifestNumber";
        received_from_facility_license_number = Words, "ReceivedFromFacilityLicenseNumber";
        last_modified = Date, "LastModified";
        lab_testing_state = Words, "LabTestingState";
        item = Nested<Item>, "Item";
    }
    left_out [
        "ExternalId", "SourceHarvestCount", "SourcePackageCount", "SourceProcessingJobCount", "SourceHarvestNames",
        "LocationId", "SublocationId", "SublocationName", "LocationTypeName", "PatientLicenseNumber",
        "ItemFromFacilityLicenseNumber", "ItemFromFacilityName", "Note", "SellByDate", "UseByDate",
        "InitialLabTestingState", "LabTestingStateDate", "LabTestingPerformedDate",
        "LabTestResultExpirationDateTime", "LabTestingRecordedDate", "LabTestStageId", "LabTestStage",
        "IsProductionBatch", "ProductionBatchNumber", "SourceProductionBatchNumbers", "IsTradeSample",
        "IsTradeSamplePersistent", "SourcePackageIsTradeSample", "IsDonation", "IsDonationPersistent",
        "SourcePackageIsDonation", "IsTestingSample", "IsProcessValidationTestingSample",
        "ProductRequiresRemediation", "ContainsRemediatedProduct", "RemediationDate",
        "ProductRequiresDecontamination", "ContainsDecontaminatedProduct", "DecontaminationDate",
        "ReceivedFromFacilityName", "IsFinishedGood", "IsOnRetailerDelivery", "PackageForProductDestruction",
        "LabelsLastGeneratedDateTime", "ProductLabel", "ContainsPreTreatedProduct", "PreTreatmentDate",
    ]
);

read_object!(
    Item, prefix "Item.",
    read {
        id = Integer, "Id";
        name = Words, "Name";
        product_category_name = Words, "ProductCategoryName";
        quantity_type = Words, "QuantityType";
        unit_weight = Number, "UnitWeight";
        unit_weight_unit_of_measure_name = Words, "UnitWeightUnitOfMeasureName";
        unit_volume = Number, "UnitVolume";
        unit_volume_unit_of_measure_name = Words, "UnitVolumeUnitOfMeasureName";
        unit_of_measure_name = Words, "UnitOfMeasureName";
    }
    left_out [
        "GlobalProductName", "GlobalProductNumber", "ProductCategoryType", "IsExpirationDateRequired",
        "HasExpirationDate", "IsSellByDateRequired", "HasSellByDate", "IsUseByDateRequired", "HasUseByDate",
        "DefaultLabTestingState", "ApprovalStatus", "ApprovalStatusDateTime", "StrainId", "StrainName",
        "ItemBrandId", "ItemBrandName", "AdministrationMethod", "UnitCbdPercent", "UnitCbdContent",
        "UnitCbdContentUnitOfMeasureName", "UnitCbdContentDose", "UnitCbdContentDoseUnitOfMeasureName",
        "UnitCbdAPercent", "UnitCbdAContent", "UnitCbdAContentUnitOfMeasureName", "UnitCbdAContentDose",
        "UnitCbdAContentDoseUnitOfMeasureName", "UnitThcAPercent", "UnitThcAContent",
        "UnitThcAContentUnitOfMeasureName", "UnitThcAContentDose", "UnitThcAContentDoseUnitOfMeasureId",
        "UnitThcAContentDoseUnitOfMeasureName", "UnitThcPercent", "UnitThcContent",
        "UnitThcContentUnitOfMeasureName", "UnitThcContentDose", "UnitThcContentDoseUnitOfMeasureId",
        "UnitThcContentDoseUnitOfMeasureName", "ServingSize", "NumberOfDoses", "UnitQuantity",
        "UnitQuantityUnitOfMeasureName", "PublicIngredients", "Description", "Allergens", "ProductImages",
        "ProductPhotoDescription", "LabelImages", "LabelPhotoDescription", "PackagingImages",
        "PackagingPhotoDescription", "ProductPDFDocuments", "IsUsed", "LabTestBatchNames",
        "ProcessingJobCategoryName", "ProcessingJobTypeName", "ProductBrandName",
    ]
);

read_object!(
    Receipt, prefix "",
    read {
        id = Integer, "Id";
        receipt_number = Words, "ReceiptNumber";
        external_receipt_number = Words, "ExternalReceiptNumber";
        sales_date_time = Date, "SalesDateTime";
        sales_customer_type = Words, "SalesCustomerType";
        total_packages = Integer, "TotalPackages";
        total_price = Number, "TotalPrice";
        transactions = Rows<Transaction>, "Transactions";
        is_final = Flag, "IsFinal";
        archived_date = Date, "ArchivedDate";
        recorded_date_time = Date, "RecordedDateTime";
        recorded_by_user_name = Words, "RecordedByUserName";
        last_modified = Date, "LastModified";
    }
    left_out [
        "PatientLicenseNumber", "CaregiverLicenseNumber", "IdentificationMethod", "PatientRegistrationLocationId",
    ]
);

read_object!(
    Transaction, prefix "Transactions[].",
    read {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        product_name = Words, "ProductName";
        quantity_sold = Number, "QuantitySold";
        unit_of_measure_name = Words, "UnitOfMeasureName";
        unit_of_measure_abbreviation = Words, "UnitOfMeasureAbbreviation";
        total_price = Number, "TotalPrice";
        archived_date = Date, "ArchivedDate";
        recorded_date_time = Date, "RecordedDateTime";
        sales_delivery_state = Words, "SalesDeliveryState";
        last_modified = Date, "LastModified";
    }
    left_out [
        "ProductCategoryName", "ItemStrainName", "ItemUnitCbdPercent", "ItemUnitCbdContent",
        "ItemUnitCbdContentUnitOfMeasureName", "ItemUnitCbdContentDose", "ItemUnitCbdContentDoseUnitOfMeasureName",
        "ItemUnitThcPercent", "ItemUnitThcContent", "ItemUnitThcContentUnitOfMeasureName", "ItemUnitThcContentDose",
        "ItemUnitThcContentDoseUnitOfMeasureName", "ItemUnitVolume", "ItemUnitVolumeUnitOfMeasureName",
        "ItemUnitWeight", "ItemUnitWeightUnitOfMeasureName", "ItemServingSize", "ItemSupplyDurationDays",
        "ItemUnitQuantity", "ItemUnitQuantityUnitOfMeasureName", "UnitThcPercent", "UnitThcContent", "UnitWeight",
        "RecordedByUserName", "InvoiceNumber", "Price", "ExciseTax", "CityTax", "CountyTax", "MunicipalTax",
        "DiscountAmount", "SubTotal", "SalesTax",
    ]
);

read_object!(
    Delivery, prefix "",
    read {
        id = Integer, "Id";
        delivery_number = Words, "DeliveryNumber";
        external_receipt_number = Words, "ExternalReceiptNumber";
        sales_date_time = Date, "SalesDateTime";
        sales_customer_type = Words, "SalesCustomerType";
        total_packages = Integer, "TotalPackages";
        transactions = Rows<Transaction>, "Transactions";
        completed_date_time = Date, "CompletedDateTime";
        sales_delivery_state = Words, "SalesDeliveryState";
        voided_date = Date, "VoidedDate";
        recorded_date_time = Date, "RecordedDateTime";
        recorded_by_user_name = Words, "RecordedByUserName";
        last_modified = Date, "LastModified";
    }
    left_out [
        "FacilityLicenseNumber", "FacilityName", "ShipperFacilityLicenseNumber", "TransporterFacilityId",
        "TransporterFacilityLicenseNumber", "TransporterFacilityName", "PatientLicenseNumber", "ConsumerId",
        "DriverEmployeeId", "DriverName", "DriversLicenseNumber", "VehicleMake", "VehicleModel",
        "VehicleLicensePlateNumber", "RecipientName", "RecipientAddressStreet1", "RecipientAddressStreet2",
        "RecipientAddressCity", "RecipientDeliveryZoneId", "RecipientZoneId", "RecipientDeliveryZoneName",
        "RecipientAddressCounty", "RecipientAddressState", "RecipientAddressPostalCode", "PlannedRoute", "Direction",
        "EstimatedDepartureDateTime", "ActualDepartureDateTime", "EstimatedArrivalDateTime", "ActualArrivalDateTime",
        "EstimatedReturnDepartureDateTime", "ActualReturnDepartureDateTime", "EstimatedReturnArrivalDateTime",
        "ActualReturnArrivalDateTime", "TotalPrice", "AcceptedDateTime",
    ]
);

read_object!(
    Adjustment, prefix "",
    read {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        item_name = Words, "ItemName";
        adjustment_quantity = Number, "AdjustmentQuantity";
        adjustment_unit_of_measure_name = Words, "AdjustmentUnitOfMeasureName";
        adjustment_unit_of_measure_abbreviation = Words, "AdjustmentUnitOfMeasureAbbreviation";
        adjustment_reason_name = Words, "AdjustmentReasonName";
        adjustment_note = Words, "AdjustmentNote";
        adjustment_date = Date, "AdjustmentDate";
        adjusted_by_user_name = Words, "AdjustedByUserName";
    }
    left_out [
        "ItemCategoryName", "PackagedDate", "PackageLabTestResultExpirationDateTime",
    ]
);

read_object!(
    Transfer, prefix "",
    read {
        id = Integer, "Id";
        delivery_id = Integer, "DeliveryId";
        manifest_number = Words, "ManifestNumber";
        shipper_facility_license_number = Words, "ShipperFacilityLicenseNumber";
        recipient_facility_license_number = Words, "RecipientFacilityLicenseNumber";
        shipment_type_name = Words, "ShipmentTypeName";
        is_voided = Flag, "IsVoided";
        received_date_time = Date, "ReceivedDateTime";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        estimated_arrival_date_time = Date, "EstimatedArrivalDateTime";
        package_count = Integer, "PackageCount";
        received_package_count = Integer, "ReceivedPackageCount";
        last_modified = Date, "LastModified";
        packages = Rows<TransferPackage>, "Packages";
    }
    also {
        deliveries = Rows<TransferDelivery>, "Deliveries";
    } settle settle_deliveries;
    left_out [
        "InvoiceNumber", "ShipmentLicenseType", "ShipperFacilityName", "Name", "TransporterFacilityLicenseNumber",
        "TransporterFacilityName", "DriverName", "DriverOccupationalLicenseNumber", "DriverVehicleLicenseNumber",
        "VehicleMake", "VehicleModel", "VehicleLicensePlateNumber", "DeliveryCount", "ReceivedDeliveryCount",
        "ContainsPlantPackage", "ContainsProductPackage", "ContainsTradeSample", "ContainsDonation",
        "ContainsTestingSample", "ContainsProductRequiresRemediation", "ContainsRemediatedProductPackage",
        "CreatedDateTime", "CreatedByUserName", "RecipientFacilityName", "ShipmentTransactionType",
        "EstimatedDepartureDateTime", "ActualArrivalDateTime", "DeliveryPackageCount",
        "DeliveryReceivedPackageCount", "EstimatedReturnDepartureDateTime", "ActualReturnDepartureDateTime",
        "EstimatedReturnArrivalDateTime", "ActualReturnArrivalDateTime", "OriginatingTemplateId",
    ]
);

read_object!(
    TransferDelivery, prefix "Deliveries[].",
    read {
        received_date_time = Date, "ReceivedDateTime";
        packages = Rows<TransferPackage>, "Packages";
    }
    left_out [
        "Id", "ManifestNumber", "DeliveryNumber", "RecipientFacilityLicenseNumber", "RecipientFacilityName",
        "ShipmentTypeName", "ShipmentTransactionType", "InvoiceNumber", "EstimatedDepartureDateTime",
        "ActualDepartureDateTime", "EstimatedArrivalDateTime", "ActualArrivalDateTime", "GrossWeight",
        "GrossUnitOfWeightId", "GrossUnitOfWeightName", "PlannedRoute", "DeliveryPackageCount",
        "DeliveryReceivedPackageCount", "EstimatedReturnDepartureDateTime", "ActualReturnDepartureDateTime",
        "EstimatedReturnArrivalDateTime", "ActualReturnArrivalDateTime", "RejectedPackagesReturned",
        "PDFDocumentFileSystemId",
    ]
);

read_object!(
    TransferPackage, prefix "Packages[].",
    read {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        item_name = Words, "ItemName";
        shipment_package_state = Words, "ShipmentPackageState";
        shipped_quantity = Number, "ShippedQuantity";
        shipped_unit_of_measure_name = Words, "ShippedUnitOfMeasureName";
        shipped_unit_of_measure_abbreviation = Words, "ShippedUnitOfMeasureAbbreviation";
        received_quantity = Number, "ReceivedQuantity";
        received_unit_of_measure_name = Words, "ReceivedUnitOfMeasureName";
        received_unit_of_measure_abbreviation = Words, "ReceivedUnitOfMeasureAbbreviation";
        received_date_time = Date, "ReceivedDateTime";
    }
    also {
        state_name = Words, "ShipmentPackageStateName";
    } settle settle_state;
    left_out [
        "PackageType", "SourceHarvestNames", "SourcePackageLabels", "ItemId", "ItemCategoryName", "ItemStrainName",
        "ItemBrandName", "ItemUnitCbdPercent", "ItemUnitCbdContent", "ItemUnitCbdContentUnitOfMeasureName",
        "ItemUnitCbdContentDose", "ItemUnitCbdContentDoseUnitOfMeasureName", "ItemUnitThcPercent",
        "ItemUnitThcContent", "ItemUnitThcContentUnitOfMeasureName", "ItemUnitThcContentDose",
        "ItemUnitThcContentDoseUnitOfMeasureName", "ItemUnitCbdAPercent", "ItemUnitCbdAContent",
        "ItemUnitCbdAContentUnitOfMeasureName", "ItemUnitCbdAContentDose",
        "ItemUnitCbdAContentDoseUnitOfMeasureName", "ItemUnitThcAPercent", "ItemUnitThcAContent",
        "ItemUnitThcAContentUnitOfMeasureName", "ItemUnitThcAContentDose",
        "ItemUnitThcAContentDoseUnitOfMeasureName", "ItemUnitVolume", "ItemUnitVolumeUnitOfMeasureName",
        "ItemUnitWeight", "ItemUnitWeightUnitOfMeasureName", "ItemServingSize", "ItemSupplyDurationDays",
        "ItemUnitQuantity", "ItemUnitQuantityUnitOfMeasureName", "LabTestingState", "ProductionBatchNumber",
        "IsTradeSample", "IsTradeSamplePersistent", "SourcePackageIsTradeSample", "IsDonation",
        "SourcePackageIsDonation", "IsTestingSample", "ProductRequiresRemediation", "ContainsRemediatedProduct",
        "RemediationDate", "PackagedDate", "ExpirationDate", "SellByDate", "UseByDate", "GrossUnitOfWeightName",
        "ProductLabel", "SourceProductionBatchNumbers", "ExternalId", "IsFinishedGood", "ShipperWholesalePrice",
        "ReceiverWholesalePrice",
    ]
);

//! Packages: what they hold, and everything that changes it.

use super::common::ProductLabel;
use super::items::Item;
use super::{Day, Empty, Ids, List, Moment, NumberText, One, Page, Private, Text, answers, operations, requests};

answers! {
    /// A package, with every documented field.
    Package {
        id = Integer, "Id";
        label = Words, "Label";
        external_id = Words, "ExternalId";
        package_type = Words, "PackageType";
        source_harvest_count = Integer, "SourceHarvestCount";
        source_package_count = Integer, "SourcePackageCount";
        source_processing_job_count = Integer, "SourceProcessingJobCount";
        source_harvest_names = Words, "SourceHarvestNames";
        source_package_labels = Words, "SourcePackageLabels";
        location_id = Integer, "LocationId";
        location_name = Words, "LocationName";
        sublocation_id = Integer, "SublocationId";
        sublocation_name = Words, "SublocationName";
        location_type_name = Words, "LocationTypeName";
        quantity = Number, "Quantity";
        original_package_quantity = Number, "OriginalPackageQuantity";
        unit_of_measure_name = Words, "UnitOfMeasureName";
        unit_of_measure_abbreviation = Words, "UnitOfMeasureAbbreviation";
        patient_license_number = Private, "PatientLicenseNumber";
        item_from_facility_license_number = Words, "ItemFromFacilityLicenseNumber";
        item_from_facility_name = Words, "ItemFromFacilityName";
        note = Words, "Note";
        packaged_date = Date, "PackagedDate";
        expiration_date = Date, "ExpirationDate";
        sell_by_date = Date, "SellByDate";
        use_by_date = Date, "UseByDate";
        initial_lab_testing_state = Words, "InitialLabTestingState";
        lab_testing_state = Words, "LabTestingState";
        lab_testing_state_date = Date, "LabTestingStateDate";
        lab_testing_performed_date = Date, "LabTestingPerformedDate";
        lab_test_result_expiration_date_time = Date, "LabTestResultExpirationDateTime";
        lab_testing_recorded_date = Date, "LabTestingRecordedDate";
        lab_test_stage_id = Integer, "LabTestStageId";
        lab_test_stage = Words, "LabTestStage";
        is_production_batch = Flag, "IsProductionBatch";
        production_batch_number = Words, "ProductionBatchNumber";
        source_production_batch_numbers = Words, "SourceProductionBatchNumbers";
        is_trade_sample = Flag, "IsTradeSample";
        is_trade_sample_persistent = Flag, "IsTradeSamplePersistent";
        source_package_is_trade_sample = Flag, "SourcePackageIsTradeSample";
        is_donation = Flag, "IsDonation";
        is_donation_persistent = Flag, "IsDonationPersistent";
        source_package_is_donation = Flag, "SourcePackageIsDonation";
        is_testing_sample = Flag, "IsTestingSample";
        is_process_validation_testing_sample = Flag, "IsProcessValidationTestingSample";
        product_requires_remediation = Flag, "ProductRequiresRemediation";
        contains_remediated_product = Flag, "ContainsRemediatedProduct";
        remediation_date = Date, "RemediationDate";
        product_requires_decontamination = Flag, "ProductRequiresDecontamination";
        contains_decontaminated_product = Flag, "ContainsDecontaminatedProduct";
        decontamination_date = Date, "DecontaminationDate";
        contains_pre_treated_product = Flag, "ContainsPreTreatedProduct";
        pre_treatment_date = Date, "PreTreatmentDate";
        received_date_time = Date, "ReceivedDateTime";
        received_from_manifest_number = Words, "ReceivedFromManifestNumber";
        received_from_facility_license_number = Words, "ReceivedFromFacilityLicenseNumber";
        received_from_facility_name = Words, "ReceivedFromFacilityName";
        is_on_hold = Flag, "IsOnHold";
        is_on_hold_combined = Flag, "IsOnHoldCombined";
        is_on_investigation = Flag, "IsOnInvestigation";
        is_on_investigation_hold = Flag, "IsOnInvestigationHold";
        is_on_investigation_recall = Flag, "IsOnInvestigationRecall";
        is_on_recall = Flag, "IsOnRecall";
        is_on_recall_combined = Flag, "IsOnRecallCombined";
        archived_date = Date, "ArchivedDate";
        is_finished = Flag, "IsFinished";
        finished_date = Date, "FinishedDate";
        is_finished_good = Flag, "IsFinishedGood";
        is_on_retailer_delivery = Flag, "IsOnRetailerDelivery";
        package_for_product_destruction = Raw, "PackageForProductDestruction";
        labels_last_generated_date_time = Date, "LabelsLastGeneratedDateTime";
        last_modified = Date, "LastModified";
        item = Nested(Item), "Item";
        product_label = Nested(ProductLabel), "ProductLabel";
    }

    /// A reason of the state, for an adjustment or a return.
    Reason {
        name = Words, "Name";
        requires_note = Flag, "RequiresNote";
        requires_waste_weight = Flag, "RequiresWasteWeight";
        requires_immature_waste_weight = Flag, "RequiresImmatureWasteWeight";
        requires_mature_waste_weight = Flag, "RequiresMatureWasteWeight";
    }

    /// One adjustment of a package; it has no id of its own.
    Adjustment {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        item_name = Words, "ItemName";
        item_category_name = Words, "ItemCategoryName";
        adjustment_quantity = Number, "AdjustmentQuantity";
        adjustment_unit_of_measure_name = Words, "AdjustmentUnitOfMeasureName";
        adjustment_unit_of_measure_abbreviation = Words, "AdjustmentUnitOfMeasureAbbreviation";
        adjustment_reason_name = Words, "AdjustmentReasonName";
        adjustment_note = Words, "AdjustmentNote";
        adjustment_date = Date, "AdjustmentDate";
        packaged_date = Date, "PackagedDate";
        adjusted_by_user_name = Words, "AdjustedByUserName";
        package_lab_test_result_expiration_date_time = Date, "PackageLabTestResultExpirationDateTime";
    }

    /// A package with one of its tests.
    LabSample {
        lab_facility_license_number = Words, "LabFacilityLicenseNumber";
        lab_facility_name = Words, "LabFacilityName";
        overall_passed = Flag, "OverallPassed";
        test_performed_date = Date, "TestPerformedDate";
        result_released = Flag, "ResultReleased";
        result_release_date_time = Date, "ResultReleaseDateTime";
        lab_test_result_expiration_date_time = Date, "LabTestResultExpirationDateTime";
        test_type_name = Words, "TestTypeName";
        test_passed = Flag, "TestPassed";
        test_result_level = Number, "TestResultLevel";
        test_comment = Words, "TestComment";
        test_informational_only = Flag, "TestInformationalOnly";
        id = Integer, "Id";
        label = Words, "Label";
        external_id = Words, "ExternalId";
        package_type = Words, "PackageType";
        source_harvest_count = Integer, "SourceHarvestCount";
        source_package_count = Integer, "SourcePackageCount";
        source_processing_job_count = Integer, "SourceProcessingJobCount";
        source_harvest_names = Words, "SourceHarvestNames";
        source_package_labels = Words, "SourcePackageLabels";
        location_id = Integer, "LocationId";
        location_name = Words, "LocationName";
        sublocation_id = Integer, "SublocationId";
        sublocation_name = Words, "SublocationName";
        location_type_name = Words, "LocationTypeName";
        quantity = Number, "Quantity";
        original_package_quantity = Number, "OriginalPackageQuantity";
        unit_of_measure_name = Words, "UnitOfMeasureName";
        unit_of_measure_abbreviation = Words, "UnitOfMeasureAbbreviation";
        patient_license_number = Private, "PatientLicenseNumber";
        item_from_facility_license_number = Words, "ItemFromFacilityLicenseNumber";
        item_from_facility_name = Words, "ItemFromFacilityName";
        note = Words, "Note";
        packaged_date = Date, "PackagedDate";
        expiration_date = Date, "ExpirationDate";
        sell_by_date = Date, "SellByDate";
        use_by_date = Date, "UseByDate";
        initial_lab_testing_state = Words, "InitialLabTestingState";
        lab_testing_state = Words, "LabTestingState";
        lab_testing_state_date = Date, "LabTestingStateDate";
        lab_testing_performed_date = Date, "LabTestingPerformedDate";
        lab_testing_recorded_date = Date, "LabTestingRecordedDate";
        lab_test_stage_id = Integer, "LabTestStageId";
        lab_test_stage = Words, "LabTestStage";
        is_production_batch = Flag, "IsProductionBatch";
        production_batch_number = Words, "ProductionBatchNumber";
        source_production_batch_numbers = Words, "SourceProductionBatchNumbers";
        is_trade_sample = Flag, "IsTradeSample";
        is_trade_sample_persistent = Flag, "IsTradeSamplePersistent";
        source_package_is_trade_sample = Flag, "SourcePackageIsTradeSample";
        is_donation = Flag, "IsDonation";
        is_donation_persistent = Flag, "IsDonationPersistent";
        source_package_is_donation = Flag, "SourcePackageIsDonation";
        is_testing_sample = Flag, "IsTestingSample";
        is_process_validation_testing_sample = Flag, "IsProcessValidationTestingSample";
        product_requires_remediation = Flag, "ProductRequiresRemediation";
        contains_remediated_product = Flag, "ContainsRemediatedProduct";
        remediation_date = Date, "RemediationDate";
        product_requires_decontamination = Flag, "ProductRequiresDecontamination";
        contains_decontaminated_product = Flag, "ContainsDecontaminatedProduct";
        decontamination_date = Date, "DecontaminationDate";
        contains_pre_treated_product = Flag, "ContainsPreTreatedProduct";
        pre_treatment_date = Date, "PreTreatmentDate";
        received_date_time = Date, "ReceivedDateTime";
        received_from_manifest_number = Words, "ReceivedFromManifestNumber";
        received_from_facility_license_number = Words, "ReceivedFromFacilityLicenseNumber";
        received_from_facility_name = Words, "ReceivedFromFacilityName";
        is_on_hold = Flag, "IsOnHold";
        is_on_hold_combined = Flag, "IsOnHoldCombined";
        is_on_investigation = Flag, "IsOnInvestigation";
        is_on_investigation_hold = Flag, "IsOnInvestigationHold";
        is_on_investigation_recall = Flag, "IsOnInvestigationRecall";
        is_on_recall = Flag, "IsOnRecall";
        is_on_recall_combined = Flag, "IsOnRecallCombined";
        archived_date = Date, "ArchivedDate";
        is_finished = Flag, "IsFinished";
        finished_date = Date, "FinishedDate";
        is_finished_good = Flag, "IsFinishedGood";
        is_on_retailer_delivery = Flag, "IsOnRetailerDelivery";
        package_for_product_destruction = Raw, "PackageForProductDestruction";
        labels_last_generated_date_time = Date, "LabelsLastGeneratedDateTime";
        last_modified = Date, "LastModified";
        item = Nested(Item), "Item";
        product_label = Nested(ProductLabel), "ProductLabel";
    }

    /// A harvest that a package came from.
    SourceHarvest {
        harvested_by_facility_license_number = Words, "HarvestedByFacilityLicenseNumber";
        harvested_by_facility_name = Words, "HarvestedByFacilityName";
        name = Words, "Name";
        harvest_start_date = Date, "HarvestStartDate";
    }

    /// A package that left on a manifest.
    TransferredPackage {
        id = Integer, "Id";
        package_id = Integer, "PackageId";
        recipient_facility_license_number = Words, "RecipientFacilityLicenseNumber";
        recipient_facility_name = Words, "RecipientFacilityName";
        manifest_number = Words, "ManifestNumber";
        package_label = Words, "PackageLabel";
        external_id = Words, "ExternalId";
        source_harvest_names = Words, "SourceHarvestNames";
        source_package_labels = Words, "SourcePackageLabels";
        product_name = Words, "ProductName";
        product_category_name = Words, "ProductCategoryName";
        item_strain_name = Words, "ItemStrainName";
        lab_testing_state_name = Words, "LabTestingStateName";
        shipped_quantity = Number, "ShippedQuantity";
        shipped_unit_of_measure_abbreviation = Words, "ShippedUnitOfMeasureAbbreviation";
        gross_weight = Number, "GrossWeight";
        gross_unit_of_weight_abbreviation = Words, "GrossUnitOfWeightAbbreviation";
        shipper_wholesale_price = Number, "ShipperWholesalePrice";
        received_quantity = Number, "ReceivedQuantity";
        received_unit_of_measure_abbreviation = Words, "ReceivedUnitOfMeasureAbbreviation";
        receiver_wholesale_price = Number, "ReceiverWholesalePrice";
        shipment_package_state_name = Words, "ShipmentPackageStateName";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        received_date_time = Date, "ReceivedDateTime";
        processing_job_type_name = Words, "ProcessingJobTypeName";
    }
}

requests! {
    /// What [`ADJUST_BY`] sends, an array of them.
    Adjust {
        required {
            label: Text, "Label";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
            adjustment_reason: Text, "AdjustmentReason";
            adjustment_date: Day, "AdjustmentDate";
        }
        optional {
            reason_note: Option<Text>, "ReasonNote";
        }
    }

    /// One of `Ingredients` of a [`NewPackage`].
    Ingredient {
        required {
            package: Text, "Package";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
        }
    }

    /// What [`CREATE`] sends, an array of them.
    NewPackage {
        required {
            tag: Text, "Tag";
            item: Text, "Item";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
            actual_date: Day, "ActualDate";
            ingredients: Vec<Ingredient>, "Ingredients";
        }
        optional {
            location: Option<Text>, "Location";
            sublocation: Option<Text>, "Sublocation";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            note: Option<Text>, "Note";
            is_production_batch: Option<bool>, "IsProductionBatch";
            production_batch_number: Option<Text>, "ProductionBatchNumber";
            is_donation: Option<bool>, "IsDonation";
            is_trade_sample: Option<bool>, "IsTradeSample";
            is_finished_good: Option<bool>, "IsFinishedGood";
            product_requires_remediation: Option<bool>, "ProductRequiresRemediation";
            use_same_item: Option<bool>, "UseSameItem";
            expiration_date: Option<Day>, "ExpirationDate";
            sell_by_date: Option<Day>, "SellByDate";
            use_by_date: Option<Day>, "UseByDate";
            required_lab_test_batches: Vec<Text>, "RequiredLabTestBatches";
            processing_job_type_id: Option<i64>, "ProcessingJobTypeId";
            lab_test_stage_id: Option<i64>, "LabTestStageId";
        }
    }

    /// What [`PLANT`] sends, an array of them.
    Planting {
        required {
            package_label: Text, "PackageLabel";
        }
        optional {
            package_adjustment_amount: Option<NumberText>, "PackageAdjustmentAmount";
            package_adjustment_unit_of_measure_name: Option<Text>, "PackageAdjustmentUnitOfMeasureName";
            plant_batch_name: Option<Text>, "PlantBatchName";
            plant_batch_type: Option<Text>, "PlantBatchType";
            plant_count: Option<i64>, "PlantCount";
            location_name: Option<Text>, "LocationName";
            sublocation_name: Option<Text>, "SublocationName";
            strain_name: Option<Text>, "StrainName";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            planted_date: Option<Moment>, "PlantedDate";
            unpackaged_date: Option<Moment>, "UnpackagedDate";
        }
    }

    /// What [`CREATE_TESTING`] sends, an array of them.
    NewTestingPackage {
        required {
            tag: Text, "Tag";
            item: Text, "Item";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
            actual_date: Day, "ActualDate";
            ingredients: Vec<Ingredient>, "Ingredients";
        }
        optional {
            location: Option<Text>, "Location";
            sublocation: Option<Text>, "Sublocation";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            note: Option<Text>, "Note";
            is_production_batch: Option<bool>, "IsProductionBatch";
            production_batch_number: Option<Text>, "ProductionBatchNumber";
            is_donation: Option<bool>, "IsDonation";
            is_trade_sample: Option<bool>, "IsTradeSample";
            is_finished_good: Option<bool>, "IsFinishedGood";
            product_requires_remediation: Option<bool>, "ProductRequiresRemediation";
            use_same_item: Option<bool>, "UseSameItem";
            expiration_date: Option<Day>, "ExpirationDate";
            sell_by_date: Option<Day>, "SellByDate";
            use_by_date: Option<Day>, "UseByDate";
            required_lab_test_batches: Vec<Text>, "RequiredLabTestBatches";
            processing_job_type_id: Option<i64>, "ProcessingJobTypeId";
            lab_test_stage_id: Option<i64>, "LabTestStageId";
        }
    }

    /// What [`FINISH`] sends, an array of them.
    FinishPackage {
        required {
            label: Text, "Label";
            actual_date: Day, "ActualDate";
        }
    }

    /// What [`FLAG_FINISHED_GOOD`] sends, an array of them.
    PackageLabel {
        required {
            label: Text, "Label";
        }
    }

    /// What [`DECONTAMINATE`] sends, an array of them.
    Decontamination {
        required {
            package_label: Text, "PackageLabel";
        }
        optional {
            decontamination_method_name: Option<Text>, "DecontaminationMethodName";
            decontamination_date: Option<Day>, "DecontaminationDate";
            decontamination_steps: Option<Text>, "DecontaminationSteps";
        }
    }

    /// What [`SET_EXTERNAL_ID`] sends, an array of them.
    ExternalId {
        required {
            package_label: Text, "PackageLabel";
            external_id: Text, "ExternalId";
        }
    }

    /// What [`CHANGE_ITEM`] sends, an array of them.
    PackageItem {
        required {
            label: Text, "Label";
            item: Text, "Item";
        }
    }

    /// What [`REQUIRE_LAB_TESTS`] sends, an array of them.
    RequiredLabTests {
        required {
            label: Text, "Label";
        }
        optional {
            required_lab_test_batches: Vec<Text>, "RequiredLabTestBatches";
        }
    }

    /// What [`SET_NOTE`] sends, an array of them.
    PackageNote {
        required {
            package_label: Text, "PackageLabel";
            note: Text, "Note";
        }
    }

    /// What [`MOVE`] sends, an array of them.
    MovePackage {
        required {
            label: Text, "Label";
            location: Text, "Location";
            move_date: Day, "MoveDate";
        }
        optional {
            sublocation: Option<Text>, "Sublocation";
        }
    }

    /// What [`REMEDIATE`] sends, an array of them.
    Remediation {
        required {
            package_label: Text, "PackageLabel";
        }
        optional {
            remediation_method_name: Option<Text>, "RemediationMethodName";
            remediation_date: Option<Day>, "RemediationDate";
            remediation_steps: Option<Text>, "RemediationSteps";
        }
    }

    /// What [`SET_DATES`] sends, an array of them.
    PackageDates {
        required {
            label: Text, "Label";
        }
        optional {
            expiration_date: Option<Day>, "ExpirationDate";
            sell_by_date: Option<Day>, "SellByDate";
            use_by_date: Option<Day>, "UseByDate";
        }
    }
}

operations! {
    ADJUST_BY = POST "/packages/v2/adjust" licence, [Adjust] => Ids,
        needs ["View Packages", "Manage Packages Inventory"];
    ADJUST_TO = PUT "/packages/v2/adjust" licence, [Adjust] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    CREATE = POST "/packages/v2" licence, [NewPackage] => Ids,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
    PLANT = POST "/packages/v2/plantings" licence, [Planting] => Ids,
        needs ["View Immature Plants", "Manage Immature Plants", "View Packages", "Manage Packages Inventory"];
    CREATE_TESTING = POST "/packages/v2/testing" licence, [NewTestingPackage] => Ids,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
    DISCONTINUE = DELETE "/packages/v2/{id}" licence, () => Empty,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
    FINISH = PUT "/packages/v2/finish" licence, [FinishPackage] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    FLAG_FINISHED_GOOD = PUT "/packages/v2/finishedgood/flag" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    UNFLAG_FINISHED_GOOD = PUT "/packages/v2/finishedgood/unflag" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    ACTIVE = GET "/packages/v2/active" licence window, () => Page<Package>, needs ["View Packages"];
    ADJUST_REASONS = GET "/packages/v2/adjust/reasons" licence, () => Page<Reason>;
    ADJUSTMENTS = GET "/packages/v2/adjustments" licence, () => Page<Adjustment>, needs ["View Packages"];
    IN_TRANSIT = GET "/packages/v2/intransit" licence window, () => Page<Package>, needs ["View Packages"];
    INACTIVE = GET "/packages/v2/inactive" licence window, () => Page<Package>, needs ["View Packages"];
    LAB_SAMPLES = GET "/packages/v2/labsamples" licence window, () => Page<LabSample>, needs ["View Packages"];
    ON_HOLD = GET "/packages/v2/onhold" licence window, () => Page<Package>, needs ["View Packages"];
    BY_ID = GET "/packages/v2/{id}" licence, () => One<Package>, needs ["View Packages"];
    BY_LABEL = GET "/packages/v2/{label}" licence, () => One<Package>, needs ["View Packages"];
    TYPES = GET "/packages/v2/types", () => List<Text>;
    SOURCE_HARVESTS = GET "/packages/v2/{id}/source/harvests" licence, () => List<SourceHarvest>,
        needs ["View Package Source Harvests"];
    TRANSFERRED = GET "/packages/v2/transferred" licence window, () => Page<TransferredPackage>,
        needs ["View Packages"];
    UNFINISH = PUT "/packages/v2/unfinish" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    DECONTAMINATE = PUT "/packages/v2/decontaminate" licence, [Decontamination] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    FLAG_DONATION = PUT "/packages/v2/donation/flag" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    UNFLAG_DONATION = PUT "/packages/v2/donation/unflag" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    SET_EXTERNAL_ID = PUT "/packages/v2/externalid" licence, [ExternalId] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    CHANGE_ITEM = PUT "/packages/v2/item" licence, [PackageItem] => Empty,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
    REQUIRE_LAB_TESTS = PUT "/packages/v2/labtests/required" licence, [RequiredLabTests] => Empty,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
    SET_NOTE = PUT "/packages/v2/note" licence, [PackageNote] => Empty,
        needs ["View Packages", "Manage Packages Inventory", "Manage Package Notes"];
    MOVE = PUT "/packages/v2/location" licence, [MovePackage] => Empty,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
    REMEDIATE = PUT "/packages/v2/remediate" licence, [Remediation] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    FLAG_TRADE_SAMPLE = PUT "/packages/v2/tradesample/flag" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    UNFLAG_TRADE_SAMPLE = PUT "/packages/v2/tradesample/unflag" licence, [PackageLabel] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    SET_DATES = PUT "/packages/v2/usebydate" licence, [PackageDates] => Empty,
        needs ["View Packages", "Create/Submit/Discontinue Packages"];
}

//! The licences that a user key reaches, and what they may do.

use super::employees::EmployeeLicense;
use super::{Empty, List, answers, operations};

answers! {
    /// `FacilityType` of a [`Facility`].
    FacilityType {
        is_medical = Flag, "IsMedical";
        is_retail = Flag, "IsRetail";
        is_hemp = Flag, "IsHemp";
        restrict_harvest_plant_restore_time_hours = Integer, "RestrictHarvestPlantRestoreTimeHours";
        total_member_patients_allowed = Number, "TotalMemberPatientsAllowed";
        restrict_wholesale_price_edit_days = Integer, "RestrictWholesalePriceEditDays";
        restrict_plant_batch_adjustment_time_hours = Integer, "RestrictPlantBatchAdjustmentTimeHours";
        can_grow_plants = Flag, "CanGrowPlants";
        can_create_opening_balance_plant_batches = Flag, "CanCreateOpeningBalancePlantBatches";
        can_clone_plant_batches = Flag, "CanClonePlantBatches";
        can_tag_plant_batches = Flag, "CanTagPlantBatches";
        can_assign_locations_to_plant_batches = Flag, "CanAssignLocationsToPlantBatches";
        plants_require_patient_affiliation = Flag, "PlantsRequirePatientAffiliation";
        plant_batches_can_contain_mother_plants = Flag, "PlantBatchesCanContainMotherPlants";
        can_update_plant_strains = Flag, "CanUpdatePlantStrains";
        can_track_vegetative_plants = Flag, "CanTrackVegetativePlants";
        can_create_immature_plant_packages_from_plants = Flag, "CanCreateImmaturePlantPackagesFromPlants";
        can_package_vegetative_plants = Flag, "CanPackageVegetativePlants";
        can_package_waste = Flag, "CanPackageWaste";
        can_report_harvest_schedules = Flag, "CanReportHarvestSchedules";
        can_submit_harvests_for_testing = Flag, "CanSubmitHarvestsForTesting";
        can_require_harvest_sample_lab_test_batches = Flag, "CanRequireHarvestSampleLabTestBatches";
        can_report_strain_properties = Flag, "CanReportStrainProperties";
        can_create_opening_balance_packages = Flag, "CanCreateOpeningBalancePackages";
        can_create_derived_packages = Flag, "CanCreateDerivedPackages";
        can_assign_locations_to_packages = Flag, "CanAssignLocationsToPackages";
        can_update_locations_on_packages = Flag, "CanUpdateLocationsOnPackages";
        packages_require_patient_affiliation = Flag, "PackagesRequirePatientAffiliation";
        can_create_trade_sample_packages = Flag, "CanCreateTradeSamplePackages";
        can_donate_packages = Flag, "CanDonatePackages";
        can_submit_packages_for_testing = Flag, "CanSubmitPackagesForTesting";
        can_create_process_validation_packages = Flag, "CanCreateProcessValidationPackages";
        can_require_package_sample_lab_test_batches = Flag, "CanRequirePackageSampleLabTestBatches";
        can_return_package_quantity = Flag, "CanReturnPackageQuantity";
        can_request_product_remediation = Flag, "CanRequestProductRemediation";
        can_remediate_packages_with_failed_lab_results = Flag, "CanRemediatePackagesWithFailedLabResults";
        can_request_product_decontamination = Flag, "CanRequestProductDecontamination";
        can_decontaminate_packages_with_failed_lab_results = Flag, "CanDecontaminatePackagesWithFailedLabResults";
        can_infuse_products = Flag, "CanInfuseProducts";
        can_record_processing_jobs = Flag, "CanRecordProcessingJobs";
        can_record_product_for_destruction = Flag, "CanRecordProductForDestruction";
        can_destroy_product = Flag, "CanDestroyProduct";
        can_test_packages = Flag, "CanTestPackages";
        tests_require_lab_sample = Flag, "TestsRequireLabSample";
        can_transfer_from_external_facilities = Flag, "CanTransferFromExternalFacilities";
        can_sell_to_consumers = Flag, "CanSellToConsumers";
        can_sell_to_patients = Flag, "CanSellToPatients";
        can_sell_to_external_patients = Flag, "CanSellToExternalPatients";
        can_sell_to_caregivers = Flag, "CanSellToCaregivers";
        retail_sales_to_non_resident_consumer = Flag, "RetailSalesToNonResidentConsumer";
        advanced_sales = Flag, "AdvancedSales";
        sales_require_patient_number = Flag, "SalesRequirePatientNumber";
        sales_require_external_patient_number = Flag, "SalesRequireExternalPatientNumber";
        sales_require_external_patient_identification_method = Flag, "SalesRequireExternalPatientIdentificationMethod";
        sales_require_caregiver_number = Flag, "SalesRequireCaregiverNumber";
        sales_require_caregiver_patient_number = Flag, "SalesRequireCaregiverPatientNumber";
        can_deliver_sales_to_consumers = Flag, "CanDeliverSalesToConsumers";
        delivery_sales_to_non_resident_consumer = Flag, "DeliverySalesToNonResidentConsumer";
        sales_delivery_allow_planned_route = Flag, "SalesDeliveryAllowPlannedRoute";
        sales_delivery_allow_address = Flag, "SalesDeliveryAllowAddress";
        sales_delivery_allow_city = Flag, "SalesDeliveryAllowCity";
        sales_delivery_allow_state = Flag, "SalesDeliveryAllowState";
        sales_delivery_allow_county = Flag, "SalesDeliveryAllowCounty";
        sales_delivery_allow_zip = Flag, "SalesDeliveryAllowZip";
        sales_delivery_require_zone = Flag, "SalesDeliveryRequireZone";
        enable_external_identifier = Flag, "EnableExternalIdentifier";
        sales_delivery_require_consumer_id = Flag, "SalesDeliveryRequireConsumerId";
        can_deliver_sales_to_patients = Flag, "CanDeliverSalesToPatients";
        sales_delivery_require_patient_number = Flag, "SalesDeliveryRequirePatientNumber";
        sales_delivery_require_recipient_name = Flag, "SalesDeliveryRequireRecipientName";
        is_sales_delivery_hub = Flag, "IsSalesDeliveryHub";
        can_have_member_patients = Flag, "CanHaveMemberPatients";
        can_report_patient_check_ins = Flag, "CanReportPatientCheckIns";
        can_specify_patient_sales_limit_exemption = Flag, "CanSpecifyPatientSalesLimitExemption";
        can_report_patients_adverse_responses = Flag, "CanReportPatientsAdverseResponses";
        retailer_delivery = Flag, "RetailerDelivery";
        retailer_delivery_allow_trade_samples = Flag, "RetailerDeliveryAllowTradeSamples";
        retailer_delivery_allow_donations = Flag, "RetailerDeliveryAllowDonations";
        retailer_delivery_require_price = Flag, "RetailerDeliveryRequirePrice";
        retailer_delivery_allow_partial_packages = Flag, "RetailerDeliveryAllowPartialPackages";
        can_create_partial_packages = Flag, "CanCreatePartialPackages";
        can_adjust_source_packages_with_partials = Flag, "CanAdjustSourcePackagesWithPartials";
        can_report_operational_exceptions = Flag, "CanReportOperationalExceptions";
        can_report_adulteration = Flag, "CanReportAdulteration";
        can_download_product_label = Flag, "CanDownloadProductLabel";
        can_receive_associate_product_label = Flag, "CanReceiveAssociateProductLabel";
        can_use_compliance_label = Flag, "CanUseComplianceLabel";
        can_track_finished_goods = Flag, "CanTrackFinishedGoods";
        can_only_receive_finished_goods = Flag, "CanOnlyReceiveFinishedGoods";
        can_view_source_packages = Flag, "CanViewSourcePackages";
        enable_sublocations = Flag, "EnableSublocations";
        tax_exempt_reporting_fees_facility_type = Flag, "TaxExemptReportingFeesFacilityType";
        tax_exempt_tag_orders_facility_type = Flag, "TaxExemptTagOrdersFacilityType";
        can_access_catalog = Flag, "CanAccessCatalog";
        can_track_mother_plants_as_growth_phase = Flag, "CanTrackMotherPlantsAsGrowthPhase";
        can_manage_item_brands = Flag, "CanManageItemBrands";
    }

    /// A licence that the user key reaches.
    Facility {
        facility_id = Integer, "FacilityId";
        hire_date = Date, "HireDate";
        is_owner = Flag, "IsOwner";
        is_manager = Flag, "IsManager";
        is_financial_contact = Flag, "IsFinancialContact";
        email = Private, "Email";
        occupations = Raw, "Occupations";
        name = Words, "Name";
        alias = Words, "Alias";
        display_name = Words, "DisplayName";
        credentialed_date = Date, "CredentialedDate";
        support_activation_date = Date, "SupportActivationDate";
        support_expiration_date = Date, "SupportExpirationDate";
        facility_type = Nested(FacilityType), "FacilityType";
        license = Nested(EmployeeLicense), "License";
        allow_transfer_of_on_hold_packages = Flag, "AllowTransferOfOnHoldPackages";
        allow_transfer_of_on_recall_packages = Flag, "AllowTransferOfOnRecallPackages";
    }
}

operations! {
    FACILITIES = GET "/facilities/v2", () => List<Facility>;
    SANDBOX_SETUP = POST "/sandbox/v2/integrator/setup", () => Empty;
}

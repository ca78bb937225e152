//! Manifests: incoming, outgoing, templates, hubs. No call accepts a licensed transfer; a person does so in the web page.

use super::common::ProductLabel;
use super::{
    Bytes, Day, Empty, Ids, List, LocalTime, Moment, NumberText, One, Page, Private, Text, answers, operations,
    requests,
};

answers! {
    /// A package of a transfer's delivery.
    DeliveryPackage {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        package_type = Words, "PackageType";
        source_harvest_names = Words, "SourceHarvestNames";
        source_package_labels = Words, "SourcePackageLabels";
        item_id = Integer, "ItemId";
        item_name = Words, "ItemName";
        item_category_name = Words, "ItemCategoryName";
        item_strain_name = Words, "ItemStrainName";
        item_brand_name = Words, "ItemBrandName";
        item_unit_cbd_percent = Number, "ItemUnitCbdPercent";
        item_unit_cbd_content = Number, "ItemUnitCbdContent";
        item_unit_cbd_content_unit_of_measure_name = Words, "ItemUnitCbdContentUnitOfMeasureName";
        item_unit_cbd_content_dose = Number, "ItemUnitCbdContentDose";
        item_unit_cbd_content_dose_unit_of_measure_name = Words, "ItemUnitCbdContentDoseUnitOfMeasureName";
        item_unit_thc_percent = Number, "ItemUnitThcPercent";
        item_unit_thc_content = Number, "ItemUnitThcContent";
        item_unit_thc_content_unit_of_measure_name = Words, "ItemUnitThcContentUnitOfMeasureName";
        item_unit_thc_content_dose = Number, "ItemUnitThcContentDose";
        item_unit_thc_content_dose_unit_of_measure_name = Words, "ItemUnitThcContentDoseUnitOfMeasureName";
        item_unit_cbd_a_percent = Number, "ItemUnitCbdAPercent";
        item_unit_cbd_a_content = Number, "ItemUnitCbdAContent";
        item_unit_cbd_a_content_unit_of_measure_name = Words, "ItemUnitCbdAContentUnitOfMeasureName";
        item_unit_cbd_a_content_dose = Number, "ItemUnitCbdAContentDose";
        item_unit_cbd_a_content_dose_unit_of_measure_name = Words, "ItemUnitCbdAContentDoseUnitOfMeasureName";
        item_unit_thc_a_percent = Number, "ItemUnitThcAPercent";
        item_unit_thc_a_content = Number, "ItemUnitThcAContent";
        item_unit_thc_a_content_unit_of_measure_name = Words, "ItemUnitThcAContentUnitOfMeasureName";
        item_unit_thc_a_content_dose = Number, "ItemUnitThcAContentDose";
        item_unit_thc_a_content_dose_unit_of_measure_name = Words, "ItemUnitThcAContentDoseUnitOfMeasureName";
        item_unit_volume = Number, "ItemUnitVolume";
        item_unit_volume_unit_of_measure_name = Words, "ItemUnitVolumeUnitOfMeasureName";
        item_unit_weight = Number, "ItemUnitWeight";
        item_unit_weight_unit_of_measure_name = Words, "ItemUnitWeightUnitOfMeasureName";
        item_serving_size = Words, "ItemServingSize";
        item_supply_duration_days = Integer, "ItemSupplyDurationDays";
        item_unit_quantity = Number, "ItemUnitQuantity";
        item_unit_quantity_unit_of_measure_name = Words, "ItemUnitQuantityUnitOfMeasureName";
        lab_testing_state = Words, "LabTestingState";
        production_batch_number = Words, "ProductionBatchNumber";
        is_trade_sample = Flag, "IsTradeSample";
        is_trade_sample_persistent = Flag, "IsTradeSamplePersistent";
        source_package_is_trade_sample = Flag, "SourcePackageIsTradeSample";
        is_donation = Flag, "IsDonation";
        source_package_is_donation = Flag, "SourcePackageIsDonation";
        is_testing_sample = Flag, "IsTestingSample";
        product_requires_remediation = Flag, "ProductRequiresRemediation";
        contains_remediated_product = Flag, "ContainsRemediatedProduct";
        remediation_date = Date, "RemediationDate";
        shipment_package_state = Words, "ShipmentPackageState";
        shipped_quantity = Number, "ShippedQuantity";
        shipped_unit_of_measure_name = Words, "ShippedUnitOfMeasureName";
        packaged_date = Date, "PackagedDate";
        expiration_date = Date, "ExpirationDate";
        sell_by_date = Date, "SellByDate";
        use_by_date = Date, "UseByDate";
        gross_unit_of_weight_name = Words, "GrossUnitOfWeightName";
        received_quantity = Number, "ReceivedQuantity";
        received_unit_of_measure_name = Words, "ReceivedUnitOfMeasureName";
        product_label = Nested(ProductLabel), "ProductLabel";
        source_production_batch_numbers = Words, "SourceProductionBatchNumbers";
        external_id = Words, "ExternalId";
        is_finished_good = Flag, "IsFinishedGood";
    }

    /// A set of tests that a package needs.
    RequiredBatch {
        package_id = Integer, "PackageId";
        lab_test_batch_id = Integer, "LabTestBatchId";
        lab_test_batch_name = Words, "LabTestBatchName";
    }

    /// Prices of a package, often null.
    WholesalePrice {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        shipper_wholesale_price = Number, "ShipperWholesalePrice";
        receiver_wholesale_price = Number, "ReceiverWholesalePrice";
    }

    /// A transporter of a delivery.
    Transporter {
        shipment_delivery_id = Integer, "ShipmentDeliveryId";
        transporter_facility_license_number = Words, "TransporterFacilityLicenseNumber";
        transporter_facility_name = Words, "TransporterFacilityName";
        transporter_direction = Words, "TransporterDirection";
    }

    /// A driver and a vehicle.
    TransporterDetail {
        shipment_delivery_id = Integer, "ShipmentDeliveryId";
        driver_name = Private, "DriverName";
        driver_occupational_license_number = Private, "DriverOccupationalLicenseNumber";
        driver_vehicle_license_number = Private, "DriverVehicleLicenseNumber";
        driver_layover_leg = Private, "DriverLayoverLeg";
        vehicle_make = Private, "VehicleMake";
        vehicle_model = Private, "VehicleModel";
        vehicle_license_plate_number = Private, "VehicleLicensePlateNumber";
        actual_driver_start_date_time = Date, "ActualDriverStartDateTime";
    }

    /// A transfer that passes a transporter's hub.
    HubTransfer {
        id = Integer, "Id";
        manifest_number = Words, "ManifestNumber";
        shipper_facility_license_number = Words, "ShipperFacilityLicenseNumber";
        shipper_facility_name = Words, "ShipperFacilityName";
        delivery_count = Integer, "DeliveryCount";
        received_delivery_count = Integer, "ReceivedDeliveryCount";
        package_count = Integer, "PackageCount";
        received_package_count = Integer, "ReceivedPackageCount";
        is_voided = Flag, "IsVoided";
        created_date_time = Date, "CreatedDateTime";
        created_by_user_name = Words, "CreatedByUserName";
        last_modified = Date, "LastModified";
        delivery_id = Integer, "DeliveryId";
        recipient_facility_license_number = Words, "RecipientFacilityLicenseNumber";
        recipient_facility_name = Words, "RecipientFacilityName";
        shipment_type_name = Words, "ShipmentTypeName";
        shipment_transaction_type = Integer, "ShipmentTransactionType";
        estimated_departure_date_time = Date, "EstimatedDepartureDateTime";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        estimated_arrival_date_time = Date, "EstimatedArrivalDateTime";
        actual_arrival_date_time = Date, "ActualArrivalDateTime";
        delivery_package_count = Integer, "DeliveryPackageCount";
        delivery_received_package_count = Integer, "DeliveryReceivedPackageCount";
        received_date_time = Date, "ReceivedDateTime";
        estimated_return_departure_date_time = Date, "EstimatedReturnDepartureDateTime";
        actual_return_departure_date_time = Date, "ActualReturnDepartureDateTime";
        estimated_return_arrival_date_time = Date, "EstimatedReturnArrivalDateTime";
        actual_return_arrival_date_time = Date, "ActualReturnArrivalDateTime";
        rejected_packages_returned = Flag, "RejectedPackagesReturned";
        transporter_facility_license_number = Words, "TransporterFacilityLicenseNumber";
        transporter_facility_name = Words, "TransporterFacilityName";
        driver_name = Private, "DriverName";
        driver_occupational_license_number = Private, "DriverOccupationalLicenseNumber";
        driver_vehicle_license_number = Private, "DriverVehicleLicenseNumber";
        vehicle_make = Private, "VehicleMake";
        vehicle_model = Private, "VehicleModel";
        vehicle_license_plate_number = Private, "VehicleLicensePlateNumber";
        transporter_accepted_date_time = Date, "TransporterAcceptedDateTime";
        is_layover = Flag, "IsLayover";
        transporter_estimated_departure_date_time = Date, "TransporterEstimatedDepartureDateTime";
        transporter_actual_departure_date_time = Date, "TransporterActualDepartureDateTime";
        transporter_estimated_arrival_date_time = Date, "TransporterEstimatedArrivalDateTime";
        transporter_actual_arrival_date_time = Date, "TransporterActualArrivalDateTime";
        shipment_transporter_details = Rows(TransporterDetail), "ShipmentTransporterDetails";
    }

    /// A transfer with one of its deliveries.
    Transfer {
        id = Integer, "Id";
        manifest_number = Words, "ManifestNumber";
        invoice_number = Words, "InvoiceNumber";
        shipment_license_type = Integer, "ShipmentLicenseType";
        shipper_facility_license_number = Words, "ShipperFacilityLicenseNumber";
        shipper_facility_name = Words, "ShipperFacilityName";
        name = Words, "Name";
        transporter_facility_license_number = Words, "TransporterFacilityLicenseNumber";
        transporter_facility_name = Words, "TransporterFacilityName";
        driver_name = Private, "DriverName";
        driver_occupational_license_number = Private, "DriverOccupationalLicenseNumber";
        driver_vehicle_license_number = Private, "DriverVehicleLicenseNumber";
        vehicle_make = Private, "VehicleMake";
        vehicle_model = Private, "VehicleModel";
        vehicle_license_plate_number = Private, "VehicleLicensePlateNumber";
        delivery_count = Integer, "DeliveryCount";
        received_delivery_count = Integer, "ReceivedDeliveryCount";
        package_count = Integer, "PackageCount";
        received_package_count = Integer, "ReceivedPackageCount";
        contains_plant_package = Flag, "ContainsPlantPackage";
        contains_product_package = Flag, "ContainsProductPackage";
        contains_trade_sample = Flag, "ContainsTradeSample";
        contains_donation = Flag, "ContainsDonation";
        contains_testing_sample = Flag, "ContainsTestingSample";
        contains_product_requires_remediation = Flag, "ContainsProductRequiresRemediation";
        contains_remediated_product_package = Flag, "ContainsRemediatedProductPackage";
        is_voided = Flag, "IsVoided";
        created_date_time = Date, "CreatedDateTime";
        created_by_user_name = Words, "CreatedByUserName";
        last_modified = Date, "LastModified";
        delivery_id = Integer, "DeliveryId";
        recipient_facility_license_number = Words, "RecipientFacilityLicenseNumber";
        recipient_facility_name = Words, "RecipientFacilityName";
        shipment_type_name = Words, "ShipmentTypeName";
        shipment_transaction_type = Words, "ShipmentTransactionType";
        estimated_departure_date_time = Date, "EstimatedDepartureDateTime";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        estimated_arrival_date_time = Date, "EstimatedArrivalDateTime";
        actual_arrival_date_time = Date, "ActualArrivalDateTime";
        delivery_package_count = Integer, "DeliveryPackageCount";
        delivery_received_package_count = Integer, "DeliveryReceivedPackageCount";
        received_date_time = Date, "ReceivedDateTime";
        estimated_return_departure_date_time = Date, "EstimatedReturnDepartureDateTime";
        actual_return_departure_date_time = Date, "ActualReturnDepartureDateTime";
        estimated_return_arrival_date_time = Date, "EstimatedReturnArrivalDateTime";
        actual_return_arrival_date_time = Date, "ActualReturnArrivalDateTime";
        originating_template_id = Integer, "OriginatingTemplateId";
    }

    /// A manifest as PDF.
    ManifestPdf {
        file_contents = Private, "FileContents";
        content_type = Words, "ContentType";
        file_download_name = Words, "FileDownloadName";
        http_status_code = Words, "HttpStatusCode";
    }

    /// A delivery of a transfer.
    TransferDelivery {
        id = Integer, "Id";
        manifest_number = Words, "ManifestNumber";
        delivery_number = Integer, "DeliveryNumber";
        recipient_facility_license_number = Words, "RecipientFacilityLicenseNumber";
        recipient_facility_name = Words, "RecipientFacilityName";
        shipment_type_name = Words, "ShipmentTypeName";
        shipment_transaction_type = Words, "ShipmentTransactionType";
        invoice_number = Words, "InvoiceNumber";
        estimated_departure_date_time = Date, "EstimatedDepartureDateTime";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        estimated_arrival_date_time = Date, "EstimatedArrivalDateTime";
        actual_arrival_date_time = Date, "ActualArrivalDateTime";
        gross_weight = Number, "GrossWeight";
        gross_unit_of_weight_id = Integer, "GrossUnitOfWeightId";
        gross_unit_of_weight_name = Words, "GrossUnitOfWeightName";
        planned_route = Private, "PlannedRoute";
        delivery_package_count = Integer, "DeliveryPackageCount";
        delivery_received_package_count = Integer, "DeliveryReceivedPackageCount";
        received_date_time = Date, "ReceivedDateTime";
        estimated_return_departure_date_time = Date, "EstimatedReturnDepartureDateTime";
        actual_return_departure_date_time = Date, "ActualReturnDepartureDateTime";
        estimated_return_arrival_date_time = Date, "EstimatedReturnArrivalDateTime";
        actual_return_arrival_date_time = Date, "ActualReturnArrivalDateTime";
        rejected_packages_returned = Flag, "RejectedPackagesReturned";
        pdf_document_file_system_id = Integer, "PDFDocumentFileSystemId";
    }

    /// A kind of transfer.
    TransferType {
        name = Words, "Name";
        transaction_type = Words, "TransactionType";
        for_licensed_shipments = Flag, "ForLicensedShipments";
        for_external_incoming_shipments = Flag, "ForExternalIncomingShipments";
        for_external_outgoing_shipments = Flag, "ForExternalOutgoingShipments";
        requires_destination_gross_weight = Flag, "RequiresDestinationGrossWeight";
        requires_packages_gross_weight = Flag, "RequiresPackagesGrossWeight";
        requires_invoice_number = Flag, "RequiresInvoiceNumber";
        requires_pdf_document = Flag, "RequiresPDFDocument";
        bypass_approval = Flag, "BypassApproval";
        external_incoming_can_record_external_identifier = Flag, "ExternalIncomingCanRecordExternalIdentifier";
        external_incoming_external_identifier_required = Flag, "ExternalIncomingExternalIdentifierRequired";
        external_outgoing_can_record_external_identifier = Flag, "ExternalOutgoingCanRecordExternalIdentifier";
        external_outgoing_external_identifier_required = Flag, "ExternalOutgoingExternalIdentifierRequired";
    }
}

requests! {
    /// What [`HUB_ARRIVE`] sends, an array of them.
    HubMovement {
        required {
            shipment_delivery_id: i64, "ShipmentDeliveryId";
        }
        optional {
            transporter_direction: Option<Text>, "TransporterDirection";
        }
    }

    /// One of `TransporterDetails` of a [`NewExternalTransporter`].
    NewExternalTransporterDetail {
        optional {
            driver_occupational_license_number: Option<Private>, "DriverOccupationalLicenseNumber";
            driver_name: Option<Private>, "DriverName";
            driver_license_number: Option<Private>, "DriverLicenseNumber";
            driver_layover_leg: Option<Private>, "DriverLayoverLeg";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
        }
    }

    /// One of `Transporters` of a [`NewExternalIncomingDestination`].
    NewExternalTransporter {
        optional {
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            driver_occupational_license_number: Option<Private>, "DriverOccupationalLicenseNumber";
            driver_name: Option<Private>, "DriverName";
            driver_license_number: Option<Private>, "DriverLicenseNumber";
            driver_layover_leg: Option<Private>, "DriverLayoverLeg";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            is_layover: Option<bool>, "IsLayover";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
            transporter_details: Vec<NewExternalTransporterDetail>, "TransporterDetails";
        }
    }

    /// One of `Packages` of a [`NewExternalIncomingDestination`].
    NewExternalIncomingDestinationPackage {
        required {
            quantity: NumberText, "Quantity";
            external_id: Text, "ExternalId";
        }
        optional {
            item_name: Option<Text>, "ItemName";
            unit_of_measure_name: Option<Text>, "UnitOfMeasureName";
            packaged_date: Option<Moment>, "PackagedDate";
            expiration_date: Option<Day>, "ExpirationDate";
            sell_by_date: Option<Day>, "SellByDate";
            use_by_date: Option<Day>, "UseByDate";
            gross_weight: Option<NumberText>, "GrossWeight";
            gross_unit_of_weight_name: Option<Text>, "GrossUnitOfWeightName";
            wholesale_price: Option<NumberText>, "WholesalePrice";
            is_finished_good: Option<bool>, "IsFinishedGood";
        }
    }

    /// One of `Destinations` of a [`NewExternalIncoming`].
    NewExternalIncomingDestination {
        optional {
            recipient_license_number: Option<Text>, "RecipientLicenseNumber";
            invoice_number: Option<Text>, "InvoiceNumber";
            transfer_type_name: Option<Text>, "TransferTypeName";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
            gross_weight: Option<NumberText>, "GrossWeight";
            gross_unit_of_weight_id: Option<i64>, "GrossUnitOfWeightId";
            transporters: Vec<NewExternalTransporter>, "Transporters";
            packages: Vec<NewExternalIncomingDestinationPackage>, "Packages";
        }
    }

    /// What [`CREATE_EXTERNAL_INCOMING`] sends, an array of them.
    NewExternalIncoming {
        required {
            shipper_license_number: Text, "ShipperLicenseNumber";
            shipper_name: Text, "ShipperName";
        }
        optional {
            shipper_main_phone_number: Option<Private>, "ShipperMainPhoneNumber";
            shipper_address1: Option<Text>, "ShipperAddress1";
            shipper_address2: Option<Text>, "ShipperAddress2";
            shipper_address_city: Option<Text>, "ShipperAddressCity";
            shipper_address_state: Option<Text>, "ShipperAddressState";
            shipper_address_postal_code: Option<Text>, "ShipperAddressPostalCode";
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            driver_occupational_license_number: Option<Private>, "DriverOccupationalLicenseNumber";
            driver_name: Option<Private>, "DriverName";
            driver_license_number: Option<Private>, "DriverLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            destinations: Vec<NewExternalIncomingDestination>, "Destinations";
        }
    }

    /// One of `Packages` of a [`NewTemplateDestination`].
    NewTemplateDestinationPackage {
        required {
            package_label: Text, "PackageLabel";
        }
        optional {
            wholesale_price: Option<NumberText>, "WholesalePrice";
            gross_weight: Option<NumberText>, "GrossWeight";
            gross_unit_of_weight_name: Option<Text>, "GrossUnitOfWeightName";
        }
    }

    /// One of `Destinations` of a [`NewTemplate`].
    NewTemplateDestination {
        optional {
            recipient_license_number: Option<Text>, "RecipientLicenseNumber";
            invoice_number: Option<Text>, "InvoiceNumber";
            transfer_type_name: Option<Text>, "TransferTypeName";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
            transporters: Vec<NewExternalTransporter>, "Transporters";
            packages: Vec<NewTemplateDestinationPackage>, "Packages";
        }
    }

    /// What [`CREATE_TEMPLATES`] sends, an array of them.
    NewTemplate {
        required {
            name: Text, "Name";
        }
        optional {
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            driver_occupational_license_number: Option<Private>, "DriverOccupationalLicenseNumber";
            driver_name: Option<Private>, "DriverName";
            driver_license_number: Option<Private>, "DriverLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            destinations: Vec<NewTemplateDestination>, "Destinations";
        }
    }

    /// One of `Destinations` of a [`ChangedExternalIncoming`].
    ChangedExternalIncomingDestination {
        optional {
            transfer_destination_id: Option<i64>, "TransferDestinationId";
            recipient_license_number: Option<Text>, "RecipientLicenseNumber";
            invoice_number: Option<Text>, "InvoiceNumber";
            transfer_type_name: Option<Text>, "TransferTypeName";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
            gross_weight: Option<NumberText>, "GrossWeight";
            gross_unit_of_weight_id: Option<i64>, "GrossUnitOfWeightId";
            transporters: Vec<NewExternalTransporter>, "Transporters";
            packages: Vec<NewExternalIncomingDestinationPackage>, "Packages";
        }
    }

    /// What [`CHANGE_EXTERNAL_INCOMING`] sends, an array of them.
    ChangedExternalIncoming {
        required {
            transfer_id: i64, "TransferId";
        }
        optional {
            shipper_license_number: Option<Text>, "ShipperLicenseNumber";
            shipper_name: Option<Text>, "ShipperName";
            shipper_main_phone_number: Option<Private>, "ShipperMainPhoneNumber";
            shipper_address1: Option<Text>, "ShipperAddress1";
            shipper_address2: Option<Text>, "ShipperAddress2";
            shipper_address_city: Option<Text>, "ShipperAddressCity";
            shipper_address_state: Option<Text>, "ShipperAddressState";
            shipper_address_postal_code: Option<Text>, "ShipperAddressPostalCode";
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            driver_occupational_license_number: Option<Private>, "DriverOccupationalLicenseNumber";
            driver_name: Option<Private>, "DriverName";
            driver_license_number: Option<Private>, "DriverLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            destinations: Vec<ChangedExternalIncomingDestination>, "Destinations";
        }
    }

    /// One of `Destinations` of a [`ChangedTemplate`].
    ChangedTemplateDestination {
        optional {
            transfer_destination_id: Option<i64>, "TransferDestinationId";
            recipient_license_number: Option<Text>, "RecipientLicenseNumber";
            invoice_number: Option<Text>, "InvoiceNumber";
            transfer_type_name: Option<Text>, "TransferTypeName";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
            transporters: Vec<NewExternalTransporter>, "Transporters";
            packages: Vec<NewTemplateDestinationPackage>, "Packages";
        }
    }

    /// What [`CHANGE_TEMPLATES`] sends, an array of them.
    ChangedTemplate {
        required {
            transfer_template_id: i64, "TransferTemplateId";
            name: Text, "Name";
        }
        optional {
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            driver_occupational_license_number: Option<Private>, "DriverOccupationalLicenseNumber";
            driver_name: Option<Private>, "DriverName";
            driver_license_number: Option<Private>, "DriverLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            destinations: Vec<ChangedTemplateDestination>, "Destinations";
        }
    }
}

operations! {
    HUB_ARRIVE = POST "/transfers/v2/hub/arrive" licence, [HubMovement] => Empty, needs ["Manage Transfer Hub"];
    HUB_CHECK_IN = POST "/transfers/v2/hub/checkin" licence, [HubMovement] => Empty, needs ["Manage Transfer Hub"];
    HUB_CHECK_OUT = POST "/transfers/v2/hub/checkout" licence, [HubMovement] => Empty, needs ["Manage Transfer Hub"];
    HUB_DEPART = POST "/transfers/v2/hub/depart" licence, [HubMovement] => Empty, needs ["Manage Transfer Hub"];
    CREATE_EXTERNAL_INCOMING = POST "/transfers/v2/external/incoming" licence, [NewExternalIncoming] => Ids,
        needs ["Manage Transfers"];
    CREATE_TEMPLATES = POST "/transfers/v2/templates/outgoing" licence, [NewTemplate] => Ids,
        needs ["Manage Transfer Templates"];
    REMOVE_EXTERNAL_INCOMING = DELETE "/transfers/v2/external/incoming/{id}" licence, () => Empty,
        needs ["Manage Transfers"];
    REMOVE_TEMPLATE = DELETE "/transfers/v2/templates/outgoing/{id}" licence, () => Empty,
        needs ["Manage Transfer Templates"];
    PACKAGE_STATES = GET "/transfers/v2/deliveries/packages/states", () => List<Text>;
    PACKAGES = GET "/transfers/v2/deliveries/{id}/packages", () => Page<DeliveryPackage>,
        needs ["Manage Transfers", "View Transfers"];
    REQUIRED_LAB_TEST_BATCHES = GET "/transfers/v2/deliveries/package/{id}/requiredlabtestbatches", () => Page<RequiredBatch>,
        needs ["Manage Transfers", "View Transfers"];
    PACKAGES_WHOLESALE = GET "/transfers/v2/deliveries/{id}/packages/wholesale", () => Page<WholesalePrice>,
        needs ["Manage Transfers", "View Transfers"];
    TRANSPORTERS = GET "/transfers/v2/deliveries/{id}/transporters", () => Page<Transporter>,
        needs ["Manage Transfers", "View Transfers"];
    TRANSPORTER_DETAILS = GET "/transfers/v2/deliveries/{id}/transporters/details", () => Page<TransporterDetail>,
        needs ["Manage Transfers", "View Transfers"];
    HUB = GET "/transfers/v2/hub" licence window, () => Page<HubTransfer>, needs ["Manage Transfers", "View Transfers"];
    INCOMING = GET "/transfers/v2/incoming" licence window, () => Page<Transfer>,
        needs ["Manage Transfers", "View Transfers"];
    MANIFEST_HTML = GET "/transfers/v2/manifest/{id}/html" licence, () => Bytes,
        needs ["Manage Transfers", "View Transfers"];
    MANIFEST_PDF = GET "/transfers/v2/manifest/{id}/pdf" licence, () => One<ManifestPdf>,
        needs ["Manage Transfer Templates", "View Transfer Templates"];
    TEMPLATE_DELIVERIES = GET "/transfers/v2/templates/outgoing/{id}/deliveries", () => Page<TransferDelivery>,
        needs ["Manage Transfer Templates", "View Transfer Templates"];
    TEMPLATE_PACKAGES = GET "/transfers/v2/templates/outgoing/deliveries/{id}/packages", () => Page<DeliveryPackage>,
        needs ["Manage Transfer Templates", "View Transfer Templates"];
    TEMPLATE_TRANSPORTERS = GET "/transfers/v2/templates/outgoing/deliveries/{id}/transporters", () => Page<Transporter>,
        needs ["Manage Transfer Templates", "View Transfer Templates"];
    TEMPLATE_TRANSPORTER_DETAILS = GET "/transfers/v2/templates/outgoing/deliveries/{id}/transporters/details", () => List<TransporterDetail>,
        needs ["Manage Transfer Templates", "View Transfer Templates"];
    TEMPLATES = GET "/transfers/v2/templates/outgoing" licence window, () => Page<Transfer>,
        needs ["Manage Transfer Templates", "View Transfer Templates"];
    OUTGOING = GET "/transfers/v2/outgoing" licence window, () => Page<Transfer>,
        needs ["Manage Transfers", "View Transfers"];
    REJECTED = GET "/transfers/v2/rejected" licence, () => Page<Transfer>, needs ["Manage Transfers", "View Transfers"];
    DELIVERIES = GET "/transfers/v2/{id}/deliveries", () => Page<TransferDelivery>,
        needs ["Manage Transfers", "View Transfers"];
    TYPES = GET "/transfers/v2/types" licence, () => Page<TransferType>;
    CHANGE_EXTERNAL_INCOMING = PUT "/transfers/v2/external/incoming" licence, [ChangedExternalIncoming] => Empty,
        needs ["Manage Transfers"];
    CHANGE_TEMPLATES = PUT "/transfers/v2/templates/outgoing" licence, [ChangedTemplate] => Empty,
        needs ["Manage Transfer Templates"];
}

//! Receipts, deliveries and what they are made of.

use super::common::Named;
use super::packages::Reason;
use super::{
    Empty, Ids, List, LocalTime, Moment, NumberText, One, Page, Private, Raw, Text, answers, operations, requests,
};

answers! {
    /// A line of a receipt or of a sales delivery.
    Line {
        package_id = Integer, "PackageId";
        package_label = Words, "PackageLabel";
        product_name = Words, "ProductName";
        product_category_name = Words, "ProductCategoryName";
        item_strain_name = Words, "ItemStrainName";
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
        item_unit_volume = Number, "ItemUnitVolume";
        item_unit_volume_unit_of_measure_name = Words, "ItemUnitVolumeUnitOfMeasureName";
        item_unit_weight = Number, "ItemUnitWeight";
        item_unit_weight_unit_of_measure_name = Words, "ItemUnitWeightUnitOfMeasureName";
        item_serving_size = Words, "ItemServingSize";
        item_supply_duration_days = Integer, "ItemSupplyDurationDays";
        item_unit_quantity = Number, "ItemUnitQuantity";
        item_unit_quantity_unit_of_measure_name = Words, "ItemUnitQuantityUnitOfMeasureName";
        quantity_sold = Number, "QuantitySold";
        unit_of_measure_name = Words, "UnitOfMeasureName";
        unit_of_measure_abbreviation = Words, "UnitOfMeasureAbbreviation";
        unit_thc_percent = Number, "UnitThcPercent";
        unit_thc_content = Number, "UnitThcContent";
        unit_weight = Number, "UnitWeight";
        total_price = Number, "TotalPrice";
        sales_delivery_state = Words, "SalesDeliveryState";
        archived_date = Date, "ArchivedDate";
        recorded_date_time = Date, "RecordedDateTime";
        recorded_by_user_name = Words, "RecordedByUserName";
        last_modified = Date, "LastModified";
        invoice_number = Words, "InvoiceNumber";
        price = Number, "Price";
        excise_tax = Number, "ExciseTax";
        city_tax = Number, "CityTax";
        county_tax = Number, "CountyTax";
        municipal_tax = Number, "MunicipalTax";
        discount_amount = Number, "DiscountAmount";
        sub_total = Number, "SubTotal";
        sales_tax = Number, "SalesTax";
    }

    /// A sales delivery to a customer.
    Delivery {
        id = Integer, "Id";
        delivery_number = Words, "DeliveryNumber";
        facility_license_number = Words, "FacilityLicenseNumber";
        facility_name = Words, "FacilityName";
        shipper_facility_license_number = Words, "ShipperFacilityLicenseNumber";
        transporter_facility_id = Integer, "TransporterFacilityId";
        transporter_facility_license_number = Words, "TransporterFacilityLicenseNumber";
        transporter_facility_name = Words, "TransporterFacilityName";
        sales_date_time = Date, "SalesDateTime";
        sales_customer_type = Words, "SalesCustomerType";
        patient_license_number = Private, "PatientLicenseNumber";
        consumer_id = Private, "ConsumerId";
        driver_employee_id = Private, "DriverEmployeeId";
        driver_name = Private, "DriverName";
        drivers_license_number = Private, "DriversLicenseNumber";
        vehicle_make = Private, "VehicleMake";
        vehicle_model = Private, "VehicleModel";
        vehicle_license_plate_number = Private, "VehicleLicensePlateNumber";
        recipient_name = Private, "RecipientName";
        recipient_address_street1 = Private, "RecipientAddressStreet1";
        recipient_address_street2 = Private, "RecipientAddressStreet2";
        recipient_address_city = Private, "RecipientAddressCity";
        recipient_delivery_zone_id = Integer, "RecipientDeliveryZoneId";
        recipient_zone_id = Integer, "RecipientZoneId";
        recipient_delivery_zone_name = Words, "RecipientDeliveryZoneName";
        recipient_address_county = Private, "RecipientAddressCounty";
        recipient_address_state = Private, "RecipientAddressState";
        recipient_address_postal_code = Private, "RecipientAddressPostalCode";
        planned_route = Private, "PlannedRoute";
        direction = Words, "Direction";
        estimated_departure_date_time = Date, "EstimatedDepartureDateTime";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        estimated_arrival_date_time = Date, "EstimatedArrivalDateTime";
        actual_arrival_date_time = Date, "ActualArrivalDateTime";
        estimated_return_departure_date_time = Date, "EstimatedReturnDepartureDateTime";
        actual_return_departure_date_time = Date, "ActualReturnDepartureDateTime";
        estimated_return_arrival_date_time = Date, "EstimatedReturnArrivalDateTime";
        actual_return_arrival_date_time = Date, "ActualReturnArrivalDateTime";
        total_packages = Integer, "TotalPackages";
        total_price = Number, "TotalPrice";
        accepted_date_time = Date, "AcceptedDateTime";
        transactions = Rows(Line), "Transactions";
        completed_date_time = Date, "CompletedDateTime";
        sales_delivery_state = Words, "SalesDeliveryState";
        voided_date = Date, "VoidedDate";
        recorded_date_time = Date, "RecordedDateTime";
        recorded_by_user_name = Words, "RecordedByUserName";
        last_modified = Date, "LastModified";
    }

    /// A van's stock and its destinations.
    RetailerDelivery {
        id = Integer, "Id";
        retailer_delivery_number = Words, "RetailerDeliveryNumber";
        facility_license_number = Words, "FacilityLicenseNumber";
        facility_name = Words, "FacilityName";
        date_time = Date, "DateTime";
        driver_employee_id = Private, "DriverEmployeeId";
        driver_name = Private, "DriverName";
        drivers_license_number = Private, "DriversLicenseNumber";
        vehicle_make = Private, "VehicleMake";
        vehicle_model = Private, "VehicleModel";
        vehicle_license_plate_number = Private, "VehicleLicensePlateNumber";
        vehicle_info = Private, "VehicleInfo";
        direction = Words, "Direction";
        estimated_departure_date_time = Date, "EstimatedDepartureDateTime";
        actual_departure_date_time = Date, "ActualDepartureDateTime";
        restock_date_time = Date, "RestockDateTime";
        total_packages = Integer, "TotalPackages";
        total_price = Number, "TotalPrice";
        total_price_sold = Number, "TotalPriceSold";
        accepted_date_time = Date, "AcceptedDateTime";
        destinations = Rows(Delivery), "Destinations";
        completed_date_time = Date, "CompletedDateTime";
        retailer_delivery_state = Words, "RetailerDeliveryState";
        allow_full_edit = Flag, "AllowFullEdit";
        leg = Integer, "Leg";
        voided_date = Date, "VoidedDate";
        recorded_date_time = Date, "RecordedDateTime";
        recorded_by_user_name = Words, "RecordedByUserName";
        last_modified = Date, "LastModified";
        packages = Rows(Line), "Packages";
    }

    /// A sales receipt; in lists `transactions` is always empty.
    Receipt {
        id = Integer, "Id";
        receipt_number = Words, "ReceiptNumber";
        external_receipt_number = Words, "ExternalReceiptNumber";
        sales_date_time = Date, "SalesDateTime";
        sales_customer_type = Words, "SalesCustomerType";
        patient_license_number = Private, "PatientLicenseNumber";
        caregiver_license_number = Private, "CaregiverLicenseNumber";
        identification_method = Private, "IdentificationMethod";
        patient_registration_location_id = Integer, "PatientRegistrationLocationId";
        total_packages = Integer, "TotalPackages";
        total_price = Number, "TotalPrice";
        transactions = Rows(Line), "Transactions";
        is_final = Flag, "IsFinal";
        archived_date = Date, "ArchivedDate";
        recorded_date_time = Date, "RecordedDateTime";
        recorded_by_user_name = Words, "RecordedByUserName";
        last_modified = Date, "LastModified";
    }
}

requests! {
    /// One of `Transactions` of a [`NewDelivery`].
    NewLine {
        required {
            package_label: Text, "PackageLabel";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
            total_amount: NumberText, "TotalAmount";
        }
        optional {
            unit_thc_percent: Option<NumberText>, "UnitThcPercent";
            unit_thc_content: Option<NumberText>, "UnitThcContent";
            unit_thc_content_unit_of_measure: Option<Text>, "UnitThcContentUnitOfMeasure";
            unit_weight: Option<NumberText>, "UnitWeight";
            unit_weight_unit_of_measure: Option<Text>, "UnitWeightUnitOfMeasure";
            invoice_number: Option<Text>, "InvoiceNumber";
            price: Option<NumberText>, "Price";
            excise_tax: Option<NumberText>, "ExciseTax";
            city_tax: Option<NumberText>, "CityTax";
            county_tax: Option<NumberText>, "CountyTax";
            municipal_tax: Option<NumberText>, "MunicipalTax";
            discount_amount: Option<NumberText>, "DiscountAmount";
            sub_total: Option<NumberText>, "SubTotal";
            sales_tax: Option<NumberText>, "SalesTax";
            qr_codes: Vec<Text>, "QrCodes";
        }
    }

    /// What [`CREATE_DELIVERIES`] sends, an array of them.
    NewDelivery {
        required {
            sales_date_time: LocalTime, "SalesDateTime";
            sales_customer_type: Text, "SalesCustomerType";
            transactions: Vec<NewLine>, "Transactions";
        }
        optional {
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            consumer_id: Option<Private>, "ConsumerId";
            driver_employee_id: Option<Private>, "DriverEmployeeId";
            driver_name: Option<Private>, "DriverName";
            drivers_license_number: Option<Private>, "DriversLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            recipient_name: Option<Private>, "RecipientName";
            recipient_address_street1: Option<Private>, "RecipientAddressStreet1";
            recipient_address_street2: Option<Private>, "RecipientAddressStreet2";
            recipient_address_city: Option<Private>, "RecipientAddressCity";
            recipient_address_county: Option<Private>, "RecipientAddressCounty";
            recipient_address_state: Option<Private>, "RecipientAddressState";
            recipient_address_postal_code: Option<Private>, "RecipientAddressPostalCode";
            recipient_zone_id: Option<i64>, "RecipientZoneId";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
        }
    }

    /// What [`DEPART`] sends, an array of them.
    Departure {
        required {
            retailer_delivery_id: i64, "RetailerDeliveryId";
        }
    }

    /// One of `Packages` of a [`RetailerDeliveryEnd`].
    RetailerDeliveryEndPackage {
        required {
            label: Text, "Label";
        }
        optional {
            end_quantity: Option<NumberText>, "EndQuantity";
            end_unit_of_measure: Option<Text>, "EndUnitOfMeasure";
        }
    }

    /// What [`END`] sends, an array of them.
    RetailerDeliveryEnd {
        required {
            retailer_delivery_id: i64, "RetailerDeliveryId";
        }
        optional {
            actual_arrival_date_time: Option<LocalTime>, "ActualArrivalDateTime";
            packages: Vec<RetailerDeliveryEndPackage>, "Packages";
        }
    }

    /// One of `Packages` of a [`Restock`].
    RestockPackage {
        required {
            package_label: Text, "PackageLabel";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
        }
        optional {
            total_price: Option<NumberText>, "TotalPrice";
            remove_current_package: Option<bool>, "RemoveCurrentPackage";
        }
    }

    /// What [`RESTOCK`] sends, an array of them.
    Restock {
        required {
            retailer_delivery_id: i64, "RetailerDeliveryId";
            date_time: LocalTime, "DateTime";
        }
        optional {
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            destinations: Option<Raw>, "Destinations";
            packages: Vec<RestockPackage>, "Packages";
        }
    }

    /// What [`CREATE_RECEIPTS`] sends, an array of them.
    NewReceipt {
        required {
            sales_date_time: LocalTime, "SalesDateTime";
            sales_customer_type: Text, "SalesCustomerType";
            transactions: Vec<NewLine>, "Transactions";
        }
        optional {
            external_receipt_number: Option<Text>, "ExternalReceiptNumber";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            caregiver_license_number: Option<Private>, "CaregiverLicenseNumber";
            identification_method: Option<Private>, "IdentificationMethod";
            patient_registration_location_id: Option<i64>, "PatientRegistrationLocationId";
        }
    }

    /// One of `Destinations` of a [`NewRetailerDelivery`].
    NewRetailerDeliveryDestination {
        required {
            sales_customer_type: Text, "SalesCustomerType";
            transactions: Vec<NewLine>, "Transactions";
        }
        optional {
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            consumer_id: Option<Private>, "ConsumerId";
            recipient_name: Option<Private>, "RecipientName";
            recipient_address_street1: Option<Private>, "RecipientAddressStreet1";
            recipient_address_street2: Option<Private>, "RecipientAddressStreet2";
            recipient_address_city: Option<Private>, "RecipientAddressCity";
            recipient_address_county: Option<Private>, "RecipientAddressCounty";
            recipient_address_state: Option<Private>, "RecipientAddressState";
            recipient_address_postal_code: Option<Private>, "RecipientAddressPostalCode";
            recipient_zone_id: Option<Text>, "RecipientZoneId";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
        }
    }

    /// One of `Packages` of a [`NewRetailerDelivery`].
    NewRetailerDeliveryPackage {
        required {
            date_time: Moment, "DateTime";
            package_label: Text, "PackageLabel";
            quantity: NumberText, "Quantity";
            unit_of_measure: Text, "UnitOfMeasure";
        }
        optional {
            total_price: Option<NumberText>, "TotalPrice";
        }
    }

    /// What [`CREATE_RETAILER_DELIVERIES`] sends, an array of them.
    NewRetailerDelivery {
        required {
            date_time: LocalTime, "DateTime";
        }
        optional {
            driver_employee_id: Option<Private>, "DriverEmployeeId";
            driver_name: Option<Private>, "DriverName";
            drivers_license_number: Option<Private>, "DriversLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            destinations: Vec<NewRetailerDeliveryDestination>, "Destinations";
            packages: Vec<NewRetailerDeliveryPackage>, "Packages";
        }
    }

    /// What [`CHANGE_DELIVERIES`] sends, an array of them.
    ChangedDelivery {
        required {
            id: i64, "Id";
            sales_date_time: LocalTime, "SalesDateTime";
            sales_customer_type: Text, "SalesCustomerType";
            transactions: Vec<NewLine>, "Transactions";
        }
        optional {
            transporter_facility_license_number: Option<Text>, "TransporterFacilityLicenseNumber";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            consumer_id: Option<Private>, "ConsumerId";
            driver_employee_id: Option<Private>, "DriverEmployeeId";
            driver_name: Option<Private>, "DriverName";
            drivers_license_number: Option<Private>, "DriversLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            recipient_name: Option<Private>, "RecipientName";
            recipient_address_street1: Option<Private>, "RecipientAddressStreet1";
            recipient_address_street2: Option<Private>, "RecipientAddressStreet2";
            recipient_address_city: Option<Private>, "RecipientAddressCity";
            recipient_address_county: Option<Private>, "RecipientAddressCounty";
            recipient_address_state: Option<Private>, "RecipientAddressState";
            recipient_address_postal_code: Option<Private>, "RecipientAddressPostalCode";
            recipient_zone_id: Option<Text>, "RecipientZoneId";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
        }
    }

    /// One of `ReturnedPackages` of a [`CompletedDelivery`].
    CompletedDeliveryReturnedPackage {
        required {
            label: Text, "Label";
        }
        optional {
            return_quantity_verified: Option<NumberText>, "ReturnQuantityVerified";
            return_unit_of_measure: Option<Text>, "ReturnUnitOfMeasure";
            return_reason: Option<Text>, "ReturnReason";
            return_reason_note: Option<Text>, "ReturnReasonNote";
        }
    }

    /// What [`COMPLETE_DELIVERIES`] sends, an array of them.
    CompletedDelivery {
        required {
            id: i64, "Id";
        }
        optional {
            actual_arrival_date_time: Option<LocalTime>, "ActualArrivalDateTime";
            payment_type: Option<Text>, "PaymentType";
            accepted_packages: Vec<Text>, "AcceptedPackages";
            returned_packages: Vec<CompletedDeliveryReturnedPackage>, "ReturnedPackages";
        }
    }

    /// What [`CHANGE_HUB_DELIVERIES`] sends, an array of them.
    HubDelivery {
        required {
            id: i64, "Id";
        }
        optional {
            transporter_facility_id: Option<Text>, "TransporterFacilityId";
            driver_employee_id: Option<Private>, "DriverEmployeeId";
            driver_name: Option<Private>, "DriverName";
            drivers_license_number: Option<Private>, "DriversLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
        }
    }

    /// What [`ACCEPT_HUB_DELIVERIES`] sends, an array of them.
    ById {
        required {
            id: i64, "Id";
        }
    }

    /// What [`VERIFY_HUB_DELIVERIES`] sends, an array of them.
    VerifiedDelivery {
        required {
            id: i64, "Id";
        }
        optional {
            payment_type: Option<Text>, "PaymentType";
        }
    }

    /// One of `Destinations` of a [`ChangedRetailerDelivery`].
    ChangedRetailerDeliveryDestination {
        required {
            id: i64, "Id";
            sales_date_time: LocalTime, "SalesDateTime";
            sales_customer_type: Text, "SalesCustomerType";
            transactions: Vec<NewLine>, "Transactions";
        }
        optional {
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            consumer_id: Option<Private>, "ConsumerId";
            driver_employee_id: Option<Private>, "DriverEmployeeId";
            driver_name: Option<Private>, "DriverName";
            drivers_license_number: Option<Private>, "DriversLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            recipient_name: Option<Private>, "RecipientName";
            recipient_address_street1: Option<Private>, "RecipientAddressStreet1";
            recipient_address_street2: Option<Private>, "RecipientAddressStreet2";
            recipient_address_city: Option<Private>, "RecipientAddressCity";
            recipient_address_county: Option<Private>, "RecipientAddressCounty";
            recipient_address_state: Option<Private>, "RecipientAddressState";
            recipient_address_postal_code: Option<Private>, "RecipientAddressPostalCode";
            recipient_zone_id: Option<Text>, "RecipientZoneId";
            planned_route: Option<Private>, "PlannedRoute";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            estimated_arrival_date_time: Option<LocalTime>, "EstimatedArrivalDateTime";
        }
    }

    /// What [`CHANGE_RETAILER_DELIVERIES`] sends, an array of them.
    ChangedRetailerDelivery {
        required {
            id: i64, "Id";
            date_time: LocalTime, "DateTime";
        }
        optional {
            driver_employee_id: Option<Private>, "DriverEmployeeId";
            driver_name: Option<Private>, "DriverName";
            drivers_license_number: Option<Private>, "DriversLicenseNumber";
            phone_number_for_questions: Option<Private>, "PhoneNumberForQuestions";
            vehicle_make: Option<Private>, "VehicleMake";
            vehicle_model: Option<Private>, "VehicleModel";
            vehicle_license_plate_number: Option<Private>, "VehicleLicensePlateNumber";
            estimated_departure_date_time: Option<LocalTime>, "EstimatedDepartureDateTime";
            destinations: Vec<ChangedRetailerDeliveryDestination>, "Destinations";
            packages: Vec<NewRetailerDeliveryPackage>, "Packages";
        }
    }

    /// What [`CHANGE_RECEIPTS`] sends, an array of them.
    ChangedReceipt {
        required {
            id: i64, "Id";
            sales_date_time: LocalTime, "SalesDateTime";
            sales_customer_type: Text, "SalesCustomerType";
            transactions: Vec<NewLine>, "Transactions";
        }
        optional {
            external_receipt_number: Option<Text>, "ExternalReceiptNumber";
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            caregiver_license_number: Option<Private>, "CaregiverLicenseNumber";
            identification_method: Option<Private>, "IdentificationMethod";
            patient_registration_location_id: Option<i64>, "PatientRegistrationLocationId";
        }
    }
}

operations! {
    CREATE_DELIVERIES = POST "/sales/v2/deliveries" licence, [NewDelivery] => Ids;
    DEPART = POST "/sales/v2/deliveries/retailer/depart" licence, [Departure] => Empty,
        needs ["Manage Retailer Delivery"];
    END = POST "/sales/v2/deliveries/retailer/end" licence, [RetailerDeliveryEnd] => Ids,
        needs ["Manage Retailer Delivery"];
    RESTOCK = POST "/sales/v2/deliveries/retailer/restock" licence, [Restock] => Ids,
        needs ["Manage Retailer Delivery"];
    CREATE_RECEIPTS = POST "/sales/v2/receipts" licence, [NewReceipt] => Ids;
    CREATE_RETAILER_DELIVERIES = POST "/sales/v2/deliveries/retailer" licence, [NewRetailerDelivery] => Ids,
        needs ["Manage Retailer Delivery"];
    VOID_DELIVERY = DELETE "/sales/v2/deliveries/{id}" licence, () => Empty, needs ["Manage Sales Delivery"];
    VOID_RETAILER_DELIVERY = DELETE "/sales/v2/deliveries/retailer/{id}" licence, () => Empty,
        needs ["Manage Retailer Delivery"];
    VOID_RECEIPT = DELETE "/sales/v2/receipts/{id}" licence, () => Empty, needs ["Manage Sales"];
    DELIVERIES_ACTIVE = GET "/sales/v2/deliveries/active" licence window, () => Page<Delivery>,
        needs ["View Sales Delivery", "Manage Sales Delivery"];
    RETAILER_DELIVERIES_ACTIVE = GET "/sales/v2/deliveries/retailer/active" licence window, () => Page<RetailerDelivery>,
        needs ["View Retailer Delivery", "Manage Retailer Delivery"];
    RECEIPTS_ACTIVE = GET "/sales/v2/receipts/active" licence window, () => Page<Receipt>,
        needs ["View Sales", "Manage Sales"];
    COUNTIES = GET "/sales/v2/counties", () => Page<Named>;
    CUSTOMER_TYPES = GET "/sales/v2/customertypes", () => List<Text>;
    RETURN_REASONS = GET "/sales/v2/deliveries/returnreasons" licence, () => Page<Reason>,
        needs ["Sales Delivery"];
    RETAILER_DELIVERY = GET "/sales/v2/deliveries/retailer/{id}" licence, () => One<RetailerDelivery>,
        needs ["View Retailer Delivery", "Manage Retailer Delivery"];
    DELIVERIES_INACTIVE = GET "/sales/v2/deliveries/inactive" licence window, () => Page<Delivery>,
        needs ["View Sales Delivery", "Manage Sales Delivery"];
    RETAILER_DELIVERIES_INACTIVE = GET "/sales/v2/deliveries/retailer/inactive" licence window, () => Page<RetailerDelivery>,
        needs ["View Retailer Delivery", "Manage Retailer Delivery"];
    RECEIPTS_INACTIVE = GET "/sales/v2/receipts/inactive" licence window, () => Page<Receipt>,
        needs ["View Sales", "Manage Sales"];
    PATIENT_REGISTRATION_LOCATIONS = GET "/sales/v2/patientregistration/locations", () => List<Named>;
    PAYMENT_TYPES = GET "/sales/v2/paymenttypes" licence, () => List<Text>,
        needs ["View Sales Delivery", "Manage Sales Delivery"];
    RECEIPT = GET "/sales/v2/receipts/{id}" licence, () => One<Receipt>, needs ["View Sales", "Manage Sales"];
    RECEIPT_BY_EXTERNAL_NUMBER = GET "/sales/v2/receipts/external/{externalNumber}" licence, () => One<Receipt>,
        needs ["View Sales", "Manage Sales"];
    DELIVERY = GET "/sales/v2/deliveries/{id}" licence, () => One<Delivery>,
        needs ["View Sales Delivery", "Manage Sales Delivery"];
    CHANGE_DELIVERIES = PUT "/sales/v2/deliveries" licence, [ChangedDelivery] => Empty, needs ["Manage Sales Delivery"];
    COMPLETE_DELIVERIES = PUT "/sales/v2/deliveries/complete" licence, [CompletedDelivery] => Empty,
        needs ["Manage Sales Delivery"];
    CHANGE_HUB_DELIVERIES = PUT "/sales/v2/deliveries/hub" licence, [HubDelivery] => Empty,
        needs ["Manage Sales Delivery", "Manage Sales Delivery Hub"];
    ACCEPT_HUB_DELIVERIES = PUT "/sales/v2/deliveries/hub/accept" licence, [ById] => Empty,
        needs ["Manage Sales Delivery Hub"];
    DEPART_HUB_DELIVERIES = PUT "/sales/v2/deliveries/hub/depart" licence, [ById] => Empty,
        needs ["Manage Sales Delivery Hub"];
    VERIFY_HUB_DELIVERIES = PUT "/sales/v2/deliveries/hub/verifyID" licence, [VerifiedDelivery] => Empty,
        needs ["Manage Sales Delivery Hub"];
    CHANGE_RETAILER_DELIVERIES = PUT "/sales/v2/deliveries/retailer" licence, [ChangedRetailerDelivery] => Ids,
        needs ["Manage Retailer Delivery"];
    CHANGE_RECEIPTS = PUT "/sales/v2/receipts" licence, [ChangedReceipt] => Empty, needs ["Manage Sales"];
    FINALIZE_RECEIPTS = PUT "/sales/v2/receipts/finalize" licence, [ById] => Empty, needs ["Manage Sales"];
    UNFINALIZE_RECEIPTS = PUT "/sales/v2/receipts/unfinalize" licence, [ById] => Empty, needs ["Manage Sales"];
}

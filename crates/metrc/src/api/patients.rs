//! Patients, caregivers and check-ins. Whatever names a person is [`Private`].

use super::common::Named;
use super::{Day, Empty, Ids, List, NumberText, One, Page, Private, answers, operations, requests};

answers! {
    /// What a caregiver may do.
    CaregiverStatus {
        caregiver_license_number = Private, "CaregiverLicenseNumber";
        active = Flag, "Active";
        patients = PrivateTexts, "Patients";
    }

    /// A patient's check-in.
    CheckIn {
        id = Integer, "Id";
        patient_license_number = Private, "PatientLicenseNumber";
        check_in_location_id = Integer, "CheckInLocationId";
        check_in_location_name = Words, "CheckInLocationName";
        registration_start_date = Date, "RegistrationStartDate";
        registration_expiry_date = Date, "RegistrationExpiryDate";
        check_in_date = Date, "CheckInDate";
    }

    /// A patient of the licence.
    Patient {
        patient_id = Integer, "PatientId";
        license_number = Private, "LicenseNumber";
        registration_date = Date, "RegistrationDate";
        license_effective_start_date = Date, "LicenseEffectiveStartDate";
        license_effective_end_date = Date, "LicenseEffectiveEndDate";
        recommended_plants = Integer, "RecommendedPlants";
        recommended_smokable_quantity = Number, "RecommendedSmokableQuantity";
        has_sales_limit_exemption = Flag, "HasSalesLimitExemption";
        other_facilities_count = Integer, "OtherFacilitiesCount";
    }

    /// What a patient may still buy, in ounces by class; cached up to a minute.
    PatientStatus {
        patient_license_number = Private, "PatientLicenseNumber";
        identification_method = Private, "IdentificationMethod";
        registration_number = Private, "RegistrationNumber";
        active = Flag, "Active";
        flower_ounces_allowed = Number, "FlowerOuncesAllowed";
        thc_ounces_allowed = Number, "ThcOuncesAllowed";
        concentrate_ounces_allowed = Number, "ConcentrateOuncesAllowed";
        infused_ounces_allowed = Number, "InfusedOuncesAllowed";
        flower_ounces_purchased = Number, "FlowerOuncesPurchased";
        thc_ounces_purchased = Number, "ThcOuncesPurchased";
        concentrate_ounces_purchased = Number, "ConcentrateOuncesPurchased";
        infused_ounces_purchased = Number, "InfusedOuncesPurchased";
        flower_ounces_available = Number, "FlowerOuncesAvailable";
        thc_ounces_available = Number, "ThcOuncesAvailable";
        concentrate_ounces_available = Number, "ConcentrateOuncesAvailable";
        infused_ounces_available = Number, "InfusedOuncesAvailable";
        purchase_amount_days = Number, "PurchaseAmountDays";
        patient_license_expiration_date = Date, "PatientLicenseExpirationDate";
        patient_registration_start_date = Date, "PatientRegistrationStartDate";
    }
}

requests! {
    /// What [`CHECK_IN`] sends, an array of them.
    NewCheckIn {
        required {
            patient_license_number: Private, "PatientLicenseNumber";
            check_in_location_id: i64, "CheckInLocationId";
            check_in_date: Day, "CheckInDate";
        }
        optional {
            registration_start_date: Option<Day>, "RegistrationStartDate";
            registration_expiry_date: Option<Day>, "RegistrationExpiryDate";
        }
    }

    /// What [`CHANGE_CHECK_IN`] sends, an array of them.
    ChangedCheckIn {
        required {
            id: i64, "Id";
        }
        optional {
            patient_license_number: Option<Private>, "PatientLicenseNumber";
            check_in_location_id: Option<i64>, "CheckInLocationId";
            registration_start_date: Option<Day>, "RegistrationStartDate";
            registration_expiry_date: Option<Day>, "RegistrationExpiryDate";
            check_in_date: Option<Day>, "CheckInDate";
        }
    }

    /// What [`CREATE`] sends, an array of them.
    NewPatient {
        required {
            license_number: Private, "LicenseNumber";
            actual_date: Day, "ActualDate";
        }
        optional {
            license_effective_start_date: Option<Day>, "LicenseEffectiveStartDate";
            license_effective_end_date: Option<Day>, "LicenseEffectiveEndDate";
            recommended_plants: Option<i64>, "RecommendedPlants";
            recommended_smokable_quantity: Option<NumberText>, "RecommendedSmokableQuantity";
            flower_ounces_allowed: Option<NumberText>, "FlowerOuncesAllowed";
            thc_ounces_allowed: Option<NumberText>, "ThcOuncesAllowed";
            concentrate_ounces_allowed: Option<NumberText>, "ConcentrateOuncesAllowed";
            infused_ounces_allowed: Option<NumberText>, "InfusedOuncesAllowed";
            max_flower_thc_percent_allowed: Option<NumberText>, "MaxFlowerThcPercentAllowed";
            max_concentrate_thc_percent_allowed: Option<NumberText>, "MaxConcentrateThcPercentAllowed";
            has_sales_limit_exemption: Option<bool>, "HasSalesLimitExemption";
        }
    }

    /// What [`CHANGE`] sends, an array of them.
    ChangedPatient {
        required {
            license_number: Private, "LicenseNumber";
            actual_date: Day, "ActualDate";
        }
        optional {
            new_license_number: Option<Private>, "NewLicenseNumber";
            license_effective_start_date: Option<Day>, "LicenseEffectiveStartDate";
            license_effective_end_date: Option<Day>, "LicenseEffectiveEndDate";
            recommended_plants: Option<i64>, "RecommendedPlants";
            recommended_smokable_quantity: Option<NumberText>, "RecommendedSmokableQuantity";
            flower_ounces_allowed: Option<NumberText>, "FlowerOuncesAllowed";
            thc_ounces_allowed: Option<NumberText>, "ThcOuncesAllowed";
            concentrate_ounces_allowed: Option<NumberText>, "ConcentrateOuncesAllowed";
            infused_ounces_allowed: Option<NumberText>, "InfusedOuncesAllowed";
            max_flower_thc_percent_allowed: Option<NumberText>, "MaxFlowerThcPercentAllowed";
            max_concentrate_thc_percent_allowed: Option<NumberText>, "MaxConcentrateThcPercentAllowed";
            has_sales_limit_exemption: Option<bool>, "HasSalesLimitExemption";
        }
    }
}

operations! {
    CAREGIVER_STATUS = GET "/caregivers/v2/status/{caregiverLicenseNumber}" licence, () => One<CaregiverStatus>,
        needs ["Lookup Caregivers"];
    CHECK_IN = POST "/patient-checkins/v2" licence, [NewCheckIn] => Empty, needs ["Manage Patient Check-Ins"];
    REMOVE_CHECK_IN = DELETE "/patient-checkins/v2/{id}" licence, () => Empty, needs ["Manage Patient Check-Ins"];
    CHECK_IN_LOCATIONS = GET "/patient-checkins/v2/locations", () => List<Named>;
    CHECK_INS = GET "/patient-checkins/v2" licence, () => Page<CheckIn>, needs ["Manage Patient Check-Ins"];
    CHANGE_CHECK_IN = PUT "/patient-checkins/v2" licence, [ChangedCheckIn] => Empty, needs ["Manage Patient Check-Ins"];
    CREATE = POST "/patients/v2" licence, [NewPatient] => Ids, needs ["Manage Patients"];
    REMOVE = DELETE "/patients/v2/{id}" licence, () => Empty, needs ["Manage Patients"];
    ACTIVE = GET "/patients/v2/active" licence, () => Page<Patient>, needs ["Manage Patients"];
    BY_ID = GET "/patients/v2/{id}" licence, () => One<Patient>, needs ["Manage Patients"];
    CHANGE = PUT "/patients/v2" licence, [ChangedPatient] => Empty, needs ["Manage Patients"];
    STATUSES = GET "/patients/v2/statuses/{patientLicenseNumber}" licence, () => List<PatientStatus>,
        needs ["Lookup Patients"];
}

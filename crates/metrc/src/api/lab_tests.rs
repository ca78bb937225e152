//! Results of laboratories.

use super::items::Category;
use super::{Bytes, Empty, Ids, List, Moment, NumberText, Page, Text, answers, operations, requests};

answers! {
    /// A kind of test.
    LabTestType {
        id = Integer, "Id";
        name = Words, "Name";
        requires_test_result = Flag, "RequiresTestResult";
        informational_only = Flag, "InformationalOnly";
        research_and_development = Flag, "ResearchAndDevelopment";
        always_passes = Flag, "AlwaysPasses";
        max_allowed_failure_count = Integer, "MaxAllowedFailureCount";
        lab_test_result_mode = Integer, "LabTestResultMode";
        lab_test_result_minimum = Number, "LabTestResultMinimum";
        lab_test_result_maximum = Number, "LabTestResultMaximum";
        lab_test_result_expiration_days = Integer, "LabTestResultExpirationDays";
        dependency_mode = Integer, "DependencyMode";
    }

    /// `ItemCategories` of a [`LabTestBatch`].
    BatchCategory {
        product_category_id = Words, "ProductCategoryId";
        product_category = Nested(Category), "ProductCategory";
        require_lab_test_batch = Flag, "RequireLabTestBatch";
    }

    /// A set of tests.
    LabTestBatch {
        id = Integer, "Id";
        name = Words, "Name";
        lab_test_type_count = Integer, "LabTestTypeCount";
        lab_test_types = Rows(LabTestType), "LabTestTypes";
        item_category_count = Integer, "ItemCategoryCount";
        item_categories = Rows(BatchCategory), "ItemCategories";
        requires_all_from_lab_test_batch = Flag, "RequiresAllFromLabTestBatch";
    }

    /// One test of a package. For a child package the results hang on the source package.
    LabResult {
        package_id = Integer, "PackageId";
        lab_test_result_id = Integer, "LabTestResultId";
        lab_facility_license_number = Words, "LabFacilityLicenseNumber";
        lab_facility_name = Words, "LabFacilityName";
        source_package_label = Words, "SourcePackageLabel";
        product_name = Words, "ProductName";
        product_category_name = Words, "ProductCategoryName";
        test_performed_date = Date, "TestPerformedDate";
        overall_passed = Flag, "OverallPassed";
        revoked_date = Date, "RevokedDate";
        lab_test_result_document_file_id = Integer, "LabTestResultDocumentFileId";
        result_released = Flag, "ResultReleased";
        result_release_date_time = Date, "ResultReleaseDateTime";
        expiration_date_time = Date, "ExpirationDateTime";
        test_type_name = Words, "TestTypeName";
        test_passed = Flag, "TestPassed";
        test_result_level = Number, "TestResultLevel";
        test_comment = Words, "TestComment";
        test_informational_only = Flag, "TestInformationalOnly";
        lab_test_detail_revoked_date = Date, "LabTestDetailRevokedDate";
    }
}

requests! {
    /// One of `Results` of a [`NewResults`].
    NewResultsResult {
        required {
            quantity: NumberText, "Quantity";
        }
        optional {
            lab_test_type_name: Option<Text>, "LabTestTypeName";
            passed: Option<bool>, "Passed";
            notes: Option<Text>, "Notes";
        }
    }

    /// What [`RECORD`] sends, an array of them.
    NewResults {
        required {
            label: Text, "Label";
        }
        optional {
            result_date: Option<Moment>, "ResultDate";
            document_file_name: Option<Text>, "DocumentFileName";
            document_file_base64: Option<Text>, "DocumentFileBase64";
            results: Vec<NewResultsResult>, "Results";
        }
    }

    /// What [`UPLOAD_DOCUMENT`] sends, an array of them.
    LabDocument {
        required {
            lab_test_result_id: i64, "LabTestResultId";
            document_file_name: Text, "DocumentFileName";
            document_file_base64: Text, "DocumentFileBase64";
        }
    }

    /// What [`RELEASE`] sends, an array of them.
    ReleaseResults {
        required {
            package_label: Text, "PackageLabel";
        }
    }
}

operations! {
    RECORD = POST "/labtests/v2/record" licence, [NewResults] => Ids,
        needs ["View Packages", "Manage Packages Inventory"];
    BATCHES = GET "/labtests/v2/batches", () => Page<LabTestBatch>;
    DOCUMENT = GET "/labtests/v2/labtestdocument/{id}" licence, () => Bytes,
        needs ["View Packages", "Manage Packages Inventory"];
    TYPES = GET "/labtests/v2/types", () => Page<LabTestType>;
    RESULTS = GET "/labtests/v2/results" licence, () => Page<LabResult>,
        needs ["View Packages", "Manage Packages Inventory"];
    STATES = GET "/labtests/v2/states", () => List<Text>;
    UPLOAD_DOCUMENT = PUT "/labtests/v2/labtestdocument" licence, [LabDocument] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
    RELEASE = PUT "/labtests/v2/results/release" licence, [ReleaseResults] => Empty,
        needs ["View Packages", "Manage Packages Inventory"];
}

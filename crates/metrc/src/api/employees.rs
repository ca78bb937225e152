//! Employees of a licence and their permissions.

use super::{List, Page, Text, answers, operations};

answers! {
    /// `License` of a [`Employee`].
    EmployeeLicense {
        number = Words, "Number";
        employee_license_number = Words, "EmployeeLicenseNumber";
        start_date = Date, "StartDate";
        end_date = Date, "EndDate";
        license_type = Words, "LicenseType";
    }

    /// An employee of the licence.
    Employee {
        full_name = Words, "FullName";
        license = Nested(EmployeeLicense), "License";
        is_industry_admin = Flag, "IsIndustryAdmin";
        is_owner = Flag, "IsOwner";
        is_manager = Flag, "IsManager";
    }
}

operations! {
    EMPLOYEES = GET "/employees/v2" licence, () => Page<Employee>, needs ["Manage Employees", "View Employees"];
    PERMISSIONS = GET "/employees/v2/permissions" licence, () => List<Text>, needs ["Manage Employees"];
}

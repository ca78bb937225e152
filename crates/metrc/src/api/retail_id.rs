//! Retail ids: codes on single units. Not offered in AK, CO, ME, MO and GU.

use super::{Empty, Ids, One, Text, answers, operations, requests};

answers! {
    /// `Manifest` of a [`Generated`].
    Codes {
        qrs = Texts, "Qrs";
        ranges = Raw, "Ranges";
    }

    /// Retail ids made.
    Generated {
        coa_bl = Words, "CoaBl";
        issuance_id = Words, "IssuanceId";
        manifest = Nested(Codes), "Manifest";
        stack_bl = Words, "StackBl";
        url = Words, "Url";
    }

    /// `Issuances` of a [`PackagesInfoPackage`].
    Issuance {
        label_set = Integer, "LabelSet";
        label_quantity = Integer, "LabelQuantity";
        created_at = Date, "CreatedAt";
    }

    /// `Packages` of a [`PackagesInfo`].
    PackagesInfoPackage {
        tag = Words, "Tag";
        qr_count = Integer, "QrCount";
        estimated_balance = Integer, "EstimatedBalance";
        sibling_count = Integer, "SiblingCount";
        issuance_id = Words, "IssuanceId";
        issuances = Rows(Issuance), "Issuances";
        has_qrs = Flag, "HasQrs";
        requires_verification = Flag, "RequiresVerification";
    }

    /// Retail ids of packages.
    PackagesInfo {
        packages = Rows(PackagesInfoPackage), "Packages";
    }

    /// How many retail ids are left.
    Allotment {
        facility_id = Integer, "FacilityId";
        allotment = Integer, "Allotment";
        facility_license_number = Words, "FacilityLicenseNumber";
    }

    /// Retail ids that came with a package.
    Received {
        eaches = Texts, "Eaches";
        sibling_tags = Texts, "SiblingTags";
        requires_verification = Flag, "RequiresVerification";
        ranges = Raw, "Ranges";
        qr_count = Integer, "QrCount";
        child_tag = Words, "ChildTag";
        label_source = Words, "LabelSource";
    }
}

requests! {
    /// What [`ASSOCIATE`] sends, an array of them.
    Association {
        required {
            package_label: Text, "PackageLabel";
        }
        optional {
            qr_urls: Vec<Text>, "QrUrls";
        }
    }

    /// What [`GENERATE`] sends.
    Generate {
        required {
            package_label: Text, "PackageLabel";
            quantity: i64, "Quantity";
        }
    }

    /// What [`MERGE`] sends.
    Labels {
        required {
            package_labels: Vec<Text>, "packageLabels";
        }
    }
}

operations! {
    ASSOCIATE = POST "/retailid/v2/associate" licence, [Association] => Ids,
        needs ["View Packages", "Manage Product Labels"];
    GENERATE = POST "/retailid/v2/generate" licence, Generate => One<Generated>,
        needs ["View Packages", "Manage Product Labels"];
    MERGE = POST "/retailid/v2/merge" licence, Labels => Empty;
    PACKAGES_INFO = POST "/retailid/v2/packages/info" licence, Labels => One<PackagesInfo>,
        needs ["View Packages", "Manage Product Labels"];
    ALLOTMENT = GET "/retailid/v2/allotment" licence, () => One<Allotment>,
        needs ["Download Product Labels", "Manage Product Labels", "Manage Tag Orders"];
    RECEIVED = GET "/retailid/v2/receive/{label}" licence, () => One<Received>,
        needs ["View Packages", "Manage Product Labels"];
    RECEIVED_BY_CODE = GET "/retailid/v2/receive/qr/{shortCode}" licence, () => One<Received>,
        needs ["View Packages", "Manage Product Labels"];
}

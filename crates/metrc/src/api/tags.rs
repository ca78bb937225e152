//! Tags that are not used yet.

use super::{List, answers, operations};

answers! {
    /// A tag that is not used yet.
    AvailableTag {
        id = Integer, "Id";
        group_tag_type_name = Words, "GroupTagTypeName";
        tag_type_name = Words, "TagTypeName";
        group_tag_type_id = Integer, "GroupTagTypeId";
        tag_type_id = Integer, "TagTypeId";
        tag_inventory_type_name = Words, "TagInventoryTypeName";
        max_group_size = Integer, "MaxGroupSize";
        facility_id = Integer, "FacilityId";
        label = Words, "Label";
    }

    /// A tag that is staged.
    StagedTag {
        id = Integer, "Id";
        tag_type_name = Words, "TagTypeName";
        tag_type_id = Integer, "TagTypeId";
        tag_inventory_type_name = Words, "TagInventoryTypeName";
        max_group_size = Integer, "MaxGroupSize";
        facility_id = Integer, "FacilityId";
        label = Words, "Label";
        status_name = Words, "StatusName";
        commissioned_date_time = Date, "CommissionedDateTime";
        is_used = Flag, "IsUsed";
        used_date_time = Date, "UsedDateTime";
        product_label = Words, "ProductLabel";
        detached_date_time = Date, "DetachedDateTime";
        is_archived = Flag, "IsArchived";
        last_modified = Date, "LastModified";
        is_staged = Flag, "IsStaged";
        qr_count = Integer, "QrCount";
    }
}

operations! {
    PACKAGE_AVAILABLE = GET "/tags/v2/package/available" licence, () => List<AvailableTag>, needs ["Manage Tags"];
    PLANT_AVAILABLE = GET "/tags/v2/plant/available" licence, () => List<AvailableTag>, needs ["Manage Tags"];
    STAGED = GET "/tags/v2/staged" licence, () => List<StagedTag>, needs ["Manage Tags"];
}

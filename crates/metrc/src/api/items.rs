//! Items, their categories and brands.

use super::common::FileContents;
use super::{Empty, Ids, NumberText, One, Page, Text, answers, operations, requests};

answers! {
    /// An item: what a package holds.
    Item {
        id = Integer, "Id";
        name = Words, "Name";
        global_product_name = Words, "GlobalProductName";
        global_product_number = Words, "GlobalProductNumber";
        product_category_name = Words, "ProductCategoryName";
        product_category_type = Words, "ProductCategoryType";
        is_expiration_date_required = Flag, "IsExpirationDateRequired";
        has_expiration_date = Flag, "HasExpirationDate";
        is_sell_by_date_required = Flag, "IsSellByDateRequired";
        has_sell_by_date = Flag, "HasSellByDate";
        is_use_by_date_required = Flag, "IsUseByDateRequired";
        has_use_by_date = Flag, "HasUseByDate";
        quantity_type = Words, "QuantityType";
        default_lab_testing_state = Words, "DefaultLabTestingState";
        unit_of_measure_name = Words, "UnitOfMeasureName";
        approval_status = Words, "ApprovalStatus";
        approval_status_date_time = Date, "ApprovalStatusDateTime";
        strain_id = Integer, "StrainId";
        strain_name = Words, "StrainName";
        item_brand_id = Integer, "ItemBrandId";
        item_brand_name = Words, "ItemBrandName";
        administration_method = Words, "AdministrationMethod";
        unit_cbd_percent = Number, "UnitCbdPercent";
        unit_cbd_content = Number, "UnitCbdContent";
        unit_cbd_content_unit_of_measure_name = Words, "UnitCbdContentUnitOfMeasureName";
        unit_cbd_content_dose = Number, "UnitCbdContentDose";
        unit_cbd_content_dose_unit_of_measure_name = Words, "UnitCbdContentDoseUnitOfMeasureName";
        unit_cbd_a_percent = Number, "UnitCbdAPercent";
        unit_cbd_a_content = Number, "UnitCbdAContent";
        unit_cbd_a_content_unit_of_measure_name = Words, "UnitCbdAContentUnitOfMeasureName";
        unit_cbd_a_content_dose = Number, "UnitCbdAContentDose";
        unit_cbd_a_content_dose_unit_of_measure_name = Words, "UnitCbdAContentDoseUnitOfMeasureName";
        unit_thc_a_percent = Number, "UnitThcAPercent";
        unit_thc_a_content = Number, "UnitThcAContent";
        unit_thc_a_content_unit_of_measure_name = Words, "UnitThcAContentUnitOfMeasureName";
        unit_thc_a_content_dose = Number, "UnitThcAContentDose";
        unit_thc_a_content_dose_unit_of_measure_id = Integer, "UnitThcAContentDoseUnitOfMeasureId";
        unit_thc_a_content_dose_unit_of_measure_name = Words, "UnitThcAContentDoseUnitOfMeasureName";
        unit_thc_percent = Number, "UnitThcPercent";
        unit_thc_content = Number, "UnitThcContent";
        unit_thc_content_unit_of_measure_name = Words, "UnitThcContentUnitOfMeasureName";
        unit_thc_content_dose = Number, "UnitThcContentDose";
        unit_thc_content_dose_unit_of_measure_id = Integer, "UnitThcContentDoseUnitOfMeasureId";
        unit_thc_content_dose_unit_of_measure_name = Words, "UnitThcContentDoseUnitOfMeasureName";
        unit_volume = Number, "UnitVolume";
        unit_volume_unit_of_measure_name = Words, "UnitVolumeUnitOfMeasureName";
        unit_weight = Number, "UnitWeight";
        unit_weight_unit_of_measure_name = Words, "UnitWeightUnitOfMeasureName";
        serving_size = Words, "ServingSize";
        number_of_doses = Number, "NumberOfDoses";
        unit_quantity = Number, "UnitQuantity";
        unit_quantity_unit_of_measure_name = Words, "UnitQuantityUnitOfMeasureName";
        public_ingredients = Words, "PublicIngredients";
        description = Words, "Description";
        allergens = Words, "Allergens";
        product_images = Raw, "ProductImages";
        product_photo_description = Words, "ProductPhotoDescription";
        label_images = Raw, "LabelImages";
        label_photo_description = Words, "LabelPhotoDescription";
        packaging_images = Raw, "PackagingImages";
        packaging_photo_description = Words, "PackagingPhotoDescription";
        product_pdf_documents = Raw, "ProductPDFDocuments";
        is_used = Flag, "IsUsed";
        lab_test_batch_names = Texts, "LabTestBatchNames";
        processing_job_category_name = Words, "ProcessingJobCategoryName";
        processing_job_type_name = Words, "ProcessingJobTypeName";
        product_brand_name = Words, "ProductBrandName";
    }

    /// A brand.
    Brand {
        id = Integer, "Id";
        name = Words, "Name";
        status = Words, "Status";
    }

    /// A category of items, and what its items need.
    Category {
        name = Words, "Name";
        product_category_type = Words, "ProductCategoryType";
        quantity_type = Words, "QuantityType";
        requires_strain = Flag, "RequiresStrain";
        requires_item_brand = Flag, "RequiresItemBrand";
        requires_administration_method = Flag, "RequiresAdministrationMethod";
        requires_unit_cbd_percent = Flag, "RequiresUnitCbdPercent";
        requires_unit_cbd_content = Flag, "RequiresUnitCbdContent";
        requires_unit_cbd_content_dose = Flag, "RequiresUnitCbdContentDose";
        requires_unit_cbd_a_percent = Flag, "RequiresUnitCbdAPercent";
        requires_unit_cbd_a_content = Flag, "RequiresUnitCbdAContent";
        requires_unit_cbd_a_content_dose = Flag, "RequiresUnitCbdAContentDose";
        requires_unit_thc_percent = Flag, "RequiresUnitThcPercent";
        requires_unit_thc_content = Flag, "RequiresUnitThcContent";
        requires_unit_thc_content_dose = Flag, "RequiresUnitThcContentDose";
        requires_unit_thc_a_percent = Flag, "RequiresUnitThcAPercent";
        requires_unit_thc_a_content = Flag, "RequiresUnitThcAContent";
        requires_unit_thc_a_content_dose = Flag, "RequiresUnitThcAContentDose";
        requires_unit_volume = Flag, "RequiresUnitVolume";
        requires_unit_weight = Flag, "RequiresUnitWeight";
        requires_serving_size = Flag, "RequiresServingSize";
        requires_supply_duration_days = Flag, "RequiresSupplyDurationDays";
        requires_number_of_doses = Flag, "RequiresNumberOfDoses";
        requires_public_ingredients = Flag, "RequiresPublicIngredients";
        requires_description = Flag, "RequiresDescription";
        requires_allergens = Flag, "RequiresAllergens";
        requires_product_photos = Integer, "RequiresProductPhotos";
        requires_product_photo_description = Flag, "RequiresProductPhotoDescription";
        requires_label_photos = Integer, "RequiresLabelPhotos";
        requires_label_photo_description = Flag, "RequiresLabelPhotoDescription";
        requires_packaging_photos = Integer, "RequiresPackagingPhotos";
        requires_packaging_photo_description = Flag, "RequiresPackagingPhotoDescription";
        can_contain_seeds = Flag, "CanContainSeeds";
        can_be_remediated = Flag, "CanBeRemediated";
        can_be_decontaminated = Flag, "CanBeDecontaminated";
        can_be_destroyed = Flag, "CanBeDestroyed";
        min_consecutive_sources_for_rta = Number, "MinConsecutiveSourcesForRTA";
        min_days_for_rta = Number, "MinDaysForRTA";
        max_days_for_recovery_after_failure = Number, "MaxDaysForRecoveryAfterFailure";
        max_daysto_reach_min_sources = Number, "MaxDaystoReachMinSources";
        min_new_passes_in_recovery_window = Number, "MinNewPassesInRecoveryWindow";
        max_days_to_maintain_rta = Number, "MaxDaysToMaintainRTA";
        max_repackage_distance_from_source = Words, "MaxRepackageDistanceFromSource";
        max_days_without_tested_source = Words, "MaxDaysWithoutTestedSource";
        requires_product_pdf_documents = Integer, "RequiresProductPDFDocuments";
        lab_test_batch_names = Texts, "LabTestBatchNames";
    }
}

requests! {
    /// What [`CREATE_BRANDS`] sends, an array of them.
    NewBrand {
        required {
            name: Text, "Name";
        }
    }

    /// What [`UPLOAD_FILES`] sends, an array of them.
    Upload {
        required {
            file_name: Text, "FileName";
            encoded_image_base64: Text, "EncodedImageBase64";
        }
    }

    /// What [`CREATE`] sends, an array of them.
    NewItem {
        required {
            item_category: Text, "ItemCategory";
            name: Text, "Name";
            unit_of_measure: Text, "UnitOfMeasure";
        }
        optional {
            global_product_name: Option<Text>, "GlobalProductName";
            strain: Option<Text>, "Strain";
            item_brand: Option<Text>, "ItemBrand";
            administration_method: Option<Text>, "AdministrationMethod";
            unit_cbd_percent: Option<NumberText>, "UnitCbdPercent";
            unit_cbd_content: Option<NumberText>, "UnitCbdContent";
            unit_cbd_content_unit_of_measure: Option<Text>, "UnitCbdContentUnitOfMeasure";
            unit_cbd_content_dose: Option<NumberText>, "UnitCbdContentDose";
            unit_cbd_content_dose_unit_of_measure: Option<Text>, "UnitCbdContentDoseUnitOfMeasure";
            unit_thc_percent: Option<NumberText>, "UnitThcPercent";
            unit_thc_content: Option<NumberText>, "UnitThcContent";
            unit_thc_content_unit_of_measure: Option<Text>, "UnitThcContentUnitOfMeasure";
            unit_thc_content_dose: Option<NumberText>, "UnitThcContentDose";
            unit_thc_content_dose_unit_of_measure: Option<Text>, "UnitThcContentDoseUnitOfMeasure";
            unit_cbd_a_percent: Option<NumberText>, "UnitCbdAPercent";
            unit_cbd_a_content: Option<NumberText>, "UnitCbdAContent";
            unit_cbd_a_content_unit_of_measure: Option<Text>, "UnitCbdAContentUnitOfMeasure";
            unit_cbd_a_content_dose: Option<NumberText>, "UnitCbdAContentDose";
            unit_cbd_a_content_dose_unit_of_measure: Option<Text>, "UnitCbdAContentDoseUnitOfMeasure";
            unit_thc_a_percent: Option<NumberText>, "UnitThcAPercent";
            unit_thc_a_content: Option<NumberText>, "UnitThcAContent";
            unit_thc_a_content_unit_of_measure: Option<Text>, "UnitThcAContentUnitOfMeasure";
            unit_thc_a_content_dose: Option<NumberText>, "UnitThcAContentDose";
            unit_thc_a_content_dose_unit_of_measure: Option<Text>, "UnitThcAContentDoseUnitOfMeasure";
            unit_volume: Option<NumberText>, "UnitVolume";
            unit_volume_unit_of_measure: Option<Text>, "UnitVolumeUnitOfMeasure";
            unit_weight: Option<NumberText>, "UnitWeight";
            unit_weight_unit_of_measure: Option<Text>, "UnitWeightUnitOfMeasure";
            serving_size: Option<Text>, "ServingSize";
            supply_duration_days: Option<i64>, "SupplyDurationDays";
            number_of_doses: Option<NumberText>, "NumberOfDoses";
            public_ingredients: Option<Text>, "PublicIngredients";
            item_ingredients: Option<Text>, "ItemIngredients";
            description: Option<Text>, "Description";
            allergens: Option<Text>, "Allergens";
            product_image_file_system_ids: Vec<i64>, "ProductImageFileSystemIds";
            product_photo_description: Option<Text>, "ProductPhotoDescription";
            label_image_file_system_ids: Vec<i64>, "LabelImageFileSystemIds";
            label_photo_description: Option<Text>, "LabelPhotoDescription";
            packaging_image_file_system_ids: Vec<i64>, "PackagingImageFileSystemIds";
            packaging_photo_description: Option<Text>, "PackagingPhotoDescription";
            product_pdf_file_system_ids: Vec<i64>, "ProductPDFFileSystemIds";
            processing_job_category_name: Option<Text>, "ProcessingJobCategoryName";
            processing_job_type_name: Option<Text>, "ProcessingJobTypeName";
        }
    }

    /// What [`RENAME_BRANDS`] sends, an array of them.
    BrandName {
        required {
            id: i64, "Id";
            name: Text, "Name";
        }
    }

    /// What [`CHANGE`] sends, an array of them.
    ChangedItem {
        required {
            id: i64, "Id";
            name: Text, "Name";
            item_category: Text, "ItemCategory";
            unit_of_measure: Text, "UnitOfMeasure";
        }
        optional {
            global_product_name: Option<Text>, "GlobalProductName";
            strain: Option<Text>, "Strain";
            item_brand: Option<Text>, "ItemBrand";
            administration_method: Option<Text>, "AdministrationMethod";
            unit_cbd_percent: Option<NumberText>, "UnitCbdPercent";
            unit_cbd_content: Option<NumberText>, "UnitCbdContent";
            unit_cbd_content_unit_of_measure: Option<Text>, "UnitCbdContentUnitOfMeasure";
            unit_cbd_content_dose: Option<NumberText>, "UnitCbdContentDose";
            unit_cbd_content_dose_unit_of_measure: Option<Text>, "UnitCbdContentDoseUnitOfMeasure";
            unit_thc_percent: Option<NumberText>, "UnitThcPercent";
            unit_thc_content: Option<NumberText>, "UnitThcContent";
            unit_thc_content_unit_of_measure: Option<Text>, "UnitThcContentUnitOfMeasure";
            unit_thc_content_dose: Option<NumberText>, "UnitThcContentDose";
            unit_thc_content_dose_unit_of_measure: Option<Text>, "UnitThcContentDoseUnitOfMeasure";
            unit_cbd_a_percent: Option<NumberText>, "UnitCbdAPercent";
            unit_cbd_a_content: Option<NumberText>, "UnitCbdAContent";
            unit_cbd_a_content_unit_of_measure: Option<Text>, "UnitCbdAContentUnitOfMeasure";
            unit_cbd_a_content_dose: Option<NumberText>, "UnitCbdAContentDose";
            unit_cbd_a_content_dose_unit_of_measure: Option<Text>, "UnitCbdAContentDoseUnitOfMeasure";
            unit_thc_a_percent: Option<NumberText>, "UnitThcAPercent";
            unit_thc_a_content: Option<NumberText>, "UnitThcAContent";
            unit_thc_a_content_unit_of_measure: Option<Text>, "UnitThcAContentUnitOfMeasure";
            unit_thc_a_content_dose: Option<NumberText>, "UnitThcAContentDose";
            unit_thc_a_content_dose_unit_of_measure: Option<Text>, "UnitThcAContentDoseUnitOfMeasure";
            unit_volume: Option<NumberText>, "UnitVolume";
            unit_volume_unit_of_measure: Option<Text>, "UnitVolumeUnitOfMeasure";
            unit_weight: Option<NumberText>, "UnitWeight";
            unit_weight_unit_of_measure: Option<Text>, "UnitWeightUnitOfMeasure";
            serving_size: Option<Text>, "ServingSize";
            supply_duration_days: Option<i64>, "SupplyDurationDays";
            number_of_doses: Option<NumberText>, "NumberOfDoses";
            public_ingredients: Option<Text>, "PublicIngredients";
            item_ingredients: Option<Text>, "ItemIngredients";
            description: Option<Text>, "Description";
            allergens: Option<Text>, "Allergens";
            product_image_file_system_ids: Vec<i64>, "ProductImageFileSystemIds";
            product_pdf_file_system_ids: Vec<i64>, "ProductPDFFileSystemIds";
            product_photo_description: Option<Text>, "ProductPhotoDescription";
            label_image_file_system_ids: Vec<i64>, "LabelImageFileSystemIds";
            label_photo_description: Option<Text>, "LabelPhotoDescription";
            packaging_image_file_system_ids: Vec<i64>, "PackagingImageFileSystemIds";
            packaging_photo_description: Option<Text>, "PackagingPhotoDescription";
            processing_job_category_name: Option<Text>, "ProcessingJobCategoryName";
            processing_job_type_name: Option<Text>, "ProcessingJobTypeName";
        }
    }
}

operations! {
    CREATE_BRANDS = POST "/items/v2/brand" licence, [NewBrand] => Ids, needs ["Manage Items"];
    UPLOAD_FILES = POST "/items/v2/file" licence, [Upload] => Ids, needs ["Manage Items"];
    CREATE = POST "/items/v2" licence, [NewItem] => Ids, needs ["Manage Items"];
    UPLOAD_PHOTOS = POST "/items/v2/photo" licence, [Upload] => Ids, needs ["Manage Items"];
    REMOVE_BRAND = DELETE "/items/v2/brand/{id}" licence, () => Empty, needs ["Manage Items"];
    REMOVE = DELETE "/items/v2/{id}" licence, () => Empty, needs ["Manage Items"];
    ACTIVE = GET "/items/v2/active" licence window, () => Page<Item>, needs ["Manage Items"];
    BRANDS = GET "/items/v2/brands" licence, () => Page<Brand>, needs ["Manage Items"];
    CATEGORIES = GET "/items/v2/categories" licence, () => Page<Category>;
    FILE = GET "/items/v2/file/{id}" licence, () => One<FileContents>, needs ["Manage Items"];
    INACTIVE = GET "/items/v2/inactive" licence, () => Page<Item>, needs ["Manage Items"];
    BY_ID = GET "/items/v2/{id}" licence, () => One<Item>, needs ["Manage Items"];
    PHOTO = GET "/items/v2/photo/{id}" licence, () => One<FileContents>, needs ["Manage Items"];
    RENAME_BRANDS = PUT "/items/v2/brand" licence, [BrandName] => Empty, needs ["Manage Items"];
    CHANGE = PUT "/items/v2" licence, [ChangedItem] => Empty, needs ["Manage Items"];
}

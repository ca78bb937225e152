//! Shapes that several families share.

use super::answers;

answers! {
    /// What a write that creates is answered.
    Created {
        ids = Integers, "Ids";
        warnings = Raw, "Warnings";
    }

    /// An error's words.
    Message {
        message = Private, "Message";
    }

    /// A file in an answer.
    FileContents {
        file_contents = Words, "FileContents";
        content_type = Words, "ContentType";
        file_download_name = Words, "FileDownloadName";
    }

    /// A thing of which only number and name are told.
    Named {
        id = Integer, "Id";
        name = Words, "Name";
    }

    /// `ProductLabel` of a package.
    ProductLabel {
        qr_count = Integer, "QrCount";
        is_child_from_parent_with_label = Flag, "IsChildFromParentWithLabel";
        original_source_package_id = Integer, "OriginalSourcePackageId";
        original_source_package_label = Words, "OriginalSourcePackageLabel";
        label_source = Words, "LabelSource";
        qr_code_ranges = Raw, "QrCodeRanges";
        last_label_generation_date = Date, "LastLabelGenerationDate";
        is_active = Flag, "IsActive";
    }
}

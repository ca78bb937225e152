//! Rooms and places within them.

use super::common::Named;
use super::{Empty, Ids, One, Page, Text, answers, operations, requests};

answers! {
    /// A room.
    Location {
        id = Integer, "Id";
        name = Words, "Name";
        location_type_id = Integer, "LocationTypeId";
        location_type_name = Words, "LocationTypeName";
        for_plant_batches = Flag, "ForPlantBatches";
        for_plants = Flag, "ForPlants";
        for_harvests = Flag, "ForHarvests";
        for_packages = Flag, "ForPackages";
    }

    /// A kind of room.
    LocationType {
        id = Integer, "Id";
        name = Words, "Name";
        for_plant_batches = Flag, "ForPlantBatches";
        for_plants = Flag, "ForPlants";
        for_harvests = Flag, "ForHarvests";
        for_packages = Flag, "ForPackages";
    }
}

requests! {
    /// What [`CREATE`] sends, an array of them.
    NewLocation {
        required {
            name: Text, "Name";
            location_type_name: Text, "LocationTypeName";
        }
    }

    /// What [`CHANGE`] sends, an array of them.
    ChangedLocation {
        required {
            id: i64, "Id";
            name: Text, "Name";
            location_type_name: Text, "LocationTypeName";
        }
    }

    /// What [`CREATE_SUBLOCATIONS`] sends, an array of them.
    NewSublocation {
        required {
            name: Text, "Name";
        }
    }

    /// What [`CHANGE_SUBLOCATIONS`] sends, an array of them.
    ChangedSublocation {
        required {
            id: i64, "Id";
            name: Text, "Name";
        }
    }
}

operations! {
    CREATE = POST "/locations/v2" licence, [NewLocation] => Ids, needs ["Manage Locations"];
    REMOVE = DELETE "/locations/v2/{id}" licence, () => Empty, needs ["Manage Locations"];
    ACTIVE = GET "/locations/v2/active" licence window, () => Page<Location>, needs ["Manage Locations"];
    INACTIVE = GET "/locations/v2/inactive" licence, () => Page<Location>, needs ["Manage Locations"];
    BY_ID = GET "/locations/v2/{id}" licence, () => One<Location>, needs ["Manage Locations"];
    TYPES = GET "/locations/v2/types" licence, () => Page<LocationType>, needs ["Manage Locations"];
    CHANGE = PUT "/locations/v2" licence, [ChangedLocation] => Empty, needs ["Manage Locations"];
    CREATE_SUBLOCATIONS = POST "/sublocations/v2" licence, [NewSublocation] => Ids, needs ["Manage Locations"];
    REMOVE_SUBLOCATION = DELETE "/sublocations/v2/{id}" licence, () => Empty, needs ["Manage Locations"];
    SUBLOCATIONS_ACTIVE = GET "/sublocations/v2/active" licence window, () => Page<Named>,
        needs ["Manage Locations"];
    SUBLOCATIONS_INACTIVE = GET "/sublocations/v2/inactive" licence, () => Page<Named>,
        needs ["Manage Locations"];
    SUBLOCATION = GET "/sublocations/v2/{id}" licence, () => One<Named>, needs ["Manage Locations"];
    CHANGE_SUBLOCATIONS = PUT "/sublocations/v2" licence, [ChangedSublocation] => Empty, needs ["Manage Locations"];
}

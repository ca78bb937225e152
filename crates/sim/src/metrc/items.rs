//! Items, their categories, brands, files and photos.

use super::context::{Answer, Context, not_found};
use super::exchange::{Fields, Reply};
use super::records::{File, Item, Licence, Place, on};
use super::shape::{V, decimal, quote, shape};
use trueup_core::{Dimension, Unit, decimal_text};

const MANAGE: &[&str] = &["Manage Items"];

/// Categories of a retailer's items: name, kind, how they are counted, whether a strain and a unit's weight are needed.
pub(super) const CATEGORIES: [(&str, &str, &str, bool, bool); 6] = [
    ("Buds (by strain, prepack)", "Buds", "CountBased", true, true),
    ("Buds (by strain)", "Buds", "WeightBased", true, false),
    ("Infused Edible (each)", "InfusedEdible", "CountBased", false, false),
    ("Concentrate (each)", "Concentrate", "CountBased", false, true),
    ("Shake/Trim (by strain)", "ShakeTrim", "WeightBased", true, false),
    ("Tincture (volume)", "InfusedNonEdible", "VolumeBased", false, false),
];

/// Answers what the path asks for; `path` is behind `/items/v2`.
pub(super) fn route(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    if path != ["categories"]
        && let Err(refused) = c.needs(MANAGE)
    {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["active"]) => list(c, licence, on::ACTIVE),
        ("GET", ["inactive"]) => list(c, licence, on::INACTIVE),
        ("GET", ["categories"]) => c.paged(&CATEGORIES, |(name, kind, counted, strain, weight), out| {
            let values = [V::Text(name), V::Text(kind), V::Text(counted), V::Flag(*strain), V::Flag(*weight)];
            CATEGORY.write(&values, out);
        }),
        ("GET", ["brands"]) => {
            let brands: Vec<&Place> = licence.brands.iter().collect();
            c.paged(&brands, |brand, out| {
                let status = if brand.archived { "Inactive" } else { "Active" };
                out.push_str(&format!("{{\"Id\":{},\"Name\":", brand.id));
                quote(&brand.name, out);
                out.push_str(&format!(",\"Status\":\"{status}\"}}"));
            })
        }
        ("GET", ["file" | "photo", id]) => file(licence, id),
        ("GET", [id]) => match id.parse().ok().and_then(|id| licence.items.get(id)) {
            Some(item) => Ok(Reply::json(200, text(licence, item))),
            None => Err(not_found()),
        },
        ("POST", []) => c.write(licence, create),
        ("PUT", []) => c.write(licence, change),
        ("POST", ["brand"]) => c.write(licence, |c, licence, row| {
            let (name, id) = (row.need("Name")?, c.next_id());
            licence.brands.put(Place { id, name, kind: String::new(), archived: false, modified: c.stamp() });
            Ok(id)
        }),
        ("PUT", ["brand"]) => c.write(licence, |_, licence, row| {
            let (id, name) = (row.int("Id").ok_or("Id is required.")?, row.need("Name")?);
            licence.brands.get(id).ok_or_else(|| format!("Brand {id} was not found."))?;
            licence.brands.edit(id, |brand| brand.name = name);
            Ok(id)
        }),
        ("POST", ["file" | "photo"]) => c.write(licence, |c, licence, row| {
            let (name, contents, id) = (row.need("FileName")?, row.need("EncodedImageBase64")?, c.next_id());
            licence.files.put(File { id, name, contents, modified: c.stamp() });
            Ok(id)
        }),
        ("DELETE", ["brand", id]) => archive_brand(licence, id),
        ("DELETE", [id]) => archive(c, licence, id),
        _ => return None,
    })
}

fn list(c: &Context<'_>, licence: &Licence, list: u8) -> Answer {
    c.windowed(list, &licence.items, |item, out| out.push_str(&text(licence, item)))
}

fn file(licence: &Licence, id: &str) -> Answer {
    let file = id.parse().ok().and_then(|id| licence.files.get(id)).ok_or_else(not_found)?;
    let mut out = String::from("{\"FileContents\":");
    quote(&file.contents, &mut out);
    out.push_str(",\"ContentType\":\"image/png\",\"FileDownloadName\":");
    quote(&file.name, &mut out);
    out.push('}');
    Ok(Reply::json(200, out))
}

/// What a row says of an item, the rest as in `old`.
fn described(licence: &Licence, row: &Fields<'_>, old: Item) -> Result<Item, String> {
    let name = row.need("Name")?;
    let category = row.need("ItemCategory")?;
    let known = CATEGORIES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(&category));
    let (category, ..) = known.ok_or_else(|| format!("Item category {category} was not found."))?;
    let unit = row.need("UnitOfMeasure")?;
    let unit = Unit::parse(&unit).map_err(|_| format!("Unit of measure {unit} was not found."))?;
    if licence.items.iter().any(|item| item.id != old.id && !item.archived && item.name.eq_ignore_ascii_case(&name)) {
        return Err(format!("An item named {name} already exists."));
    }
    let weight = row.text("UnitWeight").map(|_| row.decimal("UnitWeight")).transpose()?;
    let weight_unit = row.text("UnitWeightUnitOfMeasure").and_then(|unit| Unit::parse(&unit).ok());
    let brand = row.text("ItemBrand").and_then(|name| super::records::place(&licence.brands, &name).map(|it| it.id));
    let (category, unit_weight) = ((*category).to_owned(), weight.zip(weight_unit));
    Ok(Item { name, category, unit, unit_weight, strain: row.text("Strain"), brand, ..old })
}

fn create(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let id = c.next_id();
    let blank = Item {
        id,
        name: String::new(),
        category: String::new(),
        unit: Unit::Each,
        unit_weight: None,
        strain: None,
        brand: None,
        archived: false,
        modified: c.stamp(),
    };
    let item = described(licence, row, blank)?;
    licence.items.put(item);
    Ok(id)
}

fn change(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let id = row.int("Id").ok_or("Id is required.")?;
    let old = licence.items.get(id).ok_or_else(|| format!("Item {id} was not found."))?.clone();
    c.next_id();
    let item = Item { modified: c.stamp(), ..described(licence, row, old)? };
    licence.items.put(item);
    Ok(id)
}

fn archive(c: &mut Context<'_>, licence: &mut Licence, id: &str) -> Answer {
    let id = id.parse().ok().filter(|id| licence.items.get(*id).is_some()).ok_or_else(not_found)?;
    if licence.packages.iter().any(|package| package.item == id && package.is_active()) {
        return Err(Reply::rejected(&[(0, "The item is used by active packages.".to_owned())]));
    }
    c.next_id();
    let modified = c.stamp();
    licence.items.edit(id, |item| (item.archived, item.modified) = (true, modified));
    licence.commit();
    Ok(Reply::empty(200))
}

fn archive_brand(licence: &mut Licence, id: &str) -> Answer {
    let id = id.parse().ok().filter(|id| licence.brands.get(*id).is_some()).ok_or_else(not_found)?;
    licence.brands.edit(id, |brand| brand.archived = true);
    licence.commit();
    Ok(Reply::empty(200))
}

shape!(CATEGORY, "category", ["Name", "ProductCategoryType", "QuantityType", "RequiresStrain", "RequiresUnitWeight"]);
shape!(
    ITEM,
    "item",
    [
        "Id",
        "Name",
        "ProductCategoryName",
        "ProductCategoryType",
        "QuantityType",
        "UnitOfMeasureName",
        "StrainName",
        "ItemBrandId",
        "ItemBrandName",
        "UnitWeight",
        "UnitWeightUnitOfMeasureName",
    ]
);

/// An item as the API writes it.
pub(super) fn text(licence: &Licence, item: &Item) -> String {
    let kind = CATEGORIES.iter().find(|(name, ..)| *name == item.category).map_or("Other", |category| category.1);
    let counted = match item.unit.dimension() {
        Dimension::Count => "CountBased",
        Dimension::Weight => "WeightBased",
        Dimension::Volume => "VolumeBased",
    };
    let brand = item.brand.and_then(|id| licence.brands.get(id));
    let weight = item.unit_weight.map(|(number, unit)| {
        (decimal(decimal_text(i128::from(number.mantissa()), u32::from(number.scale()), true)), unit.name())
    });
    let (weight, weight_unit) = weight.unzip();
    ITEM.text(&[
        V::Int(item.id),
        V::Text(&item.name),
        V::Text(&item.category),
        V::Text(kind),
        V::Text(counted),
        V::Text(item.unit.name()),
        item.strain.as_deref().into(),
        V::Int(brand.map_or(0, |brand| brand.id)),
        brand.map(|brand| brand.name.as_str()).into(),
        weight.unwrap_or(V::Null),
        weight_unit.into(),
    ])
}

//! Codes on single units.

use super::context::{Answer, Context, not_found};
use super::exchange::{Fields, Reply, object};
use super::packages::{active, find};
use super::records::{Licence, Package, RetailIds};
use super::shape::quote;

/// Answers what the path asks for; `path` is behind `/retailid/v2`.
pub(super) fn route(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    if !c.settings.retail_ids {
        return Some(Err(not_found()));
    }
    if let Err(refused) = c.needs(&["Manage Product Labels"]) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["allotment"]) => {
            let (facility, number) = (licence.facility, &licence.number);
            let allotment = 100_000 - licence.retail_ids.iter().map(|ids| ids.codes.len()).sum::<usize>();
            Ok(Reply::json(
                200,
                format!(
                    "{{\"FacilityId\":{facility},\"Allotment\":{allotment},\"FacilityLicenseNumber\":\"{number}\"}}"
                ),
            ))
        }
        ("POST", ["associate"]) => c.write(licence, |c, licence, row| {
            let package = active(licence, &row.need("PackageLabel")?)?.id;
            Ok(put(c, licence, package, row.texts("QrUrls")))
        }),
        ("POST", ["generate"]) => generate(c, licence),
        ("POST", ["merge"]) => labels(c, licence).and_then(|labels| match labels.len() {
            0 | 1 => Err(Reply::message(400, "At least two packages are required.")),
            _ => Ok(Reply::empty(200)),
        }),
        ("POST", ["packages", "info"]) => labels(c, licence).map(|packages| {
            let rows: Vec<String> = packages.iter().map(|id| info(licence, *id)).collect();
            Reply::json(200, format!("{{\"Packages\":[{}]}}", rows.join(",")))
        }),
        ("GET", ["receive", "qr", code]) => {
            let ids = licence.retail_ids.iter().find(|ids| ids.codes.iter().any(|known| known.ends_with(code)));
            let package = ids.and_then(|ids| licence.packages.get(ids.package)).ok_or_else(not_found);
            package.map(|package| received(licence, package))
        }
        ("GET", ["receive", label]) => {
            find(licence, label).map(|package| received(licence, package)).ok_or_else(not_found)
        }
        _ => return None,
    })
}

fn put(c: &mut Context<'_>, licence: &mut Licence, package: i64, codes: Vec<String>) -> i64 {
    let id = c.next_id();
    licence.retail_ids.put(RetailIds { id, package, codes, modified: c.stamp() });
    id
}

fn generate(c: &mut Context<'_>, licence: &mut Licence) -> Answer {
    /// More codes than any package has units.
    const MOST: i64 = 10_000;
    let body = c.body;
    let row: Fields<'_> = object(body)?;
    let rejected = |message: String| Reply::rejected(&[(0, message)]);
    let package = row.need("PackageLabel").and_then(|label| Ok(active(licence, &label)?.id)).map_err(rejected)?;
    let quantity = row.int("Quantity").filter(|quantity| (1..=MOST).contains(quantity));
    let quantity = quantity.ok_or_else(|| rejected("Quantity is not valid.".to_owned()))?;
    let first = *c.last_id + 1;
    let codes: Vec<String> =
        (0..quantity).map(|number| format!("https://1a4.com/{:010}", first * 1_000 + number)).collect();
    let quoted: Vec<String> = codes.iter().map(|code| format!("\"{code}\"")).collect();
    let id = put(c, licence, package, codes);
    licence.commit();
    Ok(Reply::json(
        200,
        format!(
            "{{\"CoaBl\":\"\",\"IssuanceId\":\"{id}\",\"Manifest\":{{\"Qrs\":[{}],\"Ranges\":[[1,{quantity}]]}},\
             \"StackBl\":\"\",\"Url\":\"https://1a4.com\"}}",
            quoted.join(",")
        ),
    ))
}

/// The packages that a body names.
fn labels(c: &Context<'_>, licence: &Licence) -> Result<Vec<i64>, Reply> {
    let row = object(c.body)?;
    let found = row.texts("packageLabels").into_iter().map(|label| active(licence, &label).map(|package| package.id));
    found.collect::<Result<_, _>>().map_err(|message| Reply::rejected(&[(0, message)]))
}

fn codes(licence: &Licence, package: i64) -> Vec<&str> {
    let of_package = licence.retail_ids.iter().filter(|ids| ids.package == package);
    of_package.flat_map(|ids| ids.codes.iter().map(String::as_str)).collect()
}

fn info(licence: &Licence, package: i64) -> String {
    let (label, count) =
        (licence.packages.get(package).map_or("", |package| package.label.as_str()), codes(licence, package).len());
    format!(
        "{{\"Tag\":\"{label}\",\"QrCount\":{count},\"EstimatedBalance\":{count},\"SiblingCount\":0,\"IssuanceId\":\"\",\
         \"Issuances\":[],\"HasQrs\":{},\"RequiresVerification\":false}}",
        count > 0
    )
}

fn received(licence: &Licence, package: &Package) -> Reply {
    let codes = codes(licence, package.id);
    let mut eaches = String::new();
    for (place, code) in codes.iter().enumerate() {
        if place > 0 {
            eaches.push(',');
        }
        quote(code, &mut eaches);
    }
    let (label, count) = (&package.label, codes.len());
    Reply::json(
        200,
        format!(
            "{{\"Eaches\":[{eaches}],\"SiblingTags\":[],\"RequiresVerification\":false,\"Ranges\":[],\"QrCount\":{count},\
             \"ChildTag\":\"{label}\",\"LabelSource\":\"\"}}"
        ),
    )
}

/// `ProductLabel` of a package; null without codes.
pub(super) fn product_label(licence: &Licence, package: i64) -> String {
    if licence.retail_ids.len() == 0 {
        return "null".to_owned();
    }
    match codes(licence, package).len() {
        0 => "null".to_owned(),
        count => format!(
            "{{\"QrCount\":{count},\"IsChildFromParentWithLabel\":false,\"OriginalSourcePackageId\":null,\
             \"OriginalSourcePackageLabel\":null,\"LabelSource\":null,\"QrCodeRanges\":null,\
             \"LastLabelGenerationDate\":null,\"IsActive\":true}}"
        ),
    }
}

//! The first version of the API, as far as clients of retailers still use it: other paths and verbs, bare arrays, empty
//! answers to writes.

use super::context::{Answer, Context, array};
use super::exchange::Reply;
use super::records::{Licence, Receipt};
use super::sales;
use jiff::civil;
use std::collections::BTreeMap;
use trueup_core::{Decimal, decimal_text};

/// A call of the first version as one of the second: its verb and its path behind the version.
pub(super) fn translated(family: &str, method: &'static str, path: &[&str]) -> (&'static str, Vec<String>) {
    let (method, path): (_, Vec<&str>) = match (family, method, path) {
        ("packages", "POST", ["create"]) => ("POST", vec![]),
        ("packages", "POST", ["create", kind @ ("testing" | "plantings")]) => ("POST", vec![kind]),
        ("packages", "POST", ["change", "locations"]) => ("PUT", vec!["location"]),
        ("packages", "POST", ["change", "item" | "items"]) => ("PUT", vec!["item"]),
        ("packages", "POST" | "PUT", ["change", "note"]) => ("PUT", vec!["note"]),
        ("packages", "POST", [change @ ("finish" | "unfinish" | "remediate")]) => ("PUT", vec![change]),
        ("items" | "locations", "POST", ["create"]) => ("POST", vec![]),
        ("items" | "locations", "POST", ["update"]) => ("PUT", vec![]),
        ("patients", "POST", ["add"]) => ("POST", vec![]),
        ("patients", "POST" | "PUT", ["update"]) => ("PUT", vec![]),
        // Some clients write `delivery` where others write `deliveries`.
        ("sales" | "transfers", _, ["delivery", rest @ ..]) => {
            (method, std::iter::once("deliveries").chain(rest.iter().copied()).collect())
        }
        _ => (method, path.to_vec()),
    };
    (method, path.into_iter().map(str::to_owned).collect())
}

/// `/sales/v1/transactions`: what the second version has no more.
pub(super) fn transactions(c: &Context<'_>, licence: &Licence, path: &[&str]) -> Option<Answer> {
    let standing = || licence.receipts.iter().filter(|receipt| receipt.archived.is_none());
    match path {
        [] => {
            let mut days: BTreeMap<civil::Date, Vec<&Receipt>> = BTreeMap::new();
            for receipt in standing() {
                days.entry(receipt.sold_at.date()).or_default().push(receipt);
            }
            Some(
                c.needs(sales::VIEW)
                    .map(|()| array(days, |(day, receipts), out| out.push_str(&summary(day, &receipts)))),
            )
        }
        [from, to] => {
            let date = |text: &str| text.get(..10).and_then(|text| text.parse::<civil::Date>().ok());
            let (Some(from), Some(to)) = (date(from), date(to)) else {
                return Some(Err(Reply::message(400, "The sales date range is not valid.")));
            };
            let lines = standing().filter(|receipt| (from..=to).contains(&receipt.sold_at.date()));
            let lines: Vec<String> = lines.flat_map(|receipt| sales::line_texts(licence, receipt)).collect();
            Some(c.needs(sales::VIEW).map(|()| array(lines, |line, out| out.push_str(&line))))
        }
        _ => None,
    }
}

fn summary(day: civil::Date, receipts: &[&Receipt]) -> String {
    let lines = || receipts.iter().flat_map(|receipt| &receipt.lines);
    let total = lines().fold(Decimal::new(0, 0), |sum, line| sum.checked_add(line.price).unwrap_or(sum));
    let price = decimal_text(i128::from(total.mantissa()), u32::from(total.scale()), true);
    format!(
        "{{\"SalesDate\":\"{day}\",\"TotalTransactions\":{},\"TotalPackages\":{},\"TotalPrice\":{price}}}",
        receipts.len(),
        lines().count()
    )
}

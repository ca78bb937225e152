//! The state's records as people export them from its pages: tables.

use super::{Adjustment, StateLot, StateReceipt, Tags};
use crate::SimError;
use crate::files::{Table, base_text};
use crate::goods::Item;
use crate::pos::ROOMS;
use crate::style::Style;
use jiff::civil;
use std::path::Path;
use trueup_core::{PackageTag, Unit};

const PACKAGES: [&str; 11] = [
    "package_id",
    "item",
    "quantity",
    "unit",
    "room",
    "status",
    "source_package_ids",
    "packaged_at",
    "received_at",
    "manifest",
    "original_quantity",
];
const SALES: [&str; 10] = [
    "receipt_id",
    "external_id",
    "sold_at",
    "package_id",
    "quantity",
    "unit",
    "voided_at",
    "finalized",
    "recorded_at",
    "recorded_by",
];
const ADJUSTMENTS: [&str; 7] = ["package_id", "at", "quantity_delta", "unit", "reason", "note", "by"];

/// The tables, while they are written.
pub(super) struct Tables {
    packages: Table,
    sales: Table,
    adjustments: Table,
}

fn day(date: civil::Date) -> String {
    date.strftime("%Y-%m-%d").to_string()
}

impl Tables {
    pub fn create(folder: &Path) -> Result<Self, SimError> {
        let create = |name: &str, columns: &[&str]| Table::create(folder.join(format!("state/{name}.csv")), columns);
        Ok(Self {
            packages: create("packages", &PACKAGES)?,
            sales: create("sales", &SALES)?,
            adjustments: create("adjustments", &ADJUSTMENTS)?,
        })
    }

    pub fn receipt(&mut self, style: &Style, receipt: &StateReceipt, tags: Tags<'_>) -> Result<(), SimError> {
        let (id, sold_at) = (receipt.id.to_string(), receipt.sold_at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
        let voided = receipt.archived.map(day).unwrap_or_default();
        let recorded = style.zone.rfc3339(receipt.recorded);
        for line in &receipt.lines {
            let Some((tag, _)) = tags(line.lot) else { continue };
            self.sales.row(&[
                &id,
                receipt.external.as_deref().unwrap_or_default(),
                &sold_at,
                &tag.to_string(),
                &line.number.to_string(),
                line.unit.symbol(),
                &voided,
                if receipt.finalized { "true" } else { "false" },
                &recorded,
                receipt.by,
            ])?;
        }
        Ok(())
    }

    pub fn adjustment(
        &mut self,
        style: &Style,
        items: &[Item],
        adjustment: &Adjustment,
        tag: PackageTag,
        item: u32,
    ) -> Result<(), SimError> {
        let local = style.local(adjustment.at);
        let at = if style.dated_adjustments { day(local.date()) } else { style.zone.rfc3339(adjustment.at) };
        self.adjustments.row(&[
            &tag.to_string(),
            &at,
            &base_text(i128::from(adjustment.amount)),
            unit_of(items, item).symbol(),
            adjustment.reason,
            &adjustment.note,
            adjustment.by,
        ])
    }

    pub fn packages<'l>(
        &mut self,
        style: &Style,
        items: &[Item],
        lots: impl Iterator<Item = &'l StateLot>,
    ) -> Result<(), SimError> {
        for lot in lots.filter(|lot| lot.archived.is_none()) {
            let status = match lot {
                StateLot { held: true, .. } => "on hold",
                StateLot { finished: Some(_), .. } => "finished",
                _ => "active",
            };
            let sources: Vec<String> = lot.sources.iter().map(ToString::to_string).collect();
            let (received, manifest) = match &lot.received {
                Some((at, manifest)) => (style.zone.rfc3339(*at), manifest.as_str()),
                None => (String::new(), ""),
            };
            let item = usize::try_from(lot.item).ok().and_then(|item| items.get(item));
            self.packages.row(&[
                &lot.tag.to_string(),
                item.map_or("", |item| &item.name),
                &base_text(i128::from(lot.quantity)),
                unit_of(items, lot.item).symbol(),
                ROOMS.get(usize::from(lot.room)).map_or("", |room| room.1),
                status,
                &sources.join(";"),
                &lot.packaged.map(day).unwrap_or_default(),
                &received,
                manifest,
                &base_text(i128::from(lot.original)),
            ])?;
        }
        Ok(())
    }

    pub fn finish(self) -> Result<(), SimError> {
        self.packages.finish()?;
        self.sales.finish()?;
        self.adjustments.finish()
    }
}

fn unit_of(items: &[Item], item: u32) -> Unit {
    usize::try_from(item).ok().and_then(|item| items.get(item)).map_or(Unit::Each, |item| item.unit)
}

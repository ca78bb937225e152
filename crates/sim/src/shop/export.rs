//! The POS's files.

use super::Shop;
use crate::SimError;
use crate::files::{Table, base_text, write_text};
use crate::pos::{INVENTORY, MOVEMENTS, ROOMS, SALES, dollars};
use jiff::Timestamp;
use std::path::Path;

impl Shop {
    /// Writes `store.toml`, once.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn write_settings(&self, folder: &Path) -> Result<(), SimError> {
        let style = &self.style;
        let start = style.moment(style.first_day, 0)?;
        let by = if style.is_reported_for { "trueup" } else { "pos" };
        let corrections = if style.echoes { "echoed" } else { "silent" };
        let text = format!(
            "license = \"{}\"\nstate = \"CO\"\nsystem = \"metrc\"\ntimezone = \"{}\"\nwindow_start = \"{}\"\n\
             as_of = \"{}\"\n[reporting]\nby = \"{by}\"\nmode = \"batch\"\nevery_minutes = {}\n[pos]\ncorrections = \"{corrections}\"\n",
            style.license,
            style.zone_name,
            start,
            self.morning()?,
            style.due.as_mins(),
        );
        write_text(&folder.join("store.toml"), &text)
    }

    /// Exports what the POS has: on hand, sold, moved; and when.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn export(&self, now: Timestamp, folder: &Path) -> Result<(), SimError> {
        let mut inventory = Table::create(folder.join("pos/inventory.csv"), &INVENTORY)?;
        for pack in self.packs.iter().filter(|pack| pack.in_pos != 0) {
            let Some(item) = self.items.get(pack.item) else { continue };
            let (sku, quantity) = (item.skus.first().map_or("", |sku| &sku.code), base_text(i128::from(pack.in_pos)));
            let (tag, unit) = (pack.tag.to_string(), item.unit.symbol());
            inventory.row(&[&tag, sku, &item.name, ROOMS[1].0, &quantity, unit, "0", "0", "active"])?;
        }
        inventory.finish()?;
        let ever = Timestamp::MIN;
        self.sales_since(ever, Table::create(folder.join("pos/sales.csv"), &SALES)?)?;
        self.movements_since(ever, Table::create(folder.join("pos/movements.csv"), &MOVEMENTS)?)?;
        write_text(&folder.join("pos/as_of.txt"), &now.to_string())
    }

    /// Rows of sales and movements that are new, or changed, since a moment, as tables in a folder.
    ///
    /// # Errors
    /// [`SimError`].
    pub fn tell_since(&self, since: Timestamp, folder: &Path) -> Result<(), SimError> {
        self.sales_since(since, Table::create(folder.join("sales.csv"), &SALES)?)?;
        self.movements_since(since, Table::create(folder.join("movements.csv"), &MOVEMENTS)?)
    }

    fn movements_since(&self, since: Timestamp, mut movements: Table) -> Result<(), SimError> {
        for moved in self.moved.iter().filter(|moved| moved.at > since) {
            let Some(item) = self.items.get(self.packs[moved.pack].item) else { continue };
            let (tag, sku) = (self.packs[moved.pack].tag.to_string(), item.skus.first().map_or("", |sku| &sku.code));
            let (quantity, reported) = (base_text(i128::from(moved.amount)), moved.is_reported.to_string());
            let at = moved.at.to_string();
            movements.row(&[
                &moved.event,
                &at,
                moved.kind,
                &tag,
                sku,
                &quantity,
                item.unit.symbol(),
                "",
                "",
                "",
                moved.reason,
                "",
                "Ari",
                &reported,
                &moved.corrects,
            ])?;
        }
        movements.finish()
    }

    fn sales_since(&self, since: Timestamp, mut sales: Table) -> Result<(), SimError> {
        let is_new = |receipt: &&super::Receipt| receipt.at.max(receipt.voided.unwrap_or(receipt.at)) > since;
        for receipt in self.receipts.iter().filter(is_new) {
            let at = receipt.at.to_string();
            let voided = receipt.voided.map(|at| at.to_string()).unwrap_or_default();
            for (place, line) in receipt.lines.iter().enumerate() {
                let Some(item) = self.items.get(self.packs[line.pack].item) else { continue };
                sales.row(&[
                    &receipt.number,
                    &(place + 1).to_string(),
                    &at,
                    "sale",
                    &self.packs[line.pack].tag.to_string(),
                    item.skus.first().map_or("", |sku| &sku.code),
                    &base_text(i128::from(line.amount)),
                    item.unit.symbol(),
                    "",
                    &voided,
                    &dollars(line.price),
                    "Consumer",
                    "Ari",
                    "1",
                ])?;
            }
        }
        sales.finish()
    }
}

//! The POS's receipts, one row a line.

use crate::fields;
use crate::inventory::PACKAGE_ALIASES;
use trueup_core::{CustomerType, Decimal, PackageTag, ReceiptNumber, Sku, Text, Unit, When, Zone};
use trueup_table::{Column, InputError, Row, Table, quoted};

/// The columns of `pos/sales.csv` with the headings of known exports.
pub static SALES: [Column; 18] = [
    Column {
        name: "receipt_id",
        aliases: &[
            "Receipt",
            "Receipt Number",
            "transactionId",
            "transNo",
            "ticket_id",
            "order_number",
            "orderId",
            "Invoice Number",
        ],
        required: true,
    },
    Column { name: "line_no", aliases: &["transactionItemId", "ticketlineid", "Line", "Line Number"], required: true },
    Column {
        name: "sold_at",
        aliases: &[
            "transactionDateLocalTime",
            "transactionDate",
            "date_closed",
            "completedOn",
            "processedTime",
            "SalesDateTime",
        ],
        required: true,
    },
    Column { name: "kind", aliases: &[], required: false },
    Column { name: "package_id", aliases: PACKAGE_ALIASES, required: true },
    Column { name: "sku", aliases: &["Barcode (SKU)", "productSku", "CatalogSku"], required: true },
    Column { name: "quantity", aliases: &["Qty", "Quantity Sold"], required: true },
    Column {
        name: "unit",
        aliases: &["UoM", "Unit of Measure", "quantityUnits", "unitOfWeight", "inventoryUnitOfMeasure", "quantity_uom"],
        required: true,
    },
    Column {
        name: "original_receipt_id",
        aliases: &["returnOnTransactionId", "original_ticket_id", "originalSaleId", "parentTransactionId"],
        required: false,
    },
    Column { name: "voided_at", aliases: &["voidDate"], required: false },
    Column { name: "line_total", aliases: &["totalPrice", "price_total"], required: false },
    Column { name: "customer_type", aliases: &["customerType", "ticket_patient_type"], required: false },
    Column { name: "employee", aliases: &["employeeName", "Budtender"], required: false },
    Column { name: "terminal", aliases: &["terminalName", "cash_register_id", "terminalId"], required: false },
    Column { name: "state_receipt_id", aliases: &["metrcId"], required: false },
    Column { name: "is_void", aliases: &["isVoid", "voided"], required: false },
    Column { name: "is_return", aliases: &["isReturn"], required: false },
    Column { name: "is_coupon", aliases: &["isCoupon"], required: false },
];

/// The places of the columns in [`SALES`].
#[expect(missing_docs, reason = "the names are those of the columns")]
pub mod column {
    pub const RECEIPT: usize = 0;
    pub const LINE: usize = 1;
    pub const SOLD_AT: usize = 2;
    pub const KIND: usize = 3;
    pub const PACKAGE: usize = 4;
    pub const SKU: usize = 5;
    pub const QUANTITY: usize = 6;
    pub const UNIT: usize = 7;
    pub const ORIGINAL: usize = 8;
    pub const VOIDED_AT: usize = 9;
    pub const LINE_TOTAL: usize = 10;
    pub const CUSTOMER: usize = 11;
    pub const EMPLOYEE: usize = 12;
    pub const TERMINAL: usize = 13;
    pub const STATE_RECEIPT: usize = 14;
    pub const IS_VOID: usize = 15;
    pub const IS_RETURN: usize = 16;
    pub const IS_COUPON: usize = 17;
}
use column::*;

/// What a row of sales is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleKind {
    /// Sold.
    Sale,
    /// The goods came back, later.
    Return,
    /// The sale never was.
    Void,
}

impl SaleKind {
    /// As the file writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Return => "return",
            Self::Void => "void",
        }
    }
}

/// One line of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleRow {
    /// The receipt.
    pub receipt: ReceiptNumber,
    /// The line within it.
    pub line: Text,
    /// When.
    pub sold_at: When,
    /// The local time exists twice and the earlier was taken.
    pub ambiguous: bool,
    /// What the row is.
    pub kind: SaleKind,
    /// The package; `None` is merchandise.
    pub package: Option<PackageTag>,
    /// The SKU.
    pub sku: Sku,
    /// How much, never negative.
    pub number: Decimal,
    /// The unit of `number`.
    pub unit: Unit,
    /// The receipt that a return or void is about.
    pub original: ReceiptNumber,
    /// When this sale was voided, in the same row.
    pub voided_at: Option<When>,
    /// The line's price.
    pub price: Option<Decimal>,
    /// The class of the buyer.
    pub customer: Option<CustomerType>,
    /// Who sold.
    pub employee: Text,
    /// The till.
    pub terminal: Text,
    /// The state's receipt that the POS says it got.
    pub state_receipt: Text,
}

/// How an export tells what its rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SalesHeader {
    /// Without a `kind`, the flags `isVoid` and `isReturn` of a vendor's export tell.
    pub by_flags: bool,
}

/// Looks at the header of a sales table.
///
/// # Errors
/// If it has neither a `kind` nor the flags.
pub fn check_sales_header(table: &Table, display: &str) -> Result<SalesHeader, InputError> {
    let by_flags = table.has(IS_VOID) || table.has(IS_RETURN);
    if by_flags || table.has(KIND) {
        return Ok(SalesHeader { by_flags });
    }
    Err(InputError::new(
        display,
        "the column kind is missing",
        "a column kind (sale, return or void), or the flags isVoid and isReturn",
        "export the column too, or add it",
    )
    .at_row(table.header_row())
    .in_column("kind"))
}

/// Reads one row; a coupon is merchandise, whatever package it names.
///
/// # Errors
/// The first cell that cannot be read.
pub fn read_sale(row: &Row<'_>, header: SalesHeader, zone: &Zone) -> Result<SaleRow, InputError> {
    let sold_at = fields::when(row, SOLD_AT, zone)?;
    let kind = read_kind(row, header)?;
    let number = fields::positive(row, QUANTITY, "write returns and voids with their kind and a positive quantity")?;
    let voided_at = read_voided(row, kind, sold_at, zone)?;
    let is_coupon = fields::flag(row, IS_COUPON)?;
    let package = fields::tag(row, PACKAGE)?.filter(|_| !is_coupon);
    Ok(SaleRow {
        receipt: ReceiptNumber::new(fields::required_text(row, RECEIPT, "the receipt's number")?),
        line: Text::new(row.get(LINE)),
        sold_at: sold_at.earlier(),
        ambiguous: matches!(sold_at, When::Twice { .. }),
        kind,
        package,
        sku: Sku::new(row.get(SKU)),
        number,
        unit: fields::unit(row, UNIT)?,
        original: ReceiptNumber::new(row.get(ORIGINAL)),
        voided_at: voided_at.map(When::earlier),
        price: fields::optional_decimal(row, LINE_TOTAL)?,
        customer: CustomerType::read(row.get(CUSTOMER)),
        employee: Text::new(row.get(EMPLOYEE)),
        terminal: Text::new(row.get(TERMINAL)),
        state_receipt: Text::new(row.get(STATE_RECEIPT)),
    })
}

/// When a sale was voided, in its own row. A flag without a time means at once; on a row that is itself a void it says
/// nothing new.
fn read_voided(row: &Row<'_>, kind: SaleKind, sold_at: When, zone: &Zone) -> Result<Option<When>, InputError> {
    let at = fields::optional_when(row, VOIDED_AT, zone)?;
    let flagged = fields::flag(row, IS_VOID)? && kind != SaleKind::Void;
    if kind != SaleKind::Sale && (at.is_some() || flagged) {
        return Err(row.error(
            if at.is_some() { VOIDED_AT } else { IS_VOID },
            format!("a {} that was voided", kind.name()),
            "a void only of a sale",
            "leave the void out, or write it as a row of its own",
        ));
    }
    Ok(at.or(flagged.then_some(sold_at)))
}

fn read_kind(row: &Row<'_>, header: SalesHeader) -> Result<SaleKind, InputError> {
    let text = row.get(KIND);
    match text.to_ascii_lowercase().as_str() {
        "sale" => Ok(SaleKind::Sale),
        "return" => Ok(SaleKind::Return),
        "void" => Ok(SaleKind::Void),
        // A vendor's export tells by flags; its voided sales keep their row.
        "" if header.by_flags => Ok(if fields::flag(row, IS_RETURN)? { SaleKind::Return } else { SaleKind::Sale }),
        _ => Err(row.error(
            KIND,
            format!("unknown kind {}", quoted(text)),
            "sale, return or void",
            "correct the cell and run again; nothing was written",
        )),
    }
}

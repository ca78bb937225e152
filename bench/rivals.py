"""The rivals' side of bench/reconcile: each answers one question about a store folder, in a process of its own.

Which (receipt number, package) differ between the POS's and the state's sales, by quantity or by business day?

- Quantities are summed per key in millionths of a gram, millilitre or piece; returns and voids count against the
  receipt that they name, voided rows count 0, ounces become grams, and pieces of a converted SKU what
  `pos/sku_map.csv` says.
- More than 0.05 apart differs: the state's numbers are rounded to the tenth of a gram by some who type them in.
- Merchandise (no package) is left out. A state's receipt without a number is a key of its own.

Answer: how many keys differ by quantity, by how much they differ together, and how many differ by day alone. That is
only counted and summed, not written, and nothing is explained: what trueup does beyond it costs the rivals nothing.
"""

import sys
from pathlib import Path

THREADS = 2
# DuckDB would fetch what it lacks by itself.
OFFLINE = {"autoinstall_known_extensions": False}
TOLERANCE = 50_000
MILLION = 1_000_000
GRAMS_PER_OUNCE = 28.349523125

POS_COLUMNS = (
    "receipt_id,line_no,sold_at,kind,package_id,sku,quantity,unit,original_receipt_id,voided_at,line_total,"
    "customer_type,employee,terminal"
).split(",")
STATE_COLUMNS = (
    "receipt_id,external_id,sold_at,package_id,quantity,unit,voided_at,finalized,recorded_at,recorded_by"
).split(",")
MAP_COLUMNS = "package_id,sku,per_unit,per_unit_unit".split(",")
NUMBERS = ("quantity", "per_unit")


def read_csv(path: Path, columns: list[str]) -> str:
    """DuckDB's reader with every type told, so that it need not guess."""
    types = ", ".join(f"'{name}': '{'DOUBLE' if name in NUMBERS else 'VARCHAR'}'" for name in columns)
    return f"read_csv('{path}', header = true, auto_detect = false, delim = ',', quote = '\"', columns = {{{types}}})"


def pos_rows(store: Path) -> str:
    """The POS's rows as (receipt, package, day, amount)."""
    return f"""
        SELECT coalesce(s.original_receipt_id, s.receipt_id) AS receipt, s.package_id AS package,
               CASE WHEN s.kind = 'sale' THEN left(s.sold_at, 10) END AS day,
               CAST(round(CASE WHEN s.kind <> 'sale' THEN -s.quantity
                               WHEN s.voided_at IS NULL THEN s.quantity ELSE 0 END
                          * CASE WHEN s.unit = 'oz' THEN {GRAMS_PER_OUNCE} ELSE coalesce(m.per_unit, 1) END
                          * {MILLION}) AS BIGINT) AS amount
        FROM {read_csv(store / "pos/sales.csv", POS_COLUMNS)} s
        LEFT JOIN {read_csv(store / "pos/sku_map.csv", MAP_COLUMNS)} m
               ON m.package_id = s.package_id AND m.sku = s.sku
        WHERE s.package_id IS NOT NULL"""


def state_rows(store: Path) -> str:
    """The state's lines as (receipt, package, day, amount), from the table that people export."""
    return f"""
        SELECT coalesce(external_id, 'state ' || receipt_id) AS receipt, package_id AS package,
               left(sold_at, 10) AS day,
               CAST(round(CASE WHEN voided_at IS NULL THEN quantity ELSE 0 END
                          * CASE WHEN unit = 'oz' THEN {GRAMS_PER_OUNCE} ELSE 1 END * {MILLION}) AS BIGINT) AS amount
        FROM {read_csv(store / "state/sales.csv", STATE_COLUMNS)}"""


def state_json_rows(store: Path) -> str:
    """The same from the API's answers: receipts, and deliveries, which the state keeps apart."""
    line = (
        "STRUCT(PackageLabel VARCHAR, QuantitySold DOUBLE, UnitOfMeasureAbbreviation VARCHAR, ArchivedDate VARCHAR)[]"
    )
    head = "Id: 'BIGINT', ExternalReceiptNumber: 'VARCHAR', SalesDateTime: 'VARCHAR'"

    def rows(files: str, ended: str) -> str:
        columns = f"{{{head}, {ended}: 'VARCHAR', Transactions: '{line}'}}"
        return f"""
            SELECT Id, ExternalReceiptNumber, SalesDateTime, {ended} AS ended, unnest(Transactions) AS line
            FROM read_json('{store / files}', format = 'newline_delimited', columns = {columns})"""

    return f"""
        SELECT coalesce(ExternalReceiptNumber, 'state ' || Id) AS receipt, line.PackageLabel AS package,
               left(SalesDateTime, 10) AS day,
               CAST(round(CASE WHEN coalesce(ended, line.ArchivedDate) IS NULL THEN line.QuantitySold ELSE 0 END
                          * CASE WHEN line.UnitOfMeasureAbbreviation = 'oz' THEN {GRAMS_PER_OUNCE} ELSE 1 END
                          * {MILLION}) AS BIGINT) AS amount
        FROM ({rows("state/receipts_*.json", "ArchivedDate")}
              UNION ALL {rows("state/deliveries*.json", "VoidedDate")})"""


def join_keys(pos: str, state: str) -> str:
    """Each side grouped, then joined: (receipt, package, pos, state, pos_day, state_day) of every key."""
    grouped = "SELECT receipt, package, sum(amount) AS amount, min(day) AS day FROM ({}) GROUP BY ALL"
    return f"""
        SELECT receipt, package, coalesce(p.amount, 0) AS pos, coalesce(s.amount, 0) AS state,
               p.day AS pos_day, s.day AS state_day
        FROM ({grouped.format(pos)}) p FULL JOIN ({grouped.format(state)}) s USING (receipt, package)"""


def union_keys(pos: str, state: str) -> str:
    """The same, by grouping the rows of both sides at once."""
    return f"""
        SELECT receipt, package, sum(pos) AS pos, sum(state) AS state,
               min(pos_day) AS pos_day, min(state_day) AS state_day
        FROM (SELECT receipt, package, amount AS pos, 0 AS state, day AS pos_day, NULL::VARCHAR AS state_day
              FROM ({pos})
              UNION ALL SELECT receipt, package, 0, amount, NULL, day FROM ({state}))
        GROUP BY receipt, package"""


def summary(keys: str) -> str:
    return f"""
        SELECT count(*) FILTER (apart) AS keys, coalesce(sum(pos - state) FILTER (apart), 0) AS amount,
               count(*) FILTER (NOT apart AND pos_day <> state_day) AS days
        FROM (SELECT *, abs(pos - state) > {TOLERANCE} AS apart FROM ({keys}))"""


def duckdb_query(tool: str, store: Path) -> str:
    """The query of a form: `join`, `union`, `json`; gives every key."""
    state = state_json_rows(store) if tool.endswith("json") else state_rows(store)
    keys = union_keys if tool.endswith("union") else join_keys
    return keys(pos_rows(store), state)


def ask_duckdb(tool: str, store: Path) -> tuple[int, int, int]:
    import duckdb  # Not above: the other rival's process does not pay for it.

    connection = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False, **OFFLINE})
    keys, amount, days = connection.execute(summary(duckdb_query(tool, store))).fetchone()
    return int(keys), int(amount), int(days)


def ask_polars(store: Path) -> tuple[int, int, int]:
    import polars as pl

    def scan(name: str, columns: list[str], used: list[str]) -> pl.LazyFrame:
        schema = {column: pl.Float64 if column in NUMBERS else pl.String for column in columns}
        return pl.scan_csv(store / name, schema=schema).select(used)

    def amount(number: pl.Expr, factor: pl.Expr) -> pl.Expr:
        ounces = pl.when(pl.col("unit") == "oz").then(GRAMS_PER_OUNCE).otherwise(factor)
        return (number * ounces * MILLION).round().cast(pl.Int64)

    def grouped(rows: pl.LazyFrame, side: str) -> pl.LazyFrame:
        sums = pl.col("amount").sum().alias(side), pl.col("day").min().alias(f"{side}_day")
        return rows.group_by("receipt", "package_id").agg(*sums)

    day = pl.col("sold_at").str.head(10)
    number, live, sale = pl.col("quantity"), pl.col("voided_at").is_null(), pl.col("kind") == "sale"
    used = [POS_COLUMNS[0], *POS_COLUMNS[2:10]]
    pos = scan("pos/sales.csv", POS_COLUMNS, used).filter(pl.col("package_id").is_not_null())
    pos = pos.join(scan("pos/sku_map.csv", MAP_COLUMNS, MAP_COLUMNS[:3]), on=["package_id", "sku"], how="left").select(
        "package_id",
        receipt=pl.coalesce("original_receipt_id", "receipt_id"),
        day=pl.when(sale).then(day),
        amount=amount(
            pl.when(~sale).then(-number).when(live).then(number).otherwise(0), pl.col("per_unit").fill_null(1)
        ),
    )
    used = ["receipt_id", "external_id", "sold_at", "package_id", "quantity", "unit", "voided_at"]
    state = scan("state/sales.csv", STATE_COLUMNS, used).select(
        "package_id",
        receipt=pl.coalesce(pl.col("external_id"), pl.lit("state ") + pl.col("receipt_id")),
        day=day,
        amount=amount(pl.when(live).then(number).otherwise(0), pl.lit(1.0)),
    )
    keys = grouped(pos, "pos").join(grouped(state, "state"), on=["receipt", "package_id"], how="full")
    apart = pl.col("pos").fill_null(0) - pl.col("state").fill_null(0)
    differs = apart.abs() > TOLERANCE
    answer = keys.select(
        keys=differs.sum(),
        amount=apart.filter(differs).sum(),
        days=(~differs & (pl.col("pos_day") != pl.col("state_day"))).sum(),
    ).collect(engine="streaming")
    keys_apart, together, days = answer.row(0)
    return int(keys_apart), int(together), int(days)


if __name__ == "__main__":
    name, folder = sys.argv[1], Path(sys.argv[2])
    print(*(ask_polars(folder) if name == "polars" else ask_duckdb(name, folder)))

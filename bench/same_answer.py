"""Whether trueup and DuckDB say the same about a store: every differing key of the one looked up in the other's answer.

Run by bench/reconcile once per store, untimed. Exit status 1 if anything stays without a reason.
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import duckdb
from rivals import MILLION, OFFLINE, POS_COLUMNS, STATE_COLUMNS, THREADS, TOLERANCE, duckdb_query, read_csv

DAY_CAUSE = "sale_time_differs"
# What trueup may call a difference between sales; `rounding` is below the tolerance and no difference.
QUANTITY_CAUSES = (
    "sale_not_reported",
    "sale_only_in_state",
    "sale_reported_twice",
    "sale_quantity_differs",
    "sale_on_other_package",
    "unit_mismatch",
    "void_only_in_pos",
    "void_only_in_state",
    "return_only_in_pos",
)
IN_FLIGHT = "in flight"
UNTOLD = "NOT TOLD"
EXAMPLES = 5


def one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def load_books(connection: duckdb.DuckDBPyConnection, store: Path, is_json: bool) -> None:
    """`pos`: its rows with times. `numbers`: the POS's number on each state receipt. `adjustments`: the state's."""
    connection.execute(f"""
        CREATE TABLE pos AS SELECT receipt_id, original_receipt_id, package_id AS package, kind, unit,
               sold_at, greatest(sold_at::TIMESTAMPTZ, voided_at::TIMESTAMPTZ) AS changed_at
        FROM {read_csv(store / "pos/sales.csv", POS_COLUMNS)} WHERE package_id IS NOT NULL""")
    if is_json:
        columns = "Id: 'VARCHAR', ExternalReceiptNumber: 'VARCHAR', RecordedByUserName: 'VARCHAR'"
        files = [str(path) for pattern in ("receipts_*", "deliveries*") for path in store.glob(f"state/{pattern}.json")]
        numbers = f"""SELECT Id AS id, ExternalReceiptNumber AS number, RecordedByUserName AS recorded_by
                      FROM read_json({files}, format = 'newline_delimited', columns = {{{columns}}})"""
        columns = "PackageLabel: 'VARCHAR', AdjustmentQuantity: 'DOUBLE'"
        adjustments = f"""SELECT PackageLabel AS package, AdjustmentQuantity AS quantity FROM
                          read_json('{store / "state/adjustments*.json"}', format = 'auto', columns = {{{columns}}})"""
    else:
        numbers = f"""SELECT DISTINCT receipt_id AS id, external_id AS number, recorded_by
                      FROM {read_csv(store / "state/sales.csv", STATE_COLUMNS)}"""
        adjustments = f"""SELECT package_id AS package, quantity_delta::DOUBLE AS quantity
                          FROM read_csv('{store / "state/adjustments.csv"}', header = true, all_varchar = true)"""
    connection.execute(f"CREATE TABLE numbers AS {numbers}")
    connection.execute(f"CREATE TABLE adjustments AS {adjustments}")


def check_style(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> list[str]:
    """What is not plain about the store's receipt numbers, so that a join by number would not be the whole truth."""
    wrong = {
        "numbers restart or are used twice": """
            SELECT count(*) FROM (SELECT receipt_id FROM pos GROUP BY 1 HAVING count(DISTINCT sold_at) > 1)""",
        "numbers are not whole numbers": "SELECT count(*) FROM pos WHERE try_cast(receipt_id AS BIGINT) IS NULL",
        "times without an offset": "SELECT count(*) FROM pos WHERE length(sold_at) < 25",
        "units besides ea, g, ml": "SELECT count(*) FROM pos WHERE unit NOT IN ('ea', 'g', 'ml')",
        "reported receipts of the state without the POS's number": """
            SELECT count(*) FROM numbers WHERE recorded_by = 'POS Integration'
            AND (number IS NULL OR number NOT IN (SELECT receipt_id FROM pos))""",
    }
    counts = {what: one(connection, query) for what, query in wrong.items()}
    apart = ["snapshots of two moments"] if "pos_as_of" in settings else []
    return apart + [f"{count:,} {what}" for what, count in counts.items() if count]


def load_told(connection: duckdb.DuckDBPyConnection, answer: Path, scratch: Path) -> None:
    """`told`: one row per receipt that trueup names as evidence. `shares`: what each cause is worth."""
    with answer.open(encoding="utf-8") as lines, scratch.open("w", encoding="utf-8") as rows:
        for line in lines:
            record = json.loads(line)
            if record["type"] == "discrepancy":
                rows.write(f"{record['package']},{IN_FLIGHT},share,,,{record['in_flight']}\n")
            for cause in record.get("causes", ()):
                name, package = cause["cause"], record["package"]
                rows.write(f"{package},{name},share,,,{cause['quantity']}\n")
                if name in QUANTITY_CAUSES or name == DAY_CAUSE:
                    for proof in cause["evidence"]:
                        rows.write(f"{package},{name},{proof['book']},{proof['kind']},{proof['ref'] or ''},\n")
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in ("package", "cause", "book", "kind", "ref", "quantity"))
    told = f"read_csv('{scratch}', header = false, auto_detect = false, delim = ',', columns = {{{types}}})"
    connection.execute(f"CREATE TABLE evidence AS SELECT * FROM {told}")
    connection.execute("""
        CREATE TABLE shares AS
        SELECT package, cause, quantity::DOUBLE AS quantity FROM evidence WHERE book = 'share'""")
    # A return or void has a number of its own and counts against the receipt that it names.
    connection.execute("""
        CREATE TABLE told AS
        SELECT DISTINCT e.package, e.cause,
               CASE WHEN e.book = 'state' THEN coalesce(n.number, 'state ' || e.ref)
                    ELSE coalesce(p.original_receipt_id, e.ref) END AS receipt
        FROM evidence e
        LEFT JOIN numbers n ON e.book = 'state' AND n.id = e.ref
        LEFT JOIN (SELECT DISTINCT receipt_id, original_receipt_id FROM pos WHERE kind <> 'sale') p
               ON e.book = 'pos' AND p.receipt_id = e.ref
        WHERE e.book <> 'share'""")


def load_found(connection: duckdb.DuckDBPyConnection, store: Path, is_json: bool) -> None:
    """`found`: DuckDB's differing keys. `changes`: when the POS last changed each. `settled`: by an adjustment."""
    keys = duckdb_query("duckdb-json" if is_json else "duckdb-join", store)
    connection.execute(f"""
        CREATE TABLE found AS
        SELECT receipt, package, pos, state, pos - state AS apart,
               CASE WHEN abs(pos - state) <= {TOLERANCE} THEN 'by business day alone'
                    WHEN state_day IS NULL THEN 'only in the POS'
                    WHEN pos_day IS NULL THEN 'only in the state'
                    ELSE 'by quantity' END AS kind
        FROM ({keys}) WHERE abs(pos - state) > {TOLERANCE} OR pos_day <> state_day""")
    connection.execute("""
        CREATE TABLE changes AS
        SELECT f.receipt, f.package, max(changed_at) AS last_at, bool_or(p.kind = 'return') AS is_return
        FROM found f JOIN pos p ON p.package = f.package AND coalesce(p.original_receipt_id, p.receipt_id) = f.receipt
        GROUP BY ALL""")
    # Each adjustment settles one return: they are paired off by package and amount.
    connection.execute(f"""
        CREATE TABLE settled AS
        WITH back AS (SELECT receipt, package, -apart AS amount FROM found JOIN changes USING (receipt, package)
                      WHERE is_return AND apart < 0
                      AND (receipt, package) NOT IN (SELECT (receipt, package) FROM told)),
             put AS (SELECT package, round(quantity * {MILLION})::BIGINT AS amount
                     FROM adjustments WHERE quantity > 0)
        SELECT receipt, b.package FROM
            (SELECT *, row_number() OVER (PARTITION BY package, amount ORDER BY receipt) AS place FROM back) b
            JOIN (SELECT *, row_number() OVER (PARTITION BY package, amount) AS place FROM put) a
            ON a.package = b.package AND a.amount = b.amount AND a.place = b.place""")


def judge(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> None:
    """`verdicts`: what trueup says of each key that DuckDB found."""
    start, until, due = settings["window_start"], settings["as_of"], int(settings["reporting"]["every_minutes"])
    connection.execute(f"""
        CREATE TABLE verdicts AS
        SELECT f.*, CASE
            WHEN t.causes IS NOT NULL THEN t.causes
            WHEN s.receipt IS NOT NULL THEN 'settled: the return was brought back by an equal adjustment'
            WHEN c.last_at > '{until}'::TIMESTAMPTZ - INTERVAL {due} MINUTES
                THEN '{IN_FLIGHT}: younger than every_minutes'
            WHEN c.last_at < '{start}'::TIMESTAMPTZ THEN 'from before the window: can only match'
            ELSE '{UNTOLD}' END AS verdict
        FROM found f
        LEFT JOIN (SELECT receipt, package, cause = '{DAY_CAUSE}' AS is_day,
                          string_agg(cause, ' and ' ORDER BY cause) AS causes FROM told GROUP BY ALL) t
               ON t.receipt = f.receipt AND t.package = f.package AND t.is_day = (f.kind = 'by business day alone')
        LEFT JOIN settled s ON s.receipt = f.receipt AND s.package = f.package
        LEFT JOIN changes c ON c.receipt = f.receipt AND c.package = f.package""")


def report_found(connection: duckdb.DuckDBPyConnection) -> int:
    rows = connection.execute("""
        SELECT kind, verdict, count(*) FROM verdicts GROUP BY ALL ORDER BY kind, count(*) DESC, verdict""").fetchall()
    total = sum(int(row[2]) for row in rows)
    untold = sum(int(row[2]) for row in rows if row[1] == UNTOLD)
    print(f"  the same answer: of {total:,} keys that DuckDB finds, trueup does not tell {untold:,}")
    for kind, verdict, count in rows:
        print(f"    {kind:22} {count:>10,}  {verdict}")
    examples(connection, f"SELECT receipt, package, pos, state FROM verdicts WHERE verdict = '{UNTOLD}' ORDER BY ALL")
    return untold


def report_told(connection: duckdb.DuckDBPyConnection) -> int:
    """The other way round: what trueup names as a difference of sales, and DuckDB's join does not show."""
    query = f"""FROM told t LEFT JOIN found f ON f.receipt = t.receipt AND f.package = t.package
                AND (t.cause = '{DAY_CAUSE}') = (f.kind = 'by business day alone') WHERE f.receipt IS NULL"""
    total = one(connection, "SELECT count(*) FROM told")
    rows = connection.execute(f"SELECT t.cause, count(*) {query} GROUP BY ALL ORDER BY ALL").fetchall()
    print(f"    of {total:,} keys that trueup tells, DuckDB does not find {sum(row[1] for row in rows):,}")
    for cause, count in rows:
        print(f"    {'':22} {count:>10,}  {cause}")
    examples(connection, f"SELECT t.receipt, t.package, t.cause {query} ORDER BY ALL")
    return sum(int(row[1]) for row in rows)


def report_amounts(connection: duckdb.DuckDBPyConnection) -> int:
    """Package by package, trueup's causes of sales add up to DuckDB's differences, and so does what is in flight."""
    causes = ", ".join(f"'{cause}'" for cause in QUANTITY_CAUSES)
    in_flight = f"SELECT package FROM verdicts WHERE starts_with(verdict, '{IN_FLIGHT}')"
    return report_sums(
        connection, "packages with such keys", f"split_part(verdict, ' and ', 1) IN ({causes})", f"cause IN ({causes})"
    ) + report_sums(
        # A package that differs in nothing else is not in trueup's answer; other things may be in flight, too.
        connection,
        "packages in trueup's answer with sales in flight",
        f"starts_with(verdict, '{IN_FLIGHT}') AND package IN (SELECT package FROM shares)",
        f"cause = '{IN_FLIGHT}' AND package IN ({in_flight})",
    )


def report_sums(connection: duckdb.DuckDBPyConnection, what: str, of_found: str, of_told: str) -> int:
    """How many packages' sums differ between DuckDB's keys and trueup's shares, by more than rounding explains."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE sums AS
        SELECT package, coalesce(f.amount, 0) AS found, coalesce(t.amount, 0) AS told, coalesce(f.keys, 1) AS keys
        FROM (SELECT package, sum(-apart) AS amount, count(*) AS keys FROM verdicts WHERE {of_found} GROUP BY ALL) f
        FULL JOIN (SELECT package, sum(quantity) * {MILLION} AS amount FROM shares WHERE {of_told} GROUP BY ALL) t
        USING (package)""")
    differing = f"FROM sums WHERE abs(found - told) > {TOLERANCE} * keys"
    count = int(one(connection, f"SELECT count(*) {differing}"))
    print(f"    of {one(connection, 'SELECT count(*) FROM sums'):,} {what}, amounts differ on {count:,}")
    examples(connection, f"SELECT package, found, round(told) {differing} ORDER BY ALL")
    return count


def examples(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    for row in connection.execute(f"{query} LIMIT {EXAMPLES}").fetchall():
        print("      e.g.", *row)


def main() -> int:
    store, answer = Path(sys.argv[1]), Path(sys.argv[2])
    is_json = not (store / "state/sales.csv").exists()
    settings = tomllib.loads((store / "store.toml").read_text(encoding="utf-8"))
    connection = duckdb.connect(config={"threads": THREADS, **OFFLINE})
    load_books(connection, store, is_json)
    if wrong := check_style(connection, settings):
        print(f"{store}: not a store of plain receipt numbers: {'; '.join(wrong)}", file=sys.stderr)
        return 2
    if str(answer) == "-":
        return 0
    load_told(connection, answer, answer.with_suffix(".evidence.csv"))
    load_found(connection, store, is_json)
    judge(connection, settings)
    return 1 if report_found(connection) + report_told(connection) + report_amounts(connection) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Measures `trueup reconcile` beside DuckDB and Polars; see bench/reconcile, which runs it.

The tools run in turn, each as a process of its own, and the medians are told with their range. This process stays
small: a child's peak memory, as the system tells it, is never less than what its parent held when it began.
"""

import argparse
import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

# A store whose receipt numbers run on and reach the state as they are, whose snapshots are of one moment, and whose POS
# writes voids in the sale's row and times with their offset. Found by trying seeds from 1 on a store of 1,000 lines;
# same_answer.py verifies it on every store that is measured.
SEED = 94
CPUS = 2
TIMEOUT_SECONDS = 1_800
# trueup exits with 1 when the books differ, and here they do.
TRUEUP_SUCCESS = (0, 1)
KIB_PER_MB = 1000 * 1000 / 1024

TABLE_TOOLS = ("trueup", "duckdb-join", "duckdb-union", "polars")
JSON_TOOLS = ("trueup", "duckdb-json")
NAMES = {
    "trueup": "trueup reconcile",
    "duckdb-join": "DuckDB, group and full join",
    "duckdb-union": "DuckDB, union and group",
    "duckdb-json": "DuckDB, POS CSV and state JSON",
    "polars": "Polars, streaming",
}


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall: float
    cpu: float
    peak_kib: int
    printed: str


@dataclass(frozen=True)
class Store:
    folder: Path
    lines: int
    packages: int
    days: int
    form: str


def fail(text: str) -> None:
    raise SystemExit(f"bench/reconcile: {text}")


def measure(command: list[str], success: tuple[int, ...]) -> Run:
    """Runs a process to its end; one that hangs or fails ends the benchmark."""
    environment = os.environ | {"POLARS_MAX_THREADS": str(CPUS)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=environment)
        killer = threading.Timer(TIMEOUT_SECONDS, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode not in success:
            said = errors.read().decode(errors="replace").strip() or "nothing on standard error"
            fail(f"{' '.join(command)}\n  ended with {process.returncode} after {wall:.1f} s: {said}")
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, out.read().decode().strip())


def command_of(tool: str, store: Store, trueup: str) -> tuple[list[str], tuple[int, ...]]:
    if tool == "trueup":
        asked = ["--store", str(store.folder), "--format", "jsonl", "--out", str(answer_of(store))]
        return [trueup, "reconcile", *asked], TRUEUP_SUCCESS
    return [sys.executable, "-B", "-m", "rivals", tool, str(store.folder)], (0,)


def answer_of(store: Store) -> Path:
    return store.folder.with_suffix(".answer.jsonl")


# --- The stores -----------------------------------------------------------------------------------


def plan_store(lines: int, form: str, faults: str, folder: Path) -> Store:
    """The packages and days of a size: those of 100,000, 2 and 10 million lines are fixed, others lie between."""
    packages = max(lines // (20 if lines <= 2_000_000 else 40), 100)
    days = {2_000_000: 50}.get(lines, max(math.isqrt(lines // 1_000), 2))
    name = f"{form}-{SEED}-{lines}-{Path(faults).name.replace('.', '_')}"
    return Store(folder / name, lines, packages, days, form)


def make_store(store: Store, faults: str, trueup: str) -> None:
    """Makes the store unless it is there; one that is there is complete, because it gets its name last."""
    if store.folder.exists():
        return
    unfinished = store.folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    print(f"making {store.folder} …", file=sys.stderr)
    receipts = store.lines * 2 // 5
    size = ["--packages", store.packages, "--days", store.days, "--receipts", receipts, "--lines", store.lines]
    where = ["--out", unfinished, "--seed", SEED, "--faults", faults, "--state", store.form]
    measure([trueup, "sim", "store", *map(str, where + size)], (0,))
    unfinished.rename(store.folder)


def verify_style(store: Store) -> None:
    if ask_same_answer(store, "-") != 0:
        fail(f"seed {SEED} no longer makes a store that a join by receipt number can answer; find another")


def sizes(store: Store) -> str:
    def told(path: Path) -> str:
        return f"{path.relative_to(store.folder)} {path.stat().st_size / 1e6:,.1f} MB"

    patterns = ("pos/sales.csv", "state/sales.csv", "state/receipts_*.json", "state/deliveries*.json")
    sales = [path for pattern in patterns for path in sorted(store.folder.glob(pattern))]
    total = sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file() and path.name != "truth.json")
    return " · ".join([*map(told, sales), f"whole store {total / 1e6:,.1f} MB"])


# --- The measuring --------------------------------------------------------------------------------


def compare(store: Store, tools: list[str], runs: int, trueup: str) -> bool:
    """Measures the tools on a store and prints it; whether all gave the same answer."""
    print(f"\n{store.lines:,} lines ({store.packages:,} packages, {store.days} days, state as {store.form})")
    print(f"  {sizes(store)}")
    sys.stdout.flush()
    verify_style(store)
    counted: dict[str, list[Run]] = {tool: [] for tool in tools}
    for turn in range(runs + 1):
        for tool in tools:
            run = measure(*command_of(tool, store, trueup))
            if turn > 0:  # The first warms the caches.
                counted[tool].append(run)
    print_table(counted)
    return check_rivals(counted) & check_trueup(store, tools)


def print_table(counted: dict[str, list[Run]]) -> None:
    medians = {tool: statistics.median(run.wall for run in runs) for tool, runs in counted.items()}
    own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"  {'':32} {'wall s':>8} {'(range)':>17} {'CPU s':>8} {'peak MB':>9} {'x trueup':>9}")
    for tool, runs in counted.items():
        walls = sorted(run.wall for run in runs)
        cpu, peak = statistics.median(run.cpu for run in runs), max(run.peak_kib for run in runs)
        memory = f"{'<' if peak <= own_peak else ''}{peak / KIB_PER_MB:,.0f}"
        ratio = f"{medians[tool] / medians['trueup']:.2f}" if "trueup" in medians else "-"
        spread = f"({walls[0]:.3f}-{walls[-1]:.3f})"
        print(f"  {NAMES[tool]:32} {medians[tool]:>8.3f} {spread:>17} {cpu:>8.3f} {memory:>9} {ratio:>9}")
    sys.stdout.flush()


def check_rivals(counted: dict[str, list[Run]]) -> bool:
    """All rivals, in all runs, counted and summed the same."""
    answers = {run.printed for tool, runs in counted.items() if tool != "trueup" for run in runs}
    if not answers:
        return True
    if len(answers) > 1:
        print(f"  the rivals disagree: {sorted(answers)}")
        return False
    keys, amount, days = map(int, answers.pop().split())
    print(f"  the rivals agree: {keys:,} keys differ by quantity ({amount / 1e6:,.6f} in all), {days:,} by day alone")
    return True


def check_trueup(store: Store, tools: list[str]) -> bool:
    return "trueup" not in tools or ask_same_answer(store, str(answer_of(store))) == 0


def ask_same_answer(store: Store, answer: str) -> int:
    """In a process of its own, so that this one stays small."""
    command = [sys.executable, "-B", "-m", "same_answer", str(store.folder), answer]
    return subprocess.run(command, timeout=TIMEOUT_SECONDS, check=False).returncode


# --- The command ----------------------------------------------------------------------------------


def asked() -> argparse.Namespace:
    def counts(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    about = "How fast trueup reconcile is beside DuckDB and Polars."
    parser = argparse.ArgumentParser(prog="bench/reconcile", description=about)
    add = parser.add_argument
    add("--lines", type=counts, help="sizes, state as CSV (100000,2000000,10000000 unless --json is given)")
    add("--json", type=counts, default=[], metavar="LINES", help="sizes, state as Metrc's JSON lines")
    add("--runs", type=int, default=5, help="counted runs of each, after one warm-up")
    add("--dir", type=Path, help="where the stores are made, kept and found again (in the target directory)")
    add("--faults", default="0.005", help="mistakes per line, or a file of how many of each kind")
    add("--tools", default=",".join(NAMES), help="measure only these of %(default)s")
    options = parser.parse_args()
    if unknown := set(options.tools.split(",")) - set(NAMES):
        parser.error(f"--tools: unknown {', '.join(sorted(unknown))}")
    if options.runs < 1 or min([*(options.lines or []), *options.json], default=1_000) < 1_000:
        parser.error("at least 1 run, and 1,000 lines")
    if options.lines is None:
        options.lines = [] if options.json else [100_000, 2_000_000, 10_000_000]
    return options


def print_head(trueup: str, runs: int, faults: str) -> None:
    told = subprocess.run([trueup, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    used, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(f"{told} · DuckDB {version('duckdb')} · Polars {version('polars')} · Python {platform.python_version()}")
    print(f"{used} of {os.cpu_count()} CPUs used by each; load before: {load:.1f}. Seed {SEED}, faults {faults}.")
    print(f"1 warm-up and {runs} counted runs of each, in turn: median wall (range), median CPU, highest peak.")
    print("Whole processes, with start-up and imports. The rivals read the sales, and count and sum the keys that")
    print("differ; trueup reads the whole store, explains every package and writes its answer.")


def main() -> int:
    options, trueup = asked(), os.environ["TRUEUP"]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])
    folder = options.dir or Path(os.environ["CARGO_TARGET_DIR"]) / "bench-reconcile"
    folder.mkdir(parents=True, exist_ok=True)
    print_head(trueup, options.runs, options.faults)
    same = True
    for form, all_tools, lines in (("csv", TABLE_TOOLS, options.lines), ("json", JSON_TOOLS, options.json)):
        tools = [tool for tool in all_tools if tool in options.tools.split(",")]
        for size in lines:
            store = plan_store(size, form, options.faults, folder.resolve())
            make_store(store, options.faults, trueup)
            same &= compare(store, tools, options.runs, trueup)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

"""What bench/desk runs: a store's week on disk, `trueup serve` over it, and a POS that tells its sales one by one."""

import argparse
import csv
import datetime
import http.client
import json
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time


def memory(process, name):
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", text)[1]) // 1024


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("trueup")
    for name, default in [("packages", 5000), ("receipts", 800), ("days", 7), ("events", 1000), ("seed", 5)]:
        asked.add_argument(f"--{name}", type=int, default=default)
    asked = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        store = folder / "store"
        receipts = asked.receipts * asked.days
        subprocess.run([asked.trueup, "sim", "store", "--out", store, "--seed", str(asked.seed), "--packages",
                        str(asked.packages), "--days", str(asked.days), "--receipts", str(receipts), "--lines",
                        str(receipts * 5 // 2), "--faults", "0.005"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        port = random.Random().randrange(20000, 30000)
        begun = time.monotonic()
        service = subprocess.Popen([asked.trueup, "serve", "--db", folder / "books.db", "--store", store, "--listen",
                                    f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True)
        try:
            measure(asked, service, store, port, begun)
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)


def measure(asked, service, store, port, begun):
    login, password = re.match(r"log in as (\S+) with (\S+)", service.stdout.readline()).groups()
    link = None

    def ask(method, path, body=None, **headers):
        nonlocal link
        for attempt in range(200):
            try:
                link = link or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                text = None if body is None else json.dumps(body)
                link.request(method, path, text, {"Content-Type": "application/json"} | headers)
                answer = link.getresponse()
                return answer.status, json.loads(answer.read() or b"null")
            except (ConnectionError, http.client.HTTPException):
                link = None
                time.sleep(0.05)
        sys.exit("the service does not answer")

    _, session = ask("POST", "/api/v1/session", {"name": login, "password": password})
    bearer = {"Authorization": f"Bearer {session['token']}"}
    while True:
        _, licences = ask("GET", "/api/v1/licenses", **bearer)
        if licences[0]["looks"]:
            break
        time.sleep(0.02)
    print(f"first list after {time.monotonic() - begun:.2f} s: {licences[0]['packages']} packages, "
          f"{licences[0]['differ']} differ; {memory(service, 'VmRSS')} MB held, {memory(service, 'VmHWM')} MB at most")
    licence = licences[0]["license"]
    exported = datetime.datetime.fromisoformat(
        next(m[1] for line in (store / "store.toml").read_text().splitlines()
             if (m := re.match(r'(?:pos_)?as_of = "([^"]+)"', line))))
    toml = (store / "store.toml").read_text()
    if found := re.search(r'^pos_as_of = "([^"]+)"', toml, re.M):
        exported = datetime.datetime.fromisoformat(found[1])
    with open(store / "pos/inventory.csv", encoding="utf-8") as file:
        stock = [row for row in csv.DictReader(file) if float(row["quantity"]) >= 1]
    dice = random.Random(asked.seed)
    took = []
    for number in range(1, asked.events + 1):
        # A sale every twenty seconds, as fast as it is answered.
        at = (exported + datetime.timedelta(seconds=20 * number)).isoformat()
        row = dice.choice(stock)
        sale = {"receipt_id": f"9{number:06}", "line_no": "1", "sold_at": at, "kind": "sale", "package_id": row["package_id"],
                "sku": row["sku"], "quantity": "1", "unit": row["unit"], "line_total": "10.00"}
        begun = time.monotonic()
        status, answer = ask("POST", f"/api/v1/licenses/{licence}/movements", {"as_of": at, "sales": [sale]},
                             **bearer, **{"Idempotency-Key": f"sale-{number}"})
        took.append((time.monotonic() - begun) * 1000)
        if status != 200:
            sys.exit(f"{status}: {answer}")
    took.sort()
    part = lambda share: took[min(len(took) - 1, int(len(took) * share))]
    print(f"{len(took)} sales told: {part(0.5):.1f} ms at the median, {part(0.95):.1f} at p95, {part(0.99):.1f} at p99, "
          f"{took[-1]:.1f} at most; {memory(service, 'VmRSS')} MB held, {memory(service, 'VmHWM')} MB at most")


main()

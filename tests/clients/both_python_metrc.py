"""python-metrc, both versions of the API: its calls, unchanged but for the base address."""

import sys

from python_metrc import METRC

EVER = {"lastModifiedStart": "2015-01-01T00:00:00Z", "lastModifiedEnd": "2040-01-01T00:00:00Z"}

for version in ("v1", "v2"):
    metrc = METRC(*sys.argv[1:4], sys.argv[4], api_version=version)
    assert metrc.facilities.get().json()[0]["License"]["Number"] == sys.argv[4]
    answer = metrc.packages.active.get(params=EVER)
    assert answer.status_code == 200, answer.text
    rows = answer.json() if version == "v1" else answer.json()["Data"]
    package = next(row for row in rows if row["UnitOfMeasureName"] == "Each" and row["Quantity"] > 10)
    sale = {
        "SalesDateTime": "2026-11-20T11:00:00.000",
        "ExternalReceiptNumber": f"PY-{version}",
        "SalesCustomerType": "Consumer",
        "Transactions": [
            {"PackageLabel": package["Label"], "Quantity": 1, "UnitOfMeasure": "Each", "TotalAmount": 5}
        ],
    }
    posted = metrc.sales.receipts.post(json=[sale])
    assert posted.status_code == 200 and (posted.text == "") == (version == "v1"), posted.text
    rows = metrc.sales.receipts.active.get(params=EVER).json()
    rows = rows if version == "v1" else rows["Data"]
    number = next(row["Id"] for row in rows if row["ExternalReceiptNumber"] == f"PY-{version}")
    changed = metrc.sales.receipts.PUT(json=[dict(sale, Id=number)])
    assert changed.status_code == 200 and changed.text == "", changed.text
    gone = metrc.sales.receipts(number).delete()
    assert gone.status_code == 200 and gone.text == "", gone.text
    assert metrc.sales.receipts(number).get().json()["ArchivedDate"]
    bad = metrc.sales.receipts.post(json=[dict(sale, Transactions=[])])
    assert bad.status_code == 400 and bad.json() == [{"row": 0, "message": "Transactions are required."}]
print("python-metrc (v1 and v2): every call answered as it expects")

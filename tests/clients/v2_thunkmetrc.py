"""thunkmetrc-client, version 2 of the API: its calls, unchanged but for the base address."""

import json
import sys

import httpx
from thunkmetrc.client.client import MetrcClient

EVER = {"last_modified_start": "2015-01-01T00:00:00Z", "last_modified_end": "2040-01-01T00:00:00Z"}


def no_body(call, *arguments, **named):
    """PUT and DELETE answer nothing; this client reads JSON all the same."""
    try:
        return call(*arguments, **named)
    except json.JSONDecodeError:
        return None


def refused(call, *arguments, **named):
    """The status and the body of a call that has to fail."""
    try:
        call(*arguments, **named)
    except httpx.HTTPStatusError as error:
        return error.response.status_code, error.response.text
    raise AssertionError("was not refused")


metrc = MetrcClient(*sys.argv[1:4])
facilities = metrc.facilities_get_all_v2()
assert facilities[0]["FacilityType"]["CanSellToConsumers"]
licence = facilities[0]["License"]["Number"]
of = {"license_number": licence}

page = metrc.packages_get_active_v2(page_number="1", page_size="20", **EVER, **of)
assert page["TotalRecords"] > 20 and len(page["Data"]) == 20 and page["TotalPages"] > 1
package = next(row for row in page["Data"] if row["UnitOfMeasureName"] == "Each" and row["Quantity"] > 10)
label, before = package["Label"], package["Quantity"]
assert metrc.packages_get_v2(str(package["Id"]), **of) == metrc.packages_get_by_label_v2(label, **of) == package
assert refused(metrc.packages_get_active_v2, page_number="1", page_size="21", **of)[0] == 400
assert any(not row["RequiresNote"] for row in metrc.packages_get_adjust_reasons_v2(**of)["Data"])
assert "Consumer" in metrc.sales_get_customertypes_v2()
assert any(unit["Abbreviation"] == "ea" for unit in metrc.units_of_measure_get_active_v2())
tag = metrc.tags_get_package_available_v2(**of)[0]["Label"]
assert len(metrc.employees_get_all_v2(**of)["Data"]) >= 2
assert metrc.locations_get_active_v2(**EVER, **of)["TotalRecords"] >= 2

receipt = {
    "SalesDateTime": "2026-11-20T10:00:00.000",
    "ExternalReceiptNumber": "THUNK-1",
    "SalesCustomerType": "Consumer",
    "Transactions": [{"PackageLabel": label, "Quantity": 2.0, "UnitOfMeasure": "Each", "TotalAmount": 9.99}],
}
number = metrc.sales_create_receipt_v2([receipt], licence)["Ids"][0]
assert metrc.packages_get_by_label_v2(label, **of)["Quantity"] == before - 2
rows = metrc.sales_get_receipts_active_v2(page_number="1", page_size="20", **EVER, **of)["Data"]
assert rows[0]["Id"] == number and rows[0]["Transactions"] == []
read = metrc.sales_get_receipt_v2(str(number), **of)
assert read["Transactions"][0]["QuantitySold"] == 2.0 and read["TotalPrice"] == 9.99
assert metrc.sales_get_receipts_external_by_external_number_v2("THUNK-1", **of)["Id"] == number
receipt["Transactions"][0]["Quantity"] = 3.0
no_body(metrc.sales_update_receipt_v2, [dict(receipt, Id=number)], licence)
assert metrc.packages_get_by_label_v2(label, **of)["Quantity"] == before - 3
no_body(metrc.sales_update_receipt_finalize_v2, [{"Id": number}], licence)
assert refused(metrc.sales_delete_receipt_v2, str(number), **of)[0] == 400
no_body(metrc.sales_update_receipt_unfinalize_v2, [{"Id": number}], licence)
no_body(metrc.sales_delete_receipt_v2, str(number), **of)
assert metrc.packages_get_by_label_v2(label, **of)["Quantity"] == before

adjustment = {"Label": label, "Quantity": -1, "UnitOfMeasure": "Each", "AdjustmentReason": "Waste", "AdjustmentDate": "2026-11-20"}
assert metrc.packages_create_adjust_v2([adjustment], licence)["Ids"] == [package["Id"]]
status, text = refused(metrc.packages_create_adjust_v2, [adjustment, dict(adjustment, Label="NOPE")], licence)
assert status == 400 and json.loads(text)[0]["row"] == 1
assert refused(metrc.packages_create_adjust_v2, [adjustment] * 11, licence)[0] == 413
assert metrc.packages_get_by_label_v2(label, **of)["Quantity"] == before - 1
no_body(metrc.packages_update_location_v2, [{"Label": label, "Location": "Vault", "MoveDate": "2026-11-20"}], licence)
assert metrc.packages_get_by_label_v2(label, **of)["LocationName"] == "Vault"
made = {
    "Tag": tag, "Item": package["Item"]["Name"], "Quantity": 2, "UnitOfMeasure": "Each", "ActualDate": "2026-11-20",
    "Ingredients": [{"Package": label, "Quantity": 2, "UnitOfMeasure": "Each"}],
}
assert metrc.packages_create_v2([made], licence)["Ids"]
assert metrc.packages_get_by_label_v2(tag, **of)["SourcePackageLabels"] == label
to_nothing = dict(adjustment, Label=tag, Quantity=0)
no_body(metrc.packages_update_adjust_v2, [to_nothing], licence)
no_body(metrc.packages_update_finish_v2, [{"Label": tag, "ActualDate": "2026-11-20"}], licence)
assert metrc.packages_get_by_label_v2(tag, **of)["IsFinished"]
no_body(metrc.packages_update_unfinish_v2, [{"Label": tag}], licence)

transfer = metrc.transfers_get_incoming_v2(**EVER, **of)["Data"][0]
delivery = metrc.transfers_get_delivery_v2(str(transfer["Id"]))["Data"][0]
assert len(metrc.transfers_get_delivery_package_v2(str(delivery["Id"]))["Data"]) == 4
stranger = MetrcClient(sys.argv[1], "nobody", "nobody")
assert refused(stranger.facilities_get_all_v2)[0] == 401
print("thunkmetrc-client (v2): every call answered as it expects")

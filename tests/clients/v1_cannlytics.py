"""cannlytics, version 1 of the API: its calls, unchanged but for the base address."""

import sys

from cannlytics.metrc import Metrc, MetrcAPIError

metrc = Metrc(sys.argv[2], sys.argv[3], state="co")
metrc.base = sys.argv[1]
metrc.primary_license = metrc.get_facilities()[0].license_number
ever = {"start": "2015-01-01T00:00:00Z", "end": "2040-01-01T00:00:00Z"}

packages = metrc.get_packages(**ever)
assert len(packages) > 20
package = next(row for row in packages if row.unit_of_measure_name == "Each" and row.quantity > 10)
package = metrc.get_packages(label=package.label)
package._license = metrc.primary_license
before = package.quantity


def held():
    return metrc.get_packages(label=package.label).quantity


assert len(metrc.get_adjustment_reasons()) == 9
assert metrc.get_units_of_measure() and metrc.get_customer_types()
assert len(metrc.get_employees()) >= 2

receipt = {
    "SalesDateTime": "2026-11-20T10:00:00.000",
    "ExternalReceiptNumber": "CANN-1",
    "SalesCustomerType": "Consumer",
    "Transactions": [{"PackageLabel": package.label, "Quantity": 2.0, "UnitOfMeasure": "Each", "TotalAmount": 9.99}],
}
metrc.create_receipts([receipt])
assert held() == before - 2
sold = metrc.get_receipts(sales_start="2026-11-20", sales_end="2026-11-20")
sold = next(row for row in sold if row.external_receipt_number == "CANN-1")
receipt["Transactions"][0]["Quantity"] = 1.0
metrc.update_receipts([dict(receipt, Id=sold.uid)])
assert metrc.get_receipts(uid=str(sold.uid)).total_price == 9.99 and held() == before - 1
metrc.delete_receipt(str(sold.uid))
assert held() == before
assert metrc.get_transactions()

package.adjust(-1, note="counted", reason="Waste", uom="Each")
assert held() == before - 1
metrc.change_package_locations([{"Label": package.label, "Location": "Vault", "MoveDate": "2026-11-20"}])
assert metrc.get_packages(label=package.label).location_name == "Vault"
package.adjust(1 - before, note="counted", reason="Waste", uom="Each")
package.finish()
assert metrc.get_packages(label=package.label).is_finished
package.unfinish()
# It asks for these without a window: nothing of them changed in the last day.
assert metrc.get_items() == [] and metrc.get_locations() == []
for transfer in metrc.get_transfers(**ever):
    for delivery in metrc.get_transfers(uid=str(transfer.uid)):
        assert len(metrc.get_transfer_packages(str(delivery.uid))) == 4
try:
    metrc.get_packages(label="NOPE")
    raise AssertionError("was not refused")
except MetrcAPIError as error:
    assert error.response.status_code == 404
print("cannlytics (v1): every call answered as it expects")

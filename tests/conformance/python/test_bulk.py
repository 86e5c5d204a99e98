"""Both Bulk APIs, with rows that fail among those that do not."""

import csv
import io


def test_bulk_1_writes_and_reads(sf):
    made = sf.bulk.Account.insert([{"Name": "Bulk one"}, {"Name": ""}, {"Name": "Bulk two"}])
    assert [row["success"] for row in made] == [True, False, True]
    assert made[0]["created"] is True
    assert made[1]["id"] is None
    assert made[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    ids = [row["id"] for row in made if row["success"]]
    changed = sf.bulk.Account.update([{"Id": id, "Phone": "123"} for id in ids])
    assert all(row["success"] and not row["created"] for row in changed)
    found = sf.bulk.Account.query("SELECT Id, Name, Phone FROM Account WHERE Name LIKE 'Bulk %'")
    assert {row["Id"] for row in found} >= set(ids)
    gone = sf.bulk.Account.delete([{"Id": id} for id in ids])
    assert all(row["success"] for row in gone)
    binned = sf.bulk.Account.query_all("SELECT Id FROM Account WHERE IsDeleted = true AND Name LIKE 'Bulk %'")
    assert {row["Id"] for row in binned} >= set(ids)


def test_bulk_2_pages_bring_every_row_once(sf):
    total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
    pages = list(sf.bulk2.Contact.query("SELECT Id FROM Contact", max_records=7, wait=0.1))
    assert len(pages) == -(-total // 7)
    ids = [row["Id"] for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert len(ids) == total
    assert len(set(ids)) == total


def test_bulk_2_writes(sf):
    made = sf.bulk2.Account.insert(records=[{"Name": "Second one"}, {"Name": "Second two"}], wait=0.1)
    assert len(made) == 1
    assert made[0]["numberRecordsTotal"] == 2
    assert made[0]["numberRecordsProcessed"] == 2
    assert made[0]["numberRecordsFailed"] == 0
    results = list(csv.DictReader(io.StringIO(sf.bulk2.Account.get_successful_records(made[0]["job_id"]))))
    assert [row["sf__Created"] for row in results] == ["true", "true"]
    gone = sf.bulk2.Account.delete(records=[{"Id": row["sf__Id"]} for row in results], wait=0.1)
    assert gone[0]["numberRecordsFailed"] == 0

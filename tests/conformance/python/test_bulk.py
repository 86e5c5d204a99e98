"""Both Bulk APIs, with rows that fail among those that do not."""

import csv
import io
import json
import pathlib

import pytest
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceMalformedRequest, SalesforceOperationError
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding

AWKWARD = 'a "quote", a comma\nand a line; äöü €'
FAST = {"wait": 0.05}


def rows_of(text, **options):
    return list(csv.DictReader(io.StringIO(text, newline=""), **options))


class TestBulk1:
    def test_insert_update_and_delete(self, sf):
        made = sf.bulk.Account.insert(
            [{"Name": "Bulk one", "Description": AWKWARD}, {"Name": ""}, {"Name": "Bulk two", "NumberOfEmployees": 7}]
        )
        assert [row["success"] for row in made] == [True, False, True]
        assert made[0] == {"success": True, "created": True, "id": made[0]["id"], "errors": []}
        assert made[0]["id"].startswith("001")
        assert made[1]["id"] is None
        assert made[1]["created"] is False
        [error] = made[1]["errors"]
        assert error["statusCode"] == "REQUIRED_FIELD_MISSING"
        assert error["message"] == "Required fields are missing: [Name]"
        assert error["fields"] == ["Name"]
        ids = [row["id"] for row in made if row["success"]]
        changed = sf.bulk.Account.update([{"Id": id, "Phone": "123"} for id in ids])
        assert changed == [{"success": True, "created": False, "id": id, "errors": []} for id in ids]
        found = sf.bulk.Account.query(
            "SELECT Id, Name, Phone, Description, NumberOfEmployees FROM Account WHERE Name LIKE 'Bulk %'"
        )
        rows = {row["Id"]: row for row in found}
        assert set(rows) >= set(ids)
        assert rows[ids[0]]["attributes"]["type"] == "Account"
        assert rows[ids[0]]["Description"] == AWKWARD
        assert rows[ids[0]]["NumberOfEmployees"] is None
        assert rows[ids[1]]["NumberOfEmployees"] == 7
        gone = sf.bulk.Account.delete([{"Id": id} for id in ids])
        assert all(row["success"] and not row["created"] for row in gone)
        binned = sf.bulk.Account.query_all("SELECT Id FROM Account WHERE IsDeleted = true AND Name LIKE 'Bulk %'")
        assert {row["Id"] for row in binned} >= set(ids)

    def test_upsert_and_hard_delete(self, sf):
        key = "External_Id__c"
        first = sf.bulk.Project__c.upsert([{"Name": f"Up {at}", key: f"b1-{at}"} for at in range(3)], key)
        assert [row["created"] for row in first] == [True, True, True]
        second = sf.bulk.Project__c.upsert(
            [{"Name": "Up again", key: "b1-1"}, {"Name": "Up new", key: "b1-new"}, {"Name": "Up none"}], key
        )
        assert [(row["success"], row["created"]) for row in second] == [(True, False), (True, True), (False, False)]
        assert second[0]["id"] == first[1]["id"]
        assert second[2]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
        ids = [row["id"] for row in first] + [second[1]["id"]]
        gone = sf.bulk.Project__c.hard_delete([{"Id": id} for id in ids])
        assert all(row["success"] for row in gone)
        text = ",".join(f"'{id}'" for id in ids)
        assert sf.query(f"SELECT COUNT() FROM Project__c WHERE Id IN ({text})", include_deleted=True)["totalSize"] == 0

    def test_batches_and_detailed_results(self, sf):
        records = [{"Name": f"Batched {at:02}"} for at in range(25)]
        made = sf.bulk.Team__c.insert(records, batch_size=10, include_detailed_results=True)
        assert [row["Name"] for row in made] == [row["Name"] for row in records]
        assert all(row["success"] for row in made)
        assert len({row["id"] for row in made}) == 25
        bypassed = sf.bulk.Team__c.update([{"Id": row["id"], "Motto__c": "m"} for row in made], bypass_results=True)
        assert bypassed[0] == {"bypass_results": True}
        assert bypassed[1]["job_id"].startswith("750")
        gone = sf.bulk.submit_dml("Team__c", "delete", [{"Id": row["id"]} for row in made], batch_size="auto")
        assert len(gone) == 25 and all(row["success"] for row in gone)

    def test_what_is_of_another_type(self, sf):
        [made] = sf.bulk.Project__c.insert([{"Name": "x", "Budget__c": "much"}])
        assert made["success"] is False
        assert made["errors"][0]["statusCode"] == "INVALID_TYPE_ON_FIELD_IN_RECORD"
        assert made["errors"][0]["message"] == "Budget: value not of required type: much"

    def test_queries(self, sf):
        assert sf.bulk.Team__c.query("SELECT Id FROM Team__c WHERE Name = 'Nobody'") == []
        lazy = sf.bulk.User.query("SELECT Id, IsActive, Profile.Name FROM User", lazy_operation=True)
        users = [row for page in lazy for row in page]
        assert all(isinstance(row["IsActive"], bool) for row in users)
        assert len(users) == sf.query("SELECT COUNT() FROM User")["totalSize"]
        with pytest.raises(SalesforceGeneralError) as refusal:
            sf.bulk.Account.query("SELECT Nope FROM Account")
        assert refusal.value.status == "Failed"
        assert "No such column 'Nope' on entity 'Account'" in refusal.value.content

    def test_refusals(self, sf):
        with pytest.raises(SalesforceMalformedRequest) as refusal:
            sf.bulk.Nothing__c.insert([{"Name": "x"}])
        assert refusal.value.status == 400
        assert refusal.value.content["exceptionCode"] == "InvalidJob"
        assert refusal.value.content["exceptionMessage"] == "Unable to find object: Nothing__c"
        with pytest.raises(SalesforceMalformedRequest) as refusal:
            sf.bulk.Project__c.upsert([{"Notes__c": "x"}], "Notes__c")
        assert refusal.value.content["exceptionCode"] == "InvalidJob"
        assert (
            refusal.value.content["exceptionMessage"]
            == "Field name provided, Notes__c does not match an External ID for Project__c"
        )


class TestBulk2:
    def test_pages_bring_every_row_once(self, sf):
        total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
        pages = list(sf.bulk2.Contact.query("SELECT Id FROM Contact", max_records=7, **FAST))
        assert len(pages) == -(-total // 7)
        assert all(page.startswith('"Id"\n') for page in pages)
        ids = [row["Id"] for page in pages for row in rows_of(page)]
        assert len(ids) == total
        assert len(set(ids)) == total

    def test_download(self, sf, tmp_path):
        total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
        size = total // 2 + 1
        pages = sf.bulk2.Contact.download("SELECT Id, LastName FROM Contact", path=str(tmp_path), max_records=size, **FAST)
        assert [page["number_of_records"] for page in pages] == [size, total - size]
        assert pages[0]["locator"] and not pages[1]["locator"]
        rows = [row for page in pages for row in rows_of(pathlib.Path(page["file"]).read_bytes().decode())]
        assert len({row["Id"] for row in rows}) == total
        expected = {row["Id"]: row["LastName"] for row in sf.query_all("SELECT Id, LastName FROM Contact")["records"]}
        assert {row["Id"]: row["LastName"] for row in rows} == expected

    def test_insert_update_upsert_delete(self, sf, tmp_path):
        records = [
            {"Name": f"B2 {at}", "External_Id__c": f"p2-{at}", "Budget__c": str(at), "Summary__c": AWKWARD}
            for at in range(450)
        ]
        [made] = sf.bulk2.Project__c.insert(records=records, **FAST)
        assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (450, 0)
        assert made["numberRecordsTotal"] == 450
        rows = rows_of(sf.bulk2.Project__c.get_successful_records(made["job_id"]))
        assert len(rows) == 450
        assert all(row["sf__Created"] == "true" and row["sf__Id"].startswith("a00") for row in rows)
        assert {row["Name"] for row in rows} == {row["Name"] for row in records}
        assert rows[0]["Summary__c"] == AWKWARD
        ids = {row["External_Id__c"]: row["sf__Id"] for row in rows}

        [page] = sf.bulk2.Project__c.query(
            "SELECT Id, Name, Budget__c, Start__c, Is_Billable__c, Summary__c FROM Project__c"
            " WHERE Name LIKE 'B2 %' ORDER BY Budget__c",
            **FAST,
        )
        found = rows_of(page)
        assert [row["Name"] for row in found] == [row["Name"] for row in records]
        assert found[3]["Id"] == ids["p2-3"]
        assert float(found[3]["Budget__c"]) == 3
        assert found[3]["Start__c"] == ""
        assert found[3]["Is_Billable__c"] == "false"
        assert found[3]["Summary__c"] == AWKWARD

        changes = [{"Id": id, "Budget__c": "much" if key == "p2-5" else "1"} for key, id in ids.items()]
        changes += [{"Id": "a00000000000000AAA", "Budget__c": "1"}]
        [changed] = sf.bulk2.Project__c.update(records=changes, **FAST)
        assert (changed["numberRecordsProcessed"], changed["numberRecordsFailed"]) == (451, 2)
        failed = {row["Id"]: row for row in rows_of(sf.bulk2.Project__c.get_failed_records(changed["job_id"]))}
        assert failed[ids["p2-5"]]["sf__Id"] == ids["p2-5"]
        assert (
            failed[ids["p2-5"]]["sf__Error"]
            == "INVALID_TYPE_ON_FIELD_IN_RECORD:Budget: value not of required type: much:Budget__c --"
        )
        assert failed["a00000000000000AAA"]["sf__Error"].split(":")[0] in (
            "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY",
        )
        everything = sf.bulk2.Project__c.get_all_ingest_records(changed["job_id"])
        assert {key: len(value) for key, value in everything.items()} == {
            "successfulRecords": 449, "failedRecords": 2, "unprocessedRecords": 0,
        }

        [upserted] = sf.bulk2.Project__c.upsert(
            records=[{"External_Id__c": "p2-1", "Name": "B2 one"}, {"External_Id__c": "p2-new", "Name": "B2 new"}],
            external_id_field="External_Id__c",
            **FAST,
        )
        created = {
            row["External_Id__c"]: (row["sf__Id"], row["sf__Created"])
            for row in rows_of(sf.bulk2.Project__c.get_successful_records(upserted["job_id"]))
        }
        assert created["p2-1"] == (ids["p2-1"], "false")
        assert created["p2-new"][1] == "true"

        file = tmp_path / "gone.csv"
        file.write_text("Id\n" + "".join(f"{id}\n" for id in list(ids.values())[:200]))
        jobs = sf.bulk2.Project__c.delete(csv_file=str(file), batch_size=150, **FAST)
        assert [job["numberRecordsProcessed"] for job in jobs] == [150, 50]
        assert sf.query("SELECT COUNT() FROM Project__c WHERE Name LIKE 'B2 %'")["totalSize"] == 251
        rest = [{"Id": id} for id in [*list(ids.values())[200:], created["p2-new"][0]]]
        [hard] = sf.bulk2.Project__c.hard_delete(records=rest, **FAST)
        assert (hard["numberRecordsProcessed"], hard["numberRecordsFailed"]) == (251, 0)
        pages = sf.bulk2.Project__c.query_all(
            "SELECT Id, IsDeleted FROM Project__c WHERE Name LIKE 'B2 %'", max_records=200, **FAST
        )
        left = [row for page in pages for row in rows_of(page)]
        assert {row["Id"] for row in left} >= set(list(ids.values())[:200])
        assert not {row["Id"] for row in left} & {row["Id"] for row in rest}
        assert all(row["IsDeleted"] == "true" for row in left)

    @pytest.mark.parametrize("delimiter", list(ColumnDelimiter))
    @pytest.mark.parametrize("ending", list(LineEnding))
    def test_every_delimiter_and_line_end(self, sf, delimiter, ending):
        options = {"column_delimiter": delimiter, "line_ending": ending, **FAST}
        motto = "a^b|c`d;e,f\tg"
        [made] = sf.bulk2.Team__c.insert(
            records=[{"Name": "Delimited", "Motto__c": motto}, {"Name": "Delimited", "Motto__c": ""}], **options
        )
        assert made["numberRecordsFailed"] == 0
        statement = "SELECT Id, Motto__c FROM Team__c WHERE Name = 'Delimited'"
        [page] = sf.bulk2.Team__c.query(statement, **options)
        end = "\r\n" if ending == LineEnding.CRLF else "\n"
        assert page.endswith(end)
        assert page.count("\r\n") == (3 if ending == LineEnding.CRLF else 0)
        character = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
        rows = rows_of(page, delimiter=character[delimiter.value])
        assert sorted(row["Motto__c"] for row in rows) == ["", motto]
        [gone] = sf.bulk2.Team__c.hard_delete(records=[{"Id": row["Id"]} for row in rows], wait=0.05)
        assert gone["numberRecordsProcessed"] == 2

    def test_nulls_and_what_is_left_alone(self, sf):
        id = sf.Team__c.create({"Name": "Null", "Motto__c": "m"})["id"]
        for motto, expected in (("", "m"), ("#N/A", None)):
            [changed] = sf.bulk2.Team__c.update(records=[{"Id": id, "Name": "Null", "Motto__c": motto}], **FAST)
            assert changed["numberRecordsFailed"] == 0
            assert sf.Team__c.get(id)["Motto__c"] == expected
        sf.Team__c.delete(id)

    def test_a_job_that_fails_and_jobs_that_cannot_be(self, sf):
        with pytest.raises(SalesforceOperationError) as refusal:
            sf.bulk2.Team__c.insert(records=[{"Nope__c": "x"}], **FAST)
        assert "InvalidBatch : Field name not found : Nope__c" in str(refusal.value)
        with pytest.raises(SalesforceMalformedRequest) as refusal:
            sf.bulk2.Nothing__c.insert(records=[{"Name": "x"}], **FAST)
        assert refusal.value.content[0]["errorCode"] == "INVALIDJOB"
        assert "Unable to find object: Nothing__c" in refusal.value.content[0]["message"]
        with pytest.raises(SalesforceMalformedRequest) as refusal:
            list(sf.bulk2.Account.query("SELECT Nope FROM Account", **FAST))
        assert refusal.value.status == 400
        assert refusal.value.content[0]["errorCode"] in ("API_ERROR", "INVALID_FIELD")
        assert "No such column 'Nope' on entity 'Account'" in refusal.value.content[0]["message"]

    def test_what_jobs_tell(self, sf):
        list(sf.bulk2.Team__c.query("SELECT Id FROM Team__c", **FAST))
        listed = sf.restful("jobs/query", params={"jobType": "V2Query"})
        assert set(listed) == {"done", "nextRecordsUrl", "records"}
        job = listed["records"][-1]
        assert job["id"].startswith("750")
        assert job["state"] in ("JobComplete", "Failed", "Aborted")
        assert job["apiVersion"] == 62.0
        assert job["concurrencyMode"] == "Parallel"
        told = sf.restful(f"jobs/query/{job['id']}")
        assert told["columnDelimiter"] == "COMMA"
        assert told["lineEnding"] == "LF"
        assert isinstance(told["numberRecordsProcessed"], int)
        assert json.dumps(told["retries"]) == "0"
        ingest = sf.restful("jobs/ingest")
        assert all(one["jobType"] in ("V2Ingest", "BigObjectIngest", "Classic") for one in ingest["records"])

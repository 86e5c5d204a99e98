"""Describes and single rows."""

import datetime
import decimal

import pytest
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)


@pytest.fixture
def project(sf):
    made = sf.Project__c.create(
        {
            "Name": "Conformance",
            "Budget__c": 12.5,
            "Progress__c": 33.33,
            "Start__c": "2026-01-31",
            "Kick_Off__c": "2026-01-31T09:30:00+02:00",
            "Daily_Call__c": "09:15:00",
            "Is_Billable__c": True,
            "Skills__c": "Rust;SQL",
            "Place__Latitude__s": 48.5,
            "Place__Longitude__s": 9.25,
        }
    )
    assert made["success"] is True
    assert made["errors"] == []
    assert len(made["id"]) == 18
    yield made["id"]
    if sf.query(f"SELECT COUNT() FROM Project__c WHERE Id = '{made['id']}'")["totalSize"]:
        sf.Project__c.delete(made["id"])


def test_a_row_has_types_and_nulls(sf, project):
    row = sf.Project__c.get(project)
    assert row["attributes"] == {
        "type": "Project__c",
        "url": f"/services/data/v62.0/sobjects/Project__c/{project}",
    }
    assert row["Id"] == project
    assert row["Name"] == "Conformance"
    assert row["Budget__c"] == 12.5
    assert row["Budget_Gross__c"] == pytest.approx(14.88)
    assert row["Progress__c"] == 33.33
    assert row["Start__c"] == "2026-01-31"
    assert row["Kick_Off__c"] == "2026-01-31T07:30:00.000+0000"
    assert row["Daily_Call__c"] == "09:15:00.000Z"
    assert row["Is_Billable__c"] is True
    assert row["Is_Large__c"] is False
    assert row["Skills__c"] == "Rust;SQL"
    assert row["Place__c"] == {"latitude": 48.5, "longitude": 9.25}
    assert row["Summary__c"] is None
    assert row["Account__c"] is None
    assert row["Days__c"] is None
    assert row["IsDeleted"] is False
    assert row["CreatedDate"] == row["SystemModstamp"]
    assert row["CreatedDate"].endswith(".000+0000")
    assert row["Invoice_Count__c"] == 0
    assert set(sf.Project__c.get(project, params={"fields": "Name,Budget__c"})) == {
        "attributes", "Id", "Name", "Budget__c",
    }


def test_numbers_keep_their_digits(connect):
    exact = connect(
        username="admin@simorg.example", password="simorg", security_token="", parse_float=decimal.Decimal
    )
    made = exact.Project__c.create({"Name": "Digits", "Budget__c": "1234567890123.45"})
    [row] = exact.query(f"SELECT Budget__c FROM Project__c WHERE Id = '{made['id']}'")["records"]
    assert row["Budget__c"] == decimal.Decimal("1234567890123.45")
    assert exact.Project__c.delete(made["id"]) == 204


def test_a_row_changes_and_goes_to_the_bin(sf, project):
    before = sf.Project__c.get(project)
    assert sf.Project__c.update(project, {"Name": "Changed", "Budget__c": None}) == 204
    row = sf.Project__c.get(project)
    assert row["Name"] == "Changed"
    assert row["Budget__c"] is None
    assert row["CreatedDate"] == before["CreatedDate"]
    assert row["SystemModstamp"] >= before["SystemModstamp"]
    assert sf.Project__c.delete(project) == 204
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Project__c.get(project)
    assert refusal.value.status == 404
    assert refusal.value.content == [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Project__c.delete(project)
    assert refusal.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"
    statement = f"SELECT Id, IsDeleted FROM Project__c WHERE Id = '{project}'"
    assert sf.query(statement)["totalSize"] == 0
    binned = sf.query(statement, include_deleted=True)
    assert binned["totalSize"] == 1
    assert binned["records"][0]["IsDeleted"] is True


def test_a_row_that_never_was(sf):
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Account.get("001000000000000AAA")
    assert refusal.value.status == 404
    assert refusal.value.content == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]


def test_upsert_by_external_id(sf):
    raw = sf.Project__c.upsert("External_Id__c/py 1", {"Name": "First"}, raw_response=True)
    assert raw.status_code == 201
    assert raw.json()["created"] is True
    assert raw.json()["success"] is True
    id = raw.json()["id"]
    again = sf.Project__c.upsert("External_Id__c/py 1", {"Name": "Second", "Is_Billable__c": True}, raw_response=True)
    assert again.status_code == 200
    assert again.json() == {"id": id, "success": True, "errors": [], "created": False}
    row = sf.Project__c.get(id)
    assert row["Name"] == "Second"
    assert row["External_Id__c"] == "py 1"
    assert row["Is_Billable__c"] is True
    plain = sf.Project__c.upsert("External_Id__c/py-2", {"Name": "Third"})
    assert plain == 201
    found = sf.Project__c.get_by_custom_id("External_Id__c", "py-2")
    assert found["Name"] == "Third"
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Project__c.get_by_custom_id("External_Id__c", "nobody")
    assert refusal.value.content[0]["errorCode"] == "NOT_FOUND"
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Project__c.upsert("Notes__c/x", {"Name": "No"})
    assert refusal.value.content[0]["errorCode"] == "NOT_FOUND"
    assert (
        refusal.value.content[0]["message"]
        == "Provided external ID field does not exist or is not accessible: Notes__c"
    )
    for one in (id, found["Id"]):
        assert sf.Project__c.delete(one) == 204


def test_an_external_id_that_several_rows_have(sf):
    ids = [sf.acme__Thing__c.create({"Name": name, "acme__Code__c": "twice"})["id"] for name in "ab"]
    with pytest.raises(SalesforceMoreThanOneRecord) as refusal:
        sf.acme__Thing__c.get_by_custom_id("acme__Code__c", "twice")
    assert refusal.value.status == 300
    assert sorted(refusal.value.content) == sorted(
        f"/services/data/v62.0/sobjects/acme__Thing__c/{id}" for id in ids
    )
    with pytest.raises(SalesforceMoreThanOneRecord) as refusal:
        sf.acme__Thing__c.upsert("acme__Code__c/twice", {"Name": "c"})
    assert refusal.value.status == 300
    for id in ids:
        sf.acme__Thing__c.delete(id)


@pytest.mark.parametrize(
    "record, code, words, fields",
    [
        (
            {"Name": "x" * 81},
            "STRING_TOO_LONG",
            "Name: data value too large: " + "x" * 40 + "... (max length=80)",
            ["Name"],
        ),
        (
            {"Stage__c": "Dreamt"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Stage: bad value for restricted picklist field: Dreamt",
            ["Stage__c"],
        ),
        ({"Contact_Email__c": "no mail"}, "INVALID_EMAIL_ADDRESS", "Contact Email: invalid email address: no mail", None),
        ({"Account__c": "no id"}, "MALFORMED_ID", "Account: id value of incorrect type: no id", ["Account__c"]),
        ({"Days__c": 1234}, "NUMBER_OUTSIDE_VALID_RANGE", "Days: value outside of valid range on numeric field: 1234.0", None),
        ({"Nope__c": 1}, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Project__c", "absent"),
        ({"Budget__c": "much"}, "JSON_PARSER_ERROR", None, "absent"),
        ({"Is_Billable__c": "maybe"}, "JSON_PARSER_ERROR", None, "absent"),
        ({"Start__c": "tomorrow"}, "JSON_PARSER_ERROR", None, "absent"),
        (
            {"CreatedById": "005000000000001AAA"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            None,
            ["CreatedById"],
        ),
    ],
)
def test_what_is_refused_has_its_code_and_its_words(sf, record, code, words, fields):
    record = {"Name": "Refused", **record}
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.Project__c.create(record)
    assert refusal.value.status == 400
    assert refusal.value.resource_name == "Project__c"
    [error] = refusal.value.content
    assert error["errorCode"] == code
    if words:
        assert error["message"] == words
    if fields == "absent":
        assert "fields" not in error
    elif fields:
        assert error["fields"] == fields


def test_names_are_required_of_standard_objects_only(sf):
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.Contact.create({"FirstName": "Nobody"})
    assert refusal.value.content == [
        {
            "message": "Required fields are missing: [LastName]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["LastName"],
        }
    ]
    id = sf.Team__c.create({})["id"]
    assert sf.Team__c.get(id)["Name"] == id[:15]
    sf.Team__c.delete(id)


def test_duplicates_are_told(sf):
    first = sf.Project__c.create({"Name": "Only one", "Strict_Id__c": "py-only"})["id"]
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.Project__c.create({"Name": "Another", "Strict_Id__c": "py-only"})
    [error] = refusal.value.content
    assert error["errorCode"] == "DUPLICATE_VALUE"
    assert error["message"] == f"duplicate value found: Strict_Id__c duplicates value on record with id: {first[:15]}"
    assert error["fields"] == []
    assert sf.Project__c.create({"Name": "Case", "Strict_Id__c": "PY-only"})["success"] is True
    for row in sf.query("SELECT Id FROM Project__c WHERE Name IN ('Only one', 'Case')")["records"]:
        sf.Project__c.delete(row["Id"])


def test_an_object_that_is_not(sf):
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Nothing__c.create({"Name": "x"})
    assert refusal.value.content == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]
    with pytest.raises(SalesforceResourceNotFound):
        sf.Nothing__c.describe()


def test_updated_and_deleted(sf):
    kept = sf.Team__c.create({"Name": "Kept"})["id"]
    gone = sf.Team__c.create({"Name": "Gone"})["id"]
    sf.Team__c.delete(gone)
    now = datetime.datetime.now(datetime.timezone.utc)
    start, end = now - datetime.timedelta(hours=2), now + datetime.timedelta(minutes=1)
    updated = sf.Team__c.updated(start, end)
    assert set(updated) == {"ids", "latestDateCovered"}
    assert kept in updated["ids"]
    assert updated["latestDateCovered"].endswith(".000+0000")
    deleted = sf.Team__c.deleted(start, end)
    assert set(deleted) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    [record] = [one for one in deleted["deletedRecords"] if one["id"] == gone]
    assert record["deletedDate"].endswith(".000+0000")
    assert deleted["earliestDateAvailable"] < record["deletedDate"]
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.Team__c.updated(now, now - datetime.timedelta(hours=1))
    assert refusal.value.content[0]["errorCode"] == "INVALID_REPLICATION_DATE"
    sf.Team__c.delete(kept)


def test_describes_have_their_shapes(sf):
    everything = sf.describe()
    assert everything["encoding"] == "UTF-8"
    assert everything["maxBatchSize"] == 200
    objects = {item["name"]: item for item in everything["sobjects"]}
    account = objects["Account"]
    assert account["keyPrefix"] == "001"
    assert account["urls"]["rowTemplate"] == "/services/data/v62.0/sobjects/Account/{ID}"
    assert account["urls"]["describe"] == "/services/data/v62.0/sobjects/Account/describe"
    assert account["urls"]["sobject"] == "/services/data/v62.0/sobjects/Account"
    assert objects["Limits__c"]["customSetting"] is True
    assert objects["Project__Share"]["associateParentEntity"] == "Project__c"
    assert objects["Project__Share"]["associateEntityType"] == "Share"
    described = sf.Account.describe()
    assert {key: described[key] for key in ("name", "label", "labelPlural", "queryable", "custom", "keyPrefix")} == {
        "name": "Account", "label": "Account", "labelPlural": "Accounts",
        "queryable": True, "custom": False, "keyPrefix": "001",
    }
    assert set(account) - set(described) == set()
    for key in set(account) - {"urls"}:
        assert account[key] == described[key]
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["Id"]["type"] == "id"
    assert fields["Id"]["soapType"] == "tns:ID"
    assert fields["Name"]["nillable"] is False
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    assert fields["Phone"]["relationshipName"] is None
    assert fields["Phone"]["referenceTo"] == []
    assert fields["ParentId"]["relationshipName"] == "Parent"
    assert fields["BillingStreet"]["compoundFieldName"] == "BillingAddress"
    assert fields["AnnualRevenue"]["calculatedFormula"] is None
    widths = {len(field) for field in described["fields"]}
    assert len(widths) == 1, "all fields have the same attributes"


def test_an_object_by_itself(sf):
    told = sf.Account.metadata()
    assert set(told) == {"objectDescribe", "recentItems"}
    assert told["objectDescribe"]["name"] == "Account"
    assert isinstance(told["recentItems"], list)


def test_limits_are_counted_and_reached(sf, admin):
    limits = sf.limits()
    assert set(limits["DailyApiRequests"]) >= {"Max", "Remaining"}
    assert limits["DailyApiRequests"]["Remaining"] < limits["DailyApiRequests"]["Max"]
    assert limits["DailyBulkV2QueryJobs"]["Max"] == 10000
    used = sf.api_usage["api-usage"]
    assert used.total == limits["DailyApiRequests"]["Max"]
    sf.query("SELECT Id FROM Organization")
    assert sf.api_usage["api-usage"].used == used.used + 1
    admin("PUT", "/limits", json={"used": used.total})
    with pytest.raises(SalesforceRefusedRequest) as refusal:
        sf.query("SELECT Id FROM Organization")
    assert refusal.value.status == 403
    assert refusal.value.content == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    admin("PUT", "/limits", json={"used": used.used})
    assert sf.query("SELECT Id FROM Organization")["done"] is True


def test_files_go_in_and_come_out(sf, tmp_path):
    content = bytes(range(256)) * 40
    file = tmp_path / "picture.bin"
    file.write_bytes(content)
    account = sf.Account.create({"Name": "With files"})["id"]
    attachment = sf.Attachment.create({"ParentId": account, "Name": "a.txt", "Body": "YQ=="})["id"]
    assert sf.Attachment.get_base64(attachment) == b"a"
    assert sf.Attachment.update_base64(attachment, str(file)) == 204
    assert sf.Attachment.get_base64(attachment) == content
    row = sf.Attachment.get(attachment)
    assert row["BodyLength"] == len(content)
    assert row["Body"] == f"/services/data/v62.0/sobjects/Attachment/{attachment}/Body"
    document = sf.ContentVersion.create({"Title": "T", "PathOnClient": "t.bin", "VersionData": "AAEC"})["id"]
    assert sf.ContentVersion.get_base64(document, "VersionData") == b"\x00\x01\x02"
    version = sf.ContentVersion.get(document)
    assert version["ContentSize"] == 3
    assert version["IsLatest"] is True
    assert version["FileExtension"] == "bin"
    assert version["ContentDocumentId"].startswith("069")
    sf.Account.delete(account)


def test_plain_requests(sf, project):
    composite = sf.restful(
        "composite",
        method="POST",
        json={
            "compositeRequest": [
                {"method": "GET", "url": "/services/data/v62.0/sobjects/Account/describe", "referenceId": "a"},
                {"method": "GET", "url": f"/services/data/v62.0/sobjects/Project__c/{project}", "referenceId": "b"},
                {"method": "GET", "url": "/services/data/v62.0/sobjects/Account/001000000000000AAA", "referenceId": "c"},
            ]
        },
    )
    answers = composite["compositeResponse"]
    assert [one["httpStatusCode"] for one in answers] == [200, 200, 404]
    assert [one["referenceId"] for one in answers] == ["a", "b", "c"]
    assert answers[1]["body"]["Name"] == "Conformance"
    assert answers[2]["body"][0]["errorCode"] == "NOT_FOUND"
    counts = sf.restful("limits/recordCount", params={"sObjects": "Account,User"})
    assert {one["name"] for one in counts["sObjects"]} == {"Account", "User"}
    assert all(isinstance(one["count"], int) for one in counts["sObjects"])
    rows = sf.restful(
        "composite/sobjects",
        method="POST",
        json={
            "allOrNone": False,
            "records": [
                {"attributes": {"type": "Account"}, "Name": "Collected"},
                {"attributes": {"type": "Contact"}},
            ],
        },
    )
    assert [one["success"] for one in rows] == [True, False]
    assert rows[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    gone = sf.restful("composite/sobjects", method="DELETE", params={"ids": rows[0]["id"]})
    assert gone == [{"id": rows[0]["id"], "success": True, "errors": []}]
    assert sf.restful(f"sobjects/Project__c/{project}", method="DELETE") is None
    who = sf.oauth2("userinfo")
    assert who["preferred_username"] == "admin@simorg.example"
    assert who["organization_id"].startswith("00D")
    assert sf.is_sandbox() is True


def test_tooling(sf):
    classes = sf.toolingexecute("query/?q=SELECT+Id,Name,Body+FROM+ApexClass")
    assert classes["done"] is True
    assert classes["size"] == len(classes["records"])
    assert classes["entityTypeName"] == "ApexClass"
    assert all(row["Body"] for row in classes["records"] if not row["Name"].startswith("acme__"))
    fields = sf.toolingexecute(
        "query/",
        params={
            "q": "SELECT QualifiedApiName, DataType FROM FieldDefinition"
            " WHERE EntityDefinition.QualifiedApiName = 'Project__c'"
        },
    )
    types = {row["QualifiedApiName"]: row["DataType"] for row in fields["records"]}
    assert types["Name"] == "Text(80)"
    assert types["Budget__c"] == "Currency(14, 2)"
    assert types["Account__c"] == "Lookup(Account)"
    assert types["Skills__c"] == "Picklist (Multi-Select)"
    described = sf.toolingexecute("sobjects/ApexClass/describe")
    assert described["name"] == "ApexClass"
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.toolingexecute("query/?q=SELECT+Id+FROM+Nothing")
    assert refusal.value.content[0]["errorCode"] == "INVALID_TYPE"


def test_search(sf):
    id = sf.Account.create({"Name": "Quillfeather Limited", "Phone": "+49 711 1"})["id"]
    found = sf.search("FIND {Quillfeather} IN NAME FIELDS RETURNING Account(Id, Name, Phone), Contact(Id)")
    assert set(found) == {"searchRecords"}
    [record] = found["searchRecords"]
    assert record["attributes"] == {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{id}"}
    assert (record["Id"], record["Name"], record["Phone"]) == (id, "Quillfeather Limited", "+49 711 1")
    quick = sf.quick_search("Quillfeather Limited")
    assert [one["Id"] for one in quick["searchRecords"]] == [id]
    assert sf.search("FIND {quill*} RETURNING Account(Id)")["searchRecords"][0]["Id"] == id
    assert sf.search("FIND {Quill} RETURNING Account(Id)") == {"searchRecords": []}
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.search("FIND Quillfeather")
    assert refusal.value.content[0]["errorCode"] == "MALFORMED_SEARCH"
    sf.Account.delete(id)

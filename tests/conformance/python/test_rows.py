"""Queries, describes and single rows."""

import datetime

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound


@pytest.fixture
def account(sf):
    created = sf.Account.create({"Name": "Conformance", "AnnualRevenue": 12.5})
    assert created["success"] is True
    assert created["errors"] == []
    assert len(created["id"]) == 18
    yield created["id"]
    if sf.query(f"SELECT COUNT() FROM Account WHERE Id = '{created['id']}'")["totalSize"]:
        sf.Account.delete(created["id"])


def test_a_row_has_types_and_nulls(sf, account):
    row = sf.Account.get(account)
    assert row["attributes"]["type"] == "Account"
    assert row["attributes"]["url"].endswith(f"/sobjects/Account/{account}")
    assert row["Id"] == account
    assert row["Name"] == "Conformance"
    assert row["AnnualRevenue"] == 12.5
    assert row["Phone"] is None
    assert row["IsDeleted"] is False
    assert row["CreatedDate"].endswith("+0000")


def test_a_row_changes_and_goes_to_the_bin(sf, account):
    assert sf.Account.update(account, {"Name": "Changed", "AnnualRevenue": None}) == 204
    row = sf.Account.get(account)
    assert row["Name"] == "Changed"
    assert row["AnnualRevenue"] is None
    assert sf.Account.delete(account) == 204
    with pytest.raises(SalesforceResourceNotFound) as refusal:
        sf.Account.get(account)
    assert refusal.value.status == 404
    statement = f"SELECT Id, IsDeleted FROM Account WHERE Id = '{account}'"
    assert sf.query(statement)["totalSize"] == 0
    binned = sf.query(statement, include_deleted=True)
    assert binned["totalSize"] == 1
    assert binned["records"][0]["IsDeleted"] is True


def test_updated_and_deleted_have_their_shapes(sf):
    now = datetime.datetime.now(datetime.timezone.utc)
    updated = sf.Account.updated(now - datetime.timedelta(hours=2), now)
    assert isinstance(updated["ids"], list)
    assert updated["latestDateCovered"].endswith("+0000")
    deleted = sf.Account.deleted(now - datetime.timedelta(hours=2), now)
    assert isinstance(deleted["deletedRecords"], list)
    assert deleted["earliestDateAvailable"].endswith("+0000")


def test_query_all_brings_every_row_once(sf):
    total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
    rows = sf.query_all("SELECT Id FROM Contact")
    assert rows["done"] is True
    assert rows["totalSize"] == total
    assert len({row["Id"] for row in rows["records"]}) == total
    assert len(list(sf.query_all_iter("SELECT Id FROM Contact"))) == total


def test_describes_have_their_shapes(sf):
    everything = sf.describe()
    assert everything["encoding"] == "UTF-8"
    assert everything["maxBatchSize"] == 200
    account = next(item for item in everything["sobjects"] if item["name"] == "Account")
    assert account["keyPrefix"] == "001"
    described = sf.Account.describe()
    assert {key: described[key] for key in ("name", "label", "queryable", "custom")} == {
        "name": "Account", "label": "Account", "queryable": True, "custom": False,
    }
    assert set(account) - set(described) <= {"urls"}
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["Id"]["type"] == "id"
    assert fields["Name"]["nillable"] is False
    assert fields["OwnerId"]["referenceTo"] == ["User"]
    assert fields["Phone"]["relationshipName"] is None


@pytest.mark.parametrize(
    "statement, code, words",
    [
        ("SELECT Nothing__c FROM Account", "INVALID_FIELD", "No such column 'Nothing__c' on entity 'Account'"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE", "sObject type 'Nothing__c' is not supported"),
        ("SELECT Id Account", "MALFORMED_QUERY", ""),
    ],
)
def test_a_wrong_query_is_refused(sf, statement, code, words):
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.query(statement)
    assert refusal.value.status == 400
    assert refusal.value.content[0]["errorCode"] == code
    assert words in refusal.value.content[0]["message"]


def test_a_row_without_its_name_is_refused(sf):
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.Account.create({"Phone": "1"})
    error = refusal.value.content[0]
    assert error["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert error["message"] == "Required fields are missing: [Name]"
    assert error["fields"] == ["Name"]


def test_limits_and_composite(sf):
    limits = sf.limits()
    assert set(limits["DailyApiRequests"]) >= {"Max", "Remaining"}
    answer = sf.restful(
        "composite",
        method="POST",
        json={"compositeRequest": [{"method": "GET", "url": "/services/data/v62.0/limits", "referenceId": "a"}]},
    )
    assert answer["compositeResponse"][0]["httpStatusCode"] == 200
    assert answer["compositeResponse"][0]["referenceId"] == "a"


def test_tooling_answers_a_query(sf):
    answer = sf.toolingexecute("query/?q=SELECT+Id,Name+FROM+ApexClass")
    assert answer["done"] is True
    assert answer["size"] == len(answer["records"])

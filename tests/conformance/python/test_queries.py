"""Queries: shapes, pages, and what is refused."""

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

PAGES = {"headers": {"Sforce-Query-Options": "batchSize=200"}}


@pytest.fixture(scope="module")
def teams(sf):
    ids = []
    for start in (0, 200, 400):
        records = [{"attributes": {"type": "Team__c"}, "Name": f"page {at:03}"} for at in range(start, start + 200)]
        ids += sf.restful("composite/sobjects", method="POST", json={"records": records[: 450 - start]})
    assert all(one["success"] for one in ids)
    yield [one["id"] for one in ids]
    for start in (0, 200, 400):
        chunk = ",".join(one["id"] for one in ids[start : start + 200])
        sf.restful("composite/sobjects", method="DELETE", params={"ids": chunk})


def test_pages_follow_each_other(sf, teams):
    statement = "SELECT Id, Name FROM Team__c WHERE Name LIKE 'page %' ORDER BY Name"
    first = sf.query(statement, **PAGES)
    assert set(first) == {"totalSize", "done", "nextRecordsUrl", "records"}
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].startswith("/services/data/v62.0/query/01g")
    assert first["nextRecordsUrl"].endswith("-200")
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True, **PAGES)
    assert (second["totalSize"], second["done"], len(second["records"])) == (450, False, 200)
    third = sf.query_more(second["nextRecordsUrl"].rsplit("/", 1)[1], **PAGES)
    assert (third["totalSize"], third["done"], len(third["records"])) == (450, True, 50)
    assert "nextRecordsUrl" not in third
    names = [row["Name"] for page in (first, second, third) for row in page["records"]]
    assert names == [f"page {at:03}" for at in range(450)]
    again = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True, **PAGES)
    assert again["records"] == second["records"]


def test_query_all_brings_every_row_once(sf, teams):
    statement = "SELECT Id FROM Team__c WHERE Name LIKE 'page %'"
    rows = sf.query_all(statement, **PAGES)
    assert (rows["totalSize"], rows["done"]) == (450, True)
    assert {row["Id"] for row in rows["records"]} == set(teams)
    assert [row["Id"] for row in sf.query_all_iter(statement, **PAGES)] == [row["Id"] for row in rows["records"]]
    assert sf.query_all(statement)["totalSize"] == 450


def test_query_all_sees_the_bin(sf):
    ids = [sf.Team__c.create({"Name": f"binned {at}"})["id"] for at in range(2)]
    sf.Team__c.delete(ids[0])
    statement = "SELECT Id, IsDeleted FROM Team__c WHERE Name LIKE 'binned %'"
    assert [row["Id"] for row in sf.query_all(statement)["records"]] == ids[1:]
    everything = sf.query_all(statement, include_deleted=True)["records"]
    assert {row["Id"]: row["IsDeleted"] for row in everything if row["Id"] in ids} == {ids[0]: True, ids[1]: False}
    sf.Team__c.delete(ids[1])


def test_parents_and_children(sf):
    account = sf.Account.create({"Name": "Parent of two"})["id"]
    for name in ("Beta", "Alpha"):
        sf.Contact.create({"LastName": name, "AccountId": account})
    [row] = sf.query(
        "SELECT Name, Owner.Name, Parent.Name, (SELECT LastName, Account.Name FROM Contacts ORDER BY LastName),"
        f" (SELECT Id FROM Cases) FROM Account WHERE Id = '{account}'"
    )["records"]
    assert row["Parent"] is None
    assert row["Cases"] is None
    assert row["Owner"]["attributes"]["type"] == "User"
    assert row["Contacts"]["totalSize"] == 2
    assert row["Contacts"]["done"] is True
    assert [one["LastName"] for one in row["Contacts"]["records"]] == ["Alpha", "Beta"]
    assert row["Contacts"]["records"][0]["Account"]["Name"] == "Parent of two"
    [typed] = sf.query(
        "SELECT TYPEOF Owner WHEN User THEN Username, IsActive ELSE Name END FROM Case LIMIT 1"
    )["records"]
    assert typed["Owner"]["attributes"]["type"] in ("User", "Group")
    sf.Account.delete(account)


def test_counts_and_groups(sf, teams):
    count = sf.query("SELECT COUNT() FROM Team__c WHERE Name LIKE 'page %'")
    assert count == {"totalSize": 450, "done": True, "records": []}
    [row] = sf.query(
        "SELECT COUNT(Id) rows, COUNT_DISTINCT(Name), MIN(Name) least, MAX(Name) FROM Team__c WHERE Name LIKE 'page %'"
    )["records"]
    assert row == {
        "attributes": {"type": "AggregateResult"},
        "rows": 450, "expr0": 450, "least": "page 000", "expr1": "page 449",
    }
    groups = sf.query("SELECT IsActive, COUNT(Id) n FROM User GROUP BY IsActive ORDER BY IsActive")["records"]
    assert [row["IsActive"] for row in groups] == [False, True]
    assert all(row["n"] >= 1 for row in groups)


@pytest.mark.parametrize(
    "condition, rows",
    [
        ("Name = 'page 007'", 1),
        ("Name IN ('page 001', 'page 002', 'nothing')", 2),
        ("Name NOT IN ('page 001') AND Name LIKE 'page 00_'", 9),
        ("Name > 'page 440' AND Name LIKE 'page %'", 9),
        ("(Name = 'page 001' OR Name = 'page 002') AND NOT Name = 'page 001'", 1),
        ("Motto__c = null AND Name LIKE 'page %'", 450),
        ("CreatedDate = TODAY AND Name LIKE 'page 1%'", 100),
        ("CreatedDate = LAST_N_DAYS:2 AND CreatedDate < YESTERDAY AND Name LIKE 'page %'", 0),
        ("Id IN (SELECT Team__c FROM Project_Team__c) AND Name LIKE 'page %'", 0),
        ("Name LIKE 'page %' LIMIT 7", 7),
        ("Name LIKE 'page %' ORDER BY Name LIMIT 100 OFFSET 400", 50),
    ],
)
def test_conditions(sf, teams, condition, rows):
    assert len(sf.query(f"SELECT Id FROM Team__c WHERE {condition}")["records"]) == rows


@pytest.mark.parametrize(
    "statement, code, words",
    [
        ("SELECT Nothing__c FROM Account", "INVALID_FIELD", "No such column 'Nothing__c' on entity 'Account'"),
        ("SELECT Nothing__c FROM Account", "INVALID_FIELD", "ERROR at Row:1:Column:8"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE", "sObject type 'Nothing__c' is not supported"),
        ("SELECT Id, (SELECT Id FROM Nothings) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Nothings'"),
        ("SELECT Owner.Nothing FROM Account", "INVALID_FIELD", "No such column 'Nothing'"),
        ("SELECT Id Account", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", ""),
        ("SELECT Id FROM Account LIMIT many", "MALFORMED_QUERY", ""),
        ("SELECT Id FROM Account WHERE Name LIKE 5", "INVALID_FIELD", ""),
        ("SELECT Id FROM Account WHERE AnnualRevenue = 'much'", "INVALID_FIELD", "value of filter criterion"),
        ("SELECT Id FROM Account WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT Id FROM Account ORDER BY Id OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT of at most 200"),
    ],
)
def test_a_wrong_query_is_refused(sf, statement, code, words):
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        sf.query(statement)
    assert refusal.value.status == 400
    assert refusal.value.content[0]["errorCode"] == code
    assert words in refusal.value.content[0]["message"]


def test_a_locator_that_is_none(sf):
    with pytest.raises((SalesforceMalformedRequest, SalesforceResourceNotFound)) as refusal:
        sf.query_more("01g000000000000AAA-2000")
    assert refusal.value.content[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert refusal.value.content[0]["message"] == "invalid query locator"

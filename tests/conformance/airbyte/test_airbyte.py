"""What the source tells of the org, and that it reads every record once, by REST and by Bulk."""

import json
import os
import subprocess
import tempfile
import urllib.parse

import pytest
import requests

URL = os.environ["SIMORG_TLS_URL"]
CALLBACK = "http://localhost:1717/OauthRedirect"
APP = {"client_id": "simorg", "client_secret": "simorg"}
ENVIRONMENT = {
    **os.environ,
    "HTTPS_PROXY": os.environ["SIMORG_PROXY"],
    "REQUESTS_CA_BUNDLE": os.environ["SIMORG_CA"],
}


def source(*arguments):
    """Runs the source, which leaves files where it runs; its messages by their type."""
    with tempfile.TemporaryDirectory() as folder:
        command = [os.environ["AIRBYTE_SOURCE"], *arguments]
        ended = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    messages = {}
    for line in ended.stdout.splitlines():
        if line.startswith("{"):
            message = json.loads(line)
            messages.setdefault(message["type"], []).append(message)
    return messages


@pytest.fixture(scope="module")
def http():
    session = requests.Session()
    session.verify = os.environ["SIMORG_CA"]
    return session


@pytest.fixture(scope="module")
def config(http, tmp_path_factory):
    """Writes a configuration with a refresh token as a person gives it, and these changes."""
    asked = {"response_type": "code", "client_id": "simorg", "redirect_uri": CALLBACK, "scope": "api refresh_token"}
    person = {"username": "admin@simorg.example", "password": "simorg"}
    approved = http.post(URL + "/services/oauth2/authorize", data={**asked, **person}, allow_redirects=False)
    code = urllib.parse.parse_qs(urllib.parse.urlparse(approved.headers["location"]).query)["code"][0]
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **APP}
    token = http.post(URL + "/services/oauth2/token", data=grant).json()["refresh_token"]
    folder = tmp_path_factory.mktemp("configurations")

    def write(**changes):
        path = folder / f"{len(list(folder.iterdir()))}.json"
        plain = {**APP, "refresh_token": token, "is_sandbox": False, "auth_type": "Client"}
        plain |= {"start_date": "2000-01-01T00:00:00Z", "force_use_bulk_api": False}
        plain |= {"streams_criteria": [{"criteria": "exacts", "value": name} for name in ("Account", "Project__c")]}
        path.write_text(json.dumps({**plain, **changes}))
        return str(path)

    return write


@pytest.fixture(scope="module")
def stored(http):
    """The records that a query of the org finds, those in the bin too."""
    token = http.post(URL + "/services/oauth2/token", data={"grant_type": "client_credentials", **APP}).json()
    bearer = {"Authorization": "Bearer " + token["access_token"]}

    def stored(soql):
        answer = http.get(URL + "/services/data/v62.0/queryAll", params={"q": soql}, headers=bearer).json()
        records = answer["records"]
        while not answer["done"]:
            answer = http.get(URL + answer["nextRecordsUrl"], headers=bearer).json()
            records += answer["records"]
        return records

    return stored


@pytest.fixture(scope="module")
def streams(config):
    [message] = source("discover", "--config", config())["CATALOG"]
    return {stream["name"]: stream for stream in message["catalog"]["streams"]}


def read(config, stream, tmp_path, mode="full_refresh", **changes):
    catalog = tmp_path / "catalog.json"
    wanted = {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append"}
    if mode == "incremental":
        wanted["cursor_field"] = stream["default_cursor_field"]
    catalog.write_text(json.dumps({"streams": [wanted]}))
    messages = source("read", "--config", config(**changes), "--catalog", str(catalog))
    failures = [one["trace"]["error"] for one in messages.get("TRACE", []) if one["trace"]["type"] == "ERROR"]
    assert not failures, failures[0].get("stack_trace") or failures[0]["message"]
    return [one["record"]["data"] for one in messages["RECORD"]], messages


def test_the_connection_is_checked(config):
    [status] = source("check", "--config", config())["CONNECTION_STATUS"]
    assert status["connectionStatus"]["status"] == "SUCCEEDED"


def test_a_refresh_token_that_is_none_fails_the_check(config):
    messages = source("check", "--config", config(refresh_token="nobody"))
    text = json.dumps(messages)
    assert "SUCCEEDED" not in text
    assert "expired" in text.lower()


def test_streams_have_the_types_of_their_fields(streams):
    assert set(streams) == {"Account", "Describe", "Project__c"}
    project = streams["Project__c"]
    assert project["source_defined_cursor"] is True
    assert project["default_cursor_field"] == ["SystemModstamp"]
    assert project["source_defined_primary_key"] == [["Id"]]
    types = {name: shape["type"] for name, shape in project["json_schema"]["properties"].items()}
    assert types["Name"] == ["string", "null"]
    assert types["Budget__c"] == ["number", "null"]
    assert types["Is_Billable__c"] == ["boolean", "null"]
    assert project["json_schema"]["properties"]["Kick_Off__c"]["format"] == "date-time"


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize("name", ["Account", "Project__c"])
def test_every_record_is_read_once(config, streams, stored, tmp_path, name, bulk):
    records, _ = read(config, streams[name], tmp_path, force_use_bulk_api=bulk)
    expected = {row["Id"]: row for row in stored(f"SELECT Id, Name, IsDeleted, SystemModstamp FROM {name}")}
    assert len(records) == len(expected)
    assert {row["Id"] for row in records} == set(expected)
    assert all(row["Name"] == expected[row["Id"]]["Name"] for row in records)
    assert all(row["IsDeleted"] == expected[row["Id"]]["IsDeleted"] for row in records)
    stamp = "%.19s"
    assert all(stamp % row["SystemModstamp"] == stamp % expected[row["Id"]]["SystemModstamp"] for row in records)


def test_an_incremental_read_takes_what_changed_since(config, streams, stored, tmp_path):
    stamps = sorted(row["SystemModstamp"] for row in stored("SELECT SystemModstamp FROM Account"))
    since = stamps[len(stamps) * 3 // 4][:19] + "Z"
    records, messages = read(config, streams["Account"], tmp_path, "incremental", start_date=since)
    expected = stored(f"SELECT Id FROM Account WHERE SystemModstamp >= {since}")
    assert 0 < len(expected) < len(stamps)
    assert sorted(row["Id"] for row in records) == sorted(row["Id"] for row in expected)
    state = messages["STATE"][-1]["state"]["stream"]
    assert state["stream_descriptor"]["name"] == "Account"

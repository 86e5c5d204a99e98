"""The same records read by Airbyte's source for Salesforce, which parses each of them and writes it as JSON.

The source asks a host of Salesforce by https; a `sitecustomize` module beside it, and nothing in it, leads that to the simulated org.
"""

import json
import pathlib
import shutil
import urllib.parse
import urllib.request

from capture import Captured, check_rows, fresh
from measure import Cost, Failed, run

CALLBACK = "http://localhost:1717/OauthRedirect"
APP = {"client_id": "simorg", "client_secret": "simorg"}
PERSON = {"username": "admin@simorg.example", "password": "simorg"}

SHIM = """
import os, requests.adapters as adapters
from urllib.parse import urlsplit
send = adapters.HTTPAdapter.send
def to_the_org(self, request, *arguments, **options):
    url = urlsplit(request.url)
    if url.hostname.endswith(".salesforce.com"):
        request.url = os.environ["BENCH_ORG"] + url.path + ("?" + url.query if url.query else "")
    return send(self, request, *arguments, **options)
adapters.HTTPAdapter.send = to_the_org
"""


def measure(release, work, report, source, records):
    print(f"Airbyte reading {records:,} Accounts", flush=True)
    if not source.exists():
        report.add("first capture, wall", 0, "Airbyte source-salesforce", "not installed", "0.05", "s")
        return
    folder = work / "airbyte"
    folder.mkdir()
    captured = Captured(release, folder, records)
    try:
        rounds = [captured.backup(fresh(captured.work / f"data-{number}")) for number in range(3)]
        check_rows(captured)
        theirs = read(captured, source)
    finally:
        captured.close()
    what = f"first capture of {records:,} Accounts"
    ours = Cost.median(rounds)
    report.add(f"{what}, wall", ours.wall_s, "Airbyte source-salesforce", theirs.wall_s, "0.05", "s")
    report.add(f"{what}, processor", ours.cpu_s, "Airbyte source-salesforce", theirs.cpu_s, "reported", "s")


def read(captured, source) -> Cost:
    folder = captured.work / "airbyte"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SHIM)
    env = {"BENCH_ORG": captured.org.url, "PYTHONPATH": str(folder)}
    config = folder / "config.json"
    streams = [{"criteria": "exacts", "value": "Account"}]
    config.write_text(json.dumps({
        **APP, "refresh_token": refresh_token(captured.org.url), "is_sandbox": False, "auth_type": "Client",
        "start_date": "2000-01-01T00:00:00Z", "force_use_bulk_api": True, "streams_criteria": streams,
    }))
    run([source, "discover", "--config", config], folder / "discover.log", env=env, cwd=folder)
    catalog = folder / "catalog.json"
    wanted = [
        {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        for message in messages(folder / "discover.log", "CATALOG")
        for stream in message["catalog"]["streams"]
        if stream["name"] == "Account"
    ]
    catalog.write_text(json.dumps({"streams": wanted}))
    out = folder / "read.log"
    cost = run([source, "read", "--config", config, "--catalog", catalog], out, env=env, cwd=folder)
    ids = {message["record"]["data"]["Id"] for message in messages(out, "RECORD")}
    if len(ids) != captured.records:
        raise Failed(f"{len(ids)} of {captured.records} records were read")
    shutil.rmtree(folder)
    return cost


def messages(log: pathlib.Path, kind):
    with open(log) as lines:
        for line in lines:
            if line.startswith(f'{{"type":"{kind}"'):
                yield json.loads(line)


def refresh_token(url):
    """As a person allows it on the page of the org."""
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "api refresh_token", **APP, **PERSON}
    approved = Unfollowed().open(f"{url}/services/oauth2/authorize", urllib.parse.urlencode(asked).encode())
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(approved.headers["location"]).query)["code"][0]
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **APP}
    with urllib.request.urlopen(f"{url}/services/oauth2/token", urllib.parse.urlencode(grant).encode()) as answer:
        return json.load(answer)["refresh_token"]


class Unfollowed:
    """Answers with the redirection itself."""

    def open(self, url, body):
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        try:
            return urllib.request.build_opener(Stay).open(url, body)
        except urllib.error.HTTPError as redirection:
            return redirection

"""Connections to the two orgs, and the count of assertions that the frame shows."""

import os

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

URL = os.environ["SIMORG_URL"]
TLS_URL = os.environ["SIMORG_TLS_URL"]
VERSION = "62.0"

held = 0
failed = 0


class ToOrg(HTTPAdapter):
    """Sends what the client means for a host of Salesforce to the org, which it cannot be told otherwise."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def send(self, request, **options):
        parts = requests.utils.urlparse(request.url)
        request.url = self.base + parts.path + ("?" + parts.query if parts.query else "")
        return super().send(request, **options)


def session_to(base):
    session = requests.Session()
    session.mount("https://", ToOrg(base))
    session.verify = os.environ["SIMORG_CA"]
    return session


@pytest.fixture(scope="session", params=["http", "tls"])
def base(request):
    return URL if request.param == "http" else TLS_URL


@pytest.fixture(scope="session")
def session(base):
    return session_to(base)


@pytest.fixture(scope="session")
def sf(session):
    return Salesforce(
        username="admin@simorg.example", password="simorg", security_token="TOKEN", session=session, version=VERSION
    )


def pytest_assertion_pass():
    global held
    held += 1


def pytest_runtest_logreport(report):
    global failed
    failed += report.failed


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    print(f"{held} passed, {failed} failed")

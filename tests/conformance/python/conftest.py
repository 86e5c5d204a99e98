"""Connections to the two orgs.

Over TLS the client is told nothing but a proxy and a certificate, by environment variables, as one would behind a
company's proxy. It cannot do without TLS, so for the org over HTTP its parameter `session` takes a session that does.
"""

import os

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

URL = os.environ["SIMORG_URL"]
TLS_URL = os.environ["SIMORG_TLS_URL"]
VERSION = "62.0"
USER = {"username": "admin@simorg.example", "password": "simorg"}


class ToHttp(HTTPAdapter):
    def send(self, request, **options):
        parts = requests.utils.urlparse(request.url)
        request.url = URL + parts.path + ("?" + parts.query if parts.query else "")
        return super().send(request, **options)


@pytest.fixture(scope="session", params=["http", "tls"], autouse=True)
def way(request):
    with pytest.MonkeyPatch.context() as environment:
        if request.param == "tls":
            environment.setenv("HTTPS_PROXY", os.environ["SIMORG_PROXY"])
            environment.setenv("REQUESTS_CA_BUNDLE", os.environ["SIMORG_CA"])
        yield request.param


@pytest.fixture(scope="session")
def connect(way):
    """Signs in with the arguments that are given."""

    def connect(**arguments):
        if way == "http":
            session = requests.Session()
            session.mount("https://", ToHttp())
            arguments["session"] = session
        return Salesforce(version=VERSION, **arguments)

    return connect


@pytest.fixture(scope="session")
def sf(connect):
    return connect(**USER, security_token="TOKEN")


@pytest.fixture(scope="session")
def admin(way):
    """A request to the admin API of the org."""

    def admin(method, path, **options):
        answer = requests.request(method, (URL if way == "http" else TLS_URL) + "/simorg" + path, **options)
        answer.raise_for_status()
        return answer

    return admin

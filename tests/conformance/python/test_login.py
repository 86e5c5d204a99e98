"""The five ways to sign in, and how they are refused."""

import pathlib

import pytest
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed
from simple_salesforce.exceptions import SalesforceExpiredSession

from conftest import VERSION

USER = {"username": "admin@simorg.example", "password": "simorg"}
APP = {"consumer_key": "simorg", "consumer_secret": "simorg"}


def works(sf):
    answer = sf.query("SELECT Id, Username FROM User WHERE Username = 'admin@simorg.example'")
    assert answer["totalSize"] == 1
    assert answer["done"] is True
    assert answer["records"][0]["Username"] == "admin@simorg.example"


def test_soap_login_with_a_security_token(session):
    works(Salesforce(**USER, security_token="TOKEN", session=session, version=VERSION))


def test_password_grant(session):
    works(Salesforce(**USER, **APP, session=session, version=VERSION))


def test_client_credentials(session):
    works(Salesforce(**APP, domain="simorg.my", session=session, version=VERSION))


def test_jwt(base, session):
    keys = pathlib.Path(__file__).parents[3] / "crates/simorg/tests/it/keys"
    key = {"client_id": "simorg", "pem": (keys / "app.pub.pem").read_text()}
    registered = session.post(base + "/simorg/grants/keys", json=key)
    assert registered.status_code == 200
    signing = {"consumer_key": "simorg", "privatekey_file": str(keys / "app.pem")}
    works(Salesforce(username=USER["username"], **signing, session=session, version=VERSION))


def test_a_session_of_another_login(sf, session):
    works(Salesforce(instance_url=sf.base_url.split("/services")[0], session_id=sf.session_id, session=session))


def test_a_wrong_password_is_refused_by_soap(session):
    with pytest.raises(SalesforceAuthenticationFailed) as refusal:
        Salesforce(username=USER["username"], password="no", security_token="", session=session, version=VERSION)
    assert refusal.value.code == "INVALID_LOGIN"
    assert "Invalid username, password, security token; or user locked out." in refusal.value.message


def test_a_wrong_secret_is_refused(session):
    with pytest.raises(SalesforceAuthenticationFailed) as refusal:
        Salesforce(consumer_key="simorg", consumer_secret="no", domain="simorg.my", session=session)
    assert refusal.value.code == "invalid_client"


def test_a_session_that_is_none_has_expired(sf, session):
    stranger = Salesforce(instance_url="https://simorg.my.salesforce.com", session_id="00D!no", session=session)
    with pytest.raises(SalesforceExpiredSession) as refusal:
        stranger.query("SELECT Id FROM Account")
    assert refusal.value.status == 401
    assert refusal.value.content[0]["errorCode"] == "INVALID_SESSION_ID"
    assert refusal.value.content[0]["message"] == "Session expired or invalid"

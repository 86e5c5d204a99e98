"""The five ways to sign in, and how they are refused."""

import pathlib

import pytest
from simple_salesforce import SalesforceAuthenticationFailed
from simple_salesforce.exceptions import SalesforceExpiredSession

from conftest import USER

APP = {"consumer_key": "simorg", "consumer_secret": "simorg"}
KEYS = pathlib.Path(__file__).parents[3] / "crates/simorg/tests/it/keys"


def works(sf, kind):
    assert sf.auth_type == kind
    answer = sf.query("SELECT Id, Username FROM User WHERE Username = 'admin@simorg.example'")
    assert answer["totalSize"] == 1
    assert answer["done"] is True
    assert answer["records"][0]["Username"] == "admin@simorg.example"
    assert sf.session_id.startswith("00D") and "!" in sf.session_id


def test_soap_login_with_a_security_token(connect):
    works(connect(**USER, security_token="TOKEN"), "password")


def test_soap_login_to_an_org_by_its_id(sf, connect):
    org = sf.query("SELECT Id FROM Organization")["records"][0]["Id"]
    works(connect(**USER, organizationId=org), "ipfilter")


def test_soap_login_to_a_sandbox(connect):
    works(connect(**USER, security_token="", domain="test"), "password")


def test_password_grant(connect):
    works(connect(**USER, **APP), "password")


def test_client_credentials(connect):
    works(connect(**APP, domain="simorg.my"), "client-credentials")


def test_jwt(connect, admin):
    registered = admin("POST", "/grants/keys", json={"client_id": "py", "pem": (KEYS / "app.pub.pem").read_text()})
    assert registered.json() == {"registered": "py"}
    signing = {"consumer_key": "py", "privatekey_file": str(KEYS / "app.pem")}
    works(connect(username=USER["username"], **signing), "jwt-bearer")


def test_jwt_of_another_key_is_refused(connect, admin):
    admin("POST", "/grants/keys", json={"client_id": "py", "pem": (KEYS / "app.pub.pem").read_text()})
    with pytest.raises(SalesforceAuthenticationFailed) as refusal:
        connect(username=USER["username"], consumer_key="py", privatekey_file=str(KEYS / "other.pem"))
    assert refusal.value.code == "invalid_grant"
    assert refusal.value.auth_message == "invalid assertion"


def test_a_session_of_another_login(sf, connect):
    works(connect(instance_url=sf.base_url.split("/services")[0], session_id=sf.session_id), "direct")


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (
            {**USER, "password": "no", "security_token": ""},
            "INVALID_LOGIN",
            "Invalid username, password, security token; or user locked out.",
        ),
        ({**USER, **APP, "password": "no"}, "invalid_grant", "authentication failure"),
        ({**USER, **APP, "consumer_key": "nobody"}, "invalid_client_id", "client identifier invalid"),
        (
            {**APP, "consumer_secret": "no", "domain": "simorg.my"},
            "invalid_client",
            "invalid client credentials",
        ),
    ],
)
def test_who_may_not_sign_in_is_told_why(connect, arguments, code, words):
    with pytest.raises(SalesforceAuthenticationFailed) as refusal:
        connect(**arguments)
    assert refusal.value.code == code
    assert refusal.value.auth_message == words


def test_a_session_that_is_none_has_expired(connect):
    stranger = connect(instance_url="https://simorg.my.salesforce.com", session_id="00D!no")
    with pytest.raises(SalesforceExpiredSession) as refusal:
        stranger.query("SELECT Id FROM Account")
    assert refusal.value.status == 401
    assert refusal.value.content == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_revoked_session_is_renewed_by_signing_in_again(connect):
    sf = connect(**USER, security_token="TOKEN")
    old = sf.session_id
    answer = sf.session.post(f"https://{sf.sf_instance}/services/oauth2/revoke", data={"token": old})
    assert answer.status_code == 200
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert sf.session_id != old

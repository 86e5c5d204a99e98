"""A simulated org as a process of its own, and what its administrator does to it."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from measure import SERVER_CORE, pinned

# The fields of the records that are measured; all others are hidden from the integration user.
FIELDS = (
    "Id IsDeleted Name Type BillingStreet BillingCity BillingState BillingPostalCode BillingCountry ShippingStreet "
    "ShippingCity ShippingState ShippingPostalCode ShippingCountry Phone AccountNumber Website Industry AnnualRevenue "
    "NumberOfEmployees Ownership Description Rating OwnerId CreatedDate CreatedById LastModifiedDate LastModifiedById "
    "SystemModstamp AccountSource"
).split()
VERSION = "v64.0"


class Org:
    def __init__(self, simorg, *arguments):
        self.calls_before = 0
        command = pinned([simorg, "serve", "--port", "0", *arguments], SERVER_CORE)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http"):
            raise RuntimeError("simorg did not start")
        form = {"grant_type": "client_credentials", "client_id": "simorg", "client_secret": "simorg"}
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self.url}/services/oauth2/token", body) as answer:
            self.token = json.load(answer)["access_token"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def call(self, method, path, body=None):
        """One call; answers headers and what the JSON says."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def show_only(self, fields):
        """Hides every other field of Account from the administrator, who is the integration user."""
        described = self.call("GET", f"/services/data/{VERSION}/sobjects/Account/describe")
        hidden = [field["name"] for field in described["fields"] if field["name"] not in fields]
        user = self.call("GET", "/simorg/users")["users"][0]["username"]
        body = {"hide_fields": [f"Account.{name}" for name in hidden]}
        self.call("POST", f"/simorg/users/{user}/permissions", body)
        described = self.call("GET", f"/services/data/{VERSION}/sobjects/Account/describe")
        return [field["name"] for field in described["fields"]]

    def spread(self, records):
        """Ids of that many Accounts, spread over all of them."""
        step = max(self.count("Account") // records, 1)
        page = self.call("GET", f"/services/data/{VERSION}/query?q=SELECT+Id+FROM+Account+ORDER+BY+Id+LIMIT+1")
        first = page["records"][0]["Id"]
        prefix, start = first[:8], to_number(first[8:15])
        return [with_checksum(prefix + to_counter(start + index * step)) for index in range(records)]

    def touch(self, records):
        """Changes that many Accounts, spread over all of them, in one transaction of the org."""
        ids = self.spread(records)
        for chunk in range(0, len(ids), 2000):
            body = {"update": [
                {"attributes": {"type": "Account"}, "Id": id, "Name": f"touched {time.time_ns()}"}
                for id in ids[chunk:chunk + 2000]
            ]}
            self.call("POST", "/simorg/records", body)

    def count(self, name):
        query = urllib.parse.quote(f"SELECT COUNT() FROM {name}")
        return self.call("GET", f"/services/data/{VERSION}/query?q={query}")["totalSize"]

    def pass_time(self, seconds):
        self.call("PUT", "/simorg/clock", {"advance_seconds": seconds})

    def calls(self):
        """API calls that the org has counted."""
        return self.call("GET", "/simorg/limits")["used"]


# The counter of an Id has the digits, then the capitals, then the small letters.
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def to_number(counter):
    number = 0
    for digit in counter:
        number = number * len(DIGITS) + DIGITS.index(digit)
    return number


def to_counter(number):
    text = ""
    for _ in range(7):
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text


def with_checksum(id):
    """The Id with three characters more, which say where its capitals are."""
    bits = [sum(1 << index for index, letter in enumerate(id[at:at + 5]) if letter.isupper()) for at in (0, 5, 10)]
    return id + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[part] for part in bits)

"""How quickly the service answers while it captures: the object list, so many times a second, on a steady beat.

    python bench/serving.py --target target     this measurement alone

The beat does not wait for answers: a request that is sent late because those before it were slow counts from when it was due.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

from org import Org
from table import Report

RATE = 200
SECONDS = 30
# More than are ever under way at once, unless answers take a fifth of a second.
CONNECTIONS = 40
PASSWORD = "correct horse battery"


def measure(release, work, report, records=3_000_000):
    print(f"{RATE} requests a second beside the first capture of {records:,} Accounts", flush=True)
    data = work / "serving"
    with Org(release / "simorg", "--records", f"Account={records}") as org, Service(release / "holdfast", data) as service:
        service.command("org", "add", "acme", "--client-id", "simorg", "--client-secret", "simorg", "--login-url", org.url)
        service.command("auto", "start", "acme")
        token = service.token()
        path = service.wait_for_capture(token)
        before = service.captured(token)
        took_ms, failed = beat(service.address, token, f"{path}/objects?limit=50&sort=status")
        phase, after = service.phase(token), service.captured(token)
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(took_ms) + len(failed)} requests failed, such as {failed[0]}")
    took_ms.sort()
    at = lambda share: took_ms[min(int(len(took_ms) * share), len(took_ms) - 1)]
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    print(
        f"  {len(took_ms):,} answers: half under {at(0.5):.1f} ms, 90 % under {at(0.9):.1f} ms, 99 % under {at(0.99):.1f} ms, "
        f"the slowest {took_ms[-1]:.1f} ms; meanwhile {after - before:,} records were captured (then: {phase}); load {load}",
        flush=True,
    )
    report.add(f"object list, {RATE} a second beside a capture, 99 % under", at(0.99), "200 ms", 200, "1", "ms")


def beat(address, token, path):
    """Sends on the beat; answers how long each answer took since it was due, in ms, and what went wrong."""
    took_ms, failed, lock = [], [], threading.Lock()
    numbers = iter(range(RATE * SECONDS))
    begins = time.monotonic() + 0.5

    def send():
        connection = http.client.HTTPConnection(address, timeout=30)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = begins + number / RATE
            time.sleep(max(0, due - time.monotonic()))
            try:
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                body = answer.read()
                is_good = answer.status == 200 and b'"items"' in body
            except OSError as error:
                connection.close()
                is_good, body = False, str(error).encode()
            took = (time.monotonic() - due) * 1000
            with lock:
                took_ms.append(took) if is_good else failed.append(body[:200].decode(errors="replace"))

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took_ms, failed


class Service:
    """`holdfast serve` over a folder of its own; it may use every core."""

    def __init__(self, holdfast, data):
        self.holdfast, self.data = holdfast, data
        self.process = subprocess.Popen(
            [holdfast, "serve", "--data-dir", data, "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        told = ""
        while "/first-start#" not in told:
            line = self.process.stderr.readline()
            if not line:
                raise RuntimeError(f"holdfast serve did not start: {told}")
            told += line
        link = urllib.parse.urlsplit(re.search(r"http://\S+/first-start#\S+", told).group())
        self.address, self.first_owner = link.netloc, link.fragment
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def command(self, *arguments):
        done = subprocess.run([self.holdfast, *arguments, "--data-dir", self.data], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"holdfast {arguments[0]}: {done.stderr}")
        return done.stdout.strip()

    def token(self):
        owner = {"token": self.first_owner, "name": "Olga", "email": "olga@acme.example", "password": PASSWORD}
        self.ask("POST", "/api/v1/first_owner", owner, {"X-Holdfast-Request": "1"})
        return self.command("token", "create", "bench", "--member", "olga@acme.example", "--scope", "view")

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        sent = json.dumps(body) if body else None
        connection.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text)

    def status(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        org = self.ask("GET", "/api/v1/orgs", headers=headers)["items"][0]
        path = f"/api/v1/orgs/{org['id']}"
        return path, self.ask("GET", f"{path}/auto_backup", headers=headers)

    def phase(self, token):
        return self.status(token)[1]["phase"]

    def captured(self, token):
        return self.status(token)[1]["live_records"]

    def wait_for_capture(self, token):
        """Until records come in; answers the path of the org."""
        while True:
            path, status = self.status(token)
            if status["live_records"] > 0:
                return path
            time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default=os.environ.get("CARGO_TARGET_DIR", "target"), help="where the binaries are")
    parser.add_argument("--profile", default="release", help="which of them")
    parser.add_argument("--records", type=int, default=3_000_000, help="Accounts of the org that is captured meanwhile")
    asked = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    try:
        measure(pathlib.Path(asked.target).resolve() / asked.profile, work, Report(), asked.records)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()

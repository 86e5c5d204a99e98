"""One file of 2 GB: how much memory the backup of it takes, and how long."""

from capture import Captured, fresh
from org import Org

BYTES = 2_000_000_000


def measure(release, work, report):
    print(f"a file of {BYTES:,} bytes", flush=True)
    captured = Captured.__new__(Captured)
    captured.work = work / "body"
    captured.work.mkdir()
    captured.holdfast = release / "holdfast"
    captured.org = Org(release / "simorg", "--records", "1")
    with captured.org as org:
        body = {"seed": 1, "length": BYTES}
        version = {"attributes": {"type": "ContentVersion"}, "Title": "film", "PathOnClient": "film.mp4", "VersionData": body}
        org.call("POST", "/simorg/records", {"create": [version]})
        captured.data_dir = fresh(captured.work / "data")
        login = ["--client-id", "simorg", "--client-secret", "simorg", "--login-url", org.url]
        captured.command("add", "org", "add", "acme", *login)
        cost = captured.command("backup", "backup", "acme", "--object", "ContentVersion", "--json")
    stored = captured.answer("backup")["files"]["bytes"]
    if stored < BYTES:
        raise RuntimeError(f"{stored} of {BYTES} bytes were stored")
    report.add("a file of 2 GB, peak memory", cost.peak_mib, "300 MiB", 300, "1", "MiB")
    report.add("a file of 2 GB, wall", cost.wall_s, "", None, "reported", "s")

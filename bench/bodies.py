"""One file of 2 GB: how much memory the backup of it takes, and how long."""

from capture import Captured, fresh

BYTES = 2_000_000_000


def measure(release, work, report):
    print(f"a file of {BYTES:,} bytes", flush=True)
    captured = Captured(release, work / "body", 1, of="")
    try:
        body = {"seed": 1, "length": BYTES}
        version = {"attributes": {"type": "ContentVersion"}, "Title": "film", "PathOnClient": "film.mp4", "VersionData": body}
        captured.org.call("POST", "/simorg/records", {"create": [version]})
        captured.connect(fresh(captured.work / "data"))
        cost = captured.command("backup", "backup", "acme", "--object", "ContentVersion", "--json")
    finally:
        captured.close()
    stored = captured.answer("backup")["files"]["bytes"]
    if stored < BYTES:
        raise RuntimeError(f"{stored} of {BYTES} bytes were stored")
    report.add("a file of 2 GB, peak memory", cost.peak_mib, "300 MiB", 300, "1", "MiB")
    report.add("a file of 2 GB, wall", cost.wall_s, "", None, "reported", "s")

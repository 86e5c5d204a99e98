"""Backups after the first: of a few changes to a large object, and of many objects in which nothing changed."""

from capture import Captured, fresh

CHANGED = 10_000
UNCHANGED_OBJECTS = 500


def measure(captured, report, beside=None):
    """`beside` holds the same figures of a smaller org."""
    print(f"{CHANGED:,} changes to {captured.records:,} Accounts", flush=True)
    captured.org.pass_time(3600)
    captured.org.touch(CHANGED)
    captured.org.pass_time(3600)
    cost = captured.command("changes", "backup", "acme", "--object", "Account", "--json")
    stored = captured.answer("changes")["objects"]["Account"]["counts"]["changed"]
    if stored != CHANGED:
        raise RuntimeError(f"{stored} of {CHANGED} changes were stored")
    what = f"backup of {CHANGED:,} changes among {captured.records:,}"
    captured.seen |= {"backup": cost.wall_s, "backup, processor": cost.cpu_s}
    if beside:
        against = f"itself among {beside.records:,}"
        report.add(what, cost.wall_s, against, beside.seen["backup"], "1.5 and under 3 s", "s")
        # The rest of the time is the org's, which counts all its records.
        report.add(f"{what}, processor", cost.cpu_s, against, beside.seen["backup, processor"], "1.5", "s")
    else:
        report.add(what, cost.wall_s, "3 s", 3, "1", "s")


def unchanged_objects(release, work, report):
    """Objects of one record each; the second run finds nothing."""
    print(f"{UNCHANGED_OBJECTS} unchanged objects", flush=True)
    captured = Captured(release, work / "unchanged", 1, of="")
    org = captured.org
    try:
        there = len(org.call("GET", "/services/data/v64.0/sobjects")["sobjects"])
        for number in range(UNCHANGED_OBJECTS - there):
            notation = f"= Bench{number}__c b{number:02x} Bench | CUDQRTZ\nS-; Name:string(80) N"
            org.call("POST", "/simorg/objects", {"notation": notation})
        captured.connect(fresh(captured.work / "data"))
        captured.command("backup", "backup", "acme", "--json")
        captured.command("again", "backup", "acme", "--json")
    finally:
        captured.close()
    calls = captured.answer("again")["totals"]["api_calls"]
    objects = len(captured.answer("again")["objects"])
    report.add(f"run over {objects} unchanged objects", calls, "120 calls", 120, "1", "calls")

"""Reading what was captured: one record's history, a state as CSV, the changes of a run."""

import sys

from deltalake import DeltaTable
from measure import Cost, run

ROUNDS = 3


def measure(captured, report, beside=None):
    print(f"reading among {captured.records:,} Accounts", flush=True)
    history(captured, report)
    changes(captured, report, beside)
    if beside is None:
        state(captured, report)


def history(captured, report):
    first = captured.org.call("GET", "/services/data/v64.0/query?q=SELECT+Id+FROM+Account+ORDER+BY+Id+LIMIT+1")
    id = first["records"][0]["Id"]
    costs = [captured.command("history", "history", "acme", "Account", id, "--json") for _ in range(ROUNDS)]
    ms = Cost.median(costs).wall_s * 1000
    report.add(f"history of one record among {captured.records:,}, a new process", ms, "100 ms", 100, "1", "ms")


def changes(captured, report, beside):
    """How many records changed, and each of them with its old and new values."""
    listed = ["--object", "Account", "--limit", "10000"]
    for how, options in {"counted": [], "listed with their values": listed}.items():
        costs = [captured.command("told", "changes", "latest", *options, "--json") for _ in range(ROUNDS)]
        wall_s = Cost.median(costs).wall_s
        what = f"10,000 changes between two runs among {captured.records:,}, {how}"
        captured.seen[how] = wall_s
        if beside:
            report.add(what, wall_s, f"itself among {beside.records:,}", beside.seen[how], "1.5", "s")
        else:
            report.add(what, wall_s, "", None, "reported", "s")


def state(captured, report):
    """The state before the changes, as CSV: ours, and DuckDB's query over the same files of the lake."""
    old = captured.answer("backup")
    columns = ", ".join(f'"{name}"' for name in captured.fields)
    sql = f"SELECT {columns} FROM raw.Account"
    ours = [captured.command("state", "query", "acme", sql, "--as-of", old["run"], "--csv") for _ in range(ROUNDS)]
    rows = sum(1 for _ in open(captured.output("state"), newline="")) - 1
    print(f"  {rows:,} lines", flush=True)
    table = f"{captured.data_dir}/lake/orgs/{old['org_id']}/objects/Account"
    version = old["objects"]["Account"]["table_version"]
    newest = f"""SELECT {columns} FROM (
        SELECT * FROM read_parquet({DeltaTable(table).file_uris()}, union_by_name=true) WHERE _seq <= {version}
        QUALIFY row_number() OVER (PARTITION BY Id ORDER BY _seq DESC) = 1
    ) WHERE _change <> 'deleted'"""
    copy = f"COPY ({newest}) TO '{captured.work}/state.csv' (HEADER)"
    theirs = [
        run([sys.executable, "-c", f"import duckdb; duckdb.execute({copy!r})"], captured.output("duckdb-state"))
        for _ in range(ROUNDS)
    ]
    ours, theirs = Cost.median(ours).wall_s, Cost.median(theirs).wall_s
    report.add(f"state of {captured.records:,} at an old run, as CSV", ours, "DuckDB over the same files", theirs, "1", "s")

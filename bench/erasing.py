"""Erasing a few records from a large table, beside writing all of it again without them."""

import sys

from deltalake import DeltaTable
from measure import run

ERASED = 10


def measure(captured, report):
    print(f"erasing {ERASED} of {captured.records:,} Accounts", flush=True)
    ids = captured.org.spread(ERASED)
    listed = ", ".join(f"'{id}'" for id in ids)
    table = f"{captured.data_dir}/lake/orgs/{captured.answer('backup')['org_id']}/objects/Account"
    rest = f"SELECT * FROM read_parquet({DeltaTable(table).file_uris()}, union_by_name=true) WHERE Id NOT IN ({listed})"
    copy = f"COPY ({rest}) TO '{captured.work}/rest.parquet' (FORMAT parquet, COMPRESSION zstd)"
    theirs = run([sys.executable, "-c", f"import duckdb; duckdb.execute({copy!r})"], captured.output("duckdb-rest"))
    (captured.work / "rest.parquet").unlink()
    ours = captured.command("erase", "erase", "acme", "Account", *ids, "--reason", "a benchmark", "--yes", "--json")
    erased = captured.answer("erase")
    if len(erased["records"]) != ERASED:
        raise RuntimeError(f"{len(erased['records'])} of {ERASED} records were erased")
    what = f"erasing {ERASED} records of {captured.records:,}"
    report.add(what, ours.wall_s, "DuckDB writing all others again", theirs.wall_s, "0.1", "s")

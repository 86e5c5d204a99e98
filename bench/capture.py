"""The first capture of an object: beside DuckDB, the sf command line and a bare download, and how large the lake is."""

import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

import duckdb

from measure import Cost, Failed, run
from org import FIELDS, Org

# What Holdfast asks for at once (`LONGEST_PAGE_RECORDS`).
PAGE_RECORDS = 250_000


class Captured:
    """An org of so many Accounts, or of as many records of every object, and a lake that holds them."""

    def __init__(self, release, work, records, of="Account="):
        self.records = records
        self.work = work / str(records)
        self.work.mkdir(parents=True)
        self.holdfast = release / "holdfast"
        self.org = Org(release / "simorg", "--records", f"{of}{records}")
        self.fields = self.org.show_only(FIELDS)
        self.data_dir = None
        self.peak_mib = None
        # What later measurements of this org are compared with, by name.
        self.seen = {}

    def close(self):
        self.org.__exit__()

    def connect(self, data_dir):
        self.data_dir = data_dir
        add = ["org", "add", "acme", "--client-id", "simorg", "--client-secret", "simorg", "--login-url", self.org.url]
        self.command("add", *add)

    def backup(self, data_dir):
        """A first backup into a new folder."""
        self.connect(data_dir)
        return self.command("backup", "backup", "acme", "--object", "Account", "--json")

    def command(self, name, *arguments) -> Cost:
        """Runs holdfast; what it prints is in `output(name)`."""
        return run([self.holdfast, *arguments, "--data-dir", self.data_dir], self.output(name))

    def output(self, name):
        return self.work / f"{name}.log"

    def answer(self, name):
        """The JSON that a command printed, behind its progress."""
        text = self.output(name).read_text()
        return json.loads(text[text.index("{"):])

    def lake_bytes(self):
        folder = pathlib.Path(self.data_dir) / "lake"
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def compare_tools(release, work, records, rounds, report):
    print(f"first capture of {records:,} Accounts", flush=True)
    captured = Captured(release, work, records)
    print(f"  {len(captured.fields)} fields", flush=True)
    csv = captured.work / "accounts.csv"
    download(captured, csv)
    tools = {"holdfast": lambda n: captured.backup(fresh(captured.work / f"data-{n}"))}
    tools["duckdb"] = lambda n: parquet_by_duckdb(captured, csv)
    tools["download"] = lambda n: bare_download(captured, n)
    sf = sf_tool(captured)
    if sf:
        tools["sf"] = sf
    costs = {name: [] for name in tools}
    for number in range(rounds + 1):
        for name, tool in tools.items():
            try:
                cost = tool(number)
            except Failed as failed:
                print(f"  {name}: {failed}", file=sys.stderr, flush=True)
                continue
            if number:
                costs[name].append(cost)
    check_rows(captured)
    tell(captured, csv, {name: Cost.median(all) for name, all in costs.items() if all}, report)
    return captured


def tell(captured, csv, costs, report):
    ours = costs["holdfast"]
    captured.peak_mib = ours.peak_mib
    duck, bare, sf = costs.get("duckdb"), costs.get("download"), costs.get("sf")
    what = f"first capture of {captured.records:,} Accounts"
    report.add(f"{what}, processor", ours.cpu_s, "DuckDB, CSV on disk to zstd Parquet", duck and duck.cpu_s, "1.5", "s")
    report.add(f"{what}, wall", ours.wall_s, "sf data export bulk", sf.wall_s if sf else "not installed", "1", "s")
    report.add(f"{what}, wall", ours.wall_s, "bare download to disk", bare and bare.wall_s, "reported", "s")
    report.add(f"{what}, processor", ours.cpu_s, "bare download to disk", bare and bare.cpu_s, "reported", "s")
    report.add(f"{what}, peak memory", ours.peak_mib, "300 MiB", 300, "1", "MiB")
    packed = csv.with_suffix(".csv.zst")
    run(["zstd", "-3", "-q", "-f", csv, "-o", packed], captured.output("zstd"))
    mib = 1 << 20
    report.add("lake size", captured.lake_bytes() / mib, "the same CSV by zstd -3", packed.stat().st_size / mib, "1", "MiB")
    calls = captured.answer("backup")["totals"]["api_calls"]
    fewest = 2 + math.ceil(captured.records / PAGE_RECORDS)
    report.add("API calls of a first capture", calls, "one job, one poll, full pages", fewest, "1.2", "calls")


def capture_only(release, work, records, report, beside):
    print(f"first capture of {records:,} Accounts", flush=True)
    captured = Captured(release, work, records)
    cost = captured.backup(fresh(captured.work / "data"))
    check_rows(captured)
    against = f"itself at {beside.records:,}"
    report.add(f"peak memory at {records:,}", cost.peak_mib, against, beside.peak_mib, "1.2", "MiB")
    return captured


def fresh(folder):
    """One lake at a time: the last one stays."""
    for old in folder.parent.glob("data*"):
        shutil.rmtree(old)
    folder.mkdir()
    return folder


def check_rows(captured):
    """A benchmark of a wrong result is none."""
    run_told = captured.answer("backup")
    stored = run_told["objects"]["Account"]["counts"]["new"]
    if stored != captured.records:
        raise RuntimeError(f"{stored} of {captured.records} records were stored")


def parquet_by_duckdb(captured, csv):
    out = captured.work / "duckdb.parquet"
    copy = f"COPY (SELECT * FROM read_csv('{csv}', all_varchar=true)) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    return run([sys.executable, "-c", f"import duckdb; duckdb.execute({copy!r})"], captured.output("duckdb"))


def bare_download(captured, number):
    script = pathlib.Path(__file__).with_name("download.sh")
    columns = ",".join(captured.fields)
    out = captured.work / "raw.csv"
    return run([script, captured.org.url, captured.org.token, columns, out], captured.output("download"))


def download(captured, csv):
    bare_download(captured, 0)
    (captured.work / "raw.csv").rename(csv)
    rows = duckdb.sql(f"SELECT count(*), count(DISTINCT Id) FROM read_csv('{csv}', all_varchar=true)").fetchone()
    if rows != (captured.records, captured.records):
        raise RuntimeError(f"the download has {rows} rows and Ids")


def sf_tool(captured):
    """`sf data export bulk` by access token, if the command line is in PATH."""
    sf = shutil.which("sf")
    if not sf:
        return None
    home = captured.work / "sf-home"
    home.mkdir()
    env = {
        "HOME": str(home),
        "SF_ACCESS_TOKEN": captured.org.token,
        "SF_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
    }
    login = ["org", "login", "access-token", "--instance-url", captured.org.url, "--no-prompt", "--alias", "bench"]
    subprocess.run([sf, *login], env={**os.environ, **env}, check=True, capture_output=True)
    query = f"SELECT {','.join(captured.fields)} FROM Account"
    out = captured.work / "sf.csv"
    export = ["data", "export", "bulk", "--target-org", "bench", "--query", query, "--output-file", out, "--wait", "30"]
    return lambda number: run([sf, *export], captured.output("sf"), env=env)

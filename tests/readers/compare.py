"""Judges a table of the lake by other people's readers: deltalake with pyarrow, and DuckDB.

Usage: compare.py EXPECTED.json

EXPECTED.json says where the table lies and what the lake itself says about it: the number of record
versions, and the state at several table versions, with every field of every record. Each reader
finds the same states by the documented rule (docs/lake.md): per Id the row with the greatest `_seq`
up to the moment, unless it is a deletion. Where the describe of that row lacks a field, the newest
earlier row whose describe has it gives the value.

Exits with 1 and names the first differences of each reader if anything differs.
"""

import glob
import json
import os
import sys

import duckdb
import duckdb_extension_delta
import pyarrow as pa
from deltalake import DeltaTable

BOOKKEEPING = {
    "_seq": pa.int64(),
    "_run": pa.string(),
    "_captured_at": pa.timestamp("us", "UTC"),
    "_change": pa.string(),
    "_modstamp": pa.timestamp("us", "UTC"),
    "_hash": pa.string(),
    "_schema": pa.string(),
}
DIFFERENCES_SHOWN = 5


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        expected = json.load(file)
    described = read_describes(expected["schemas"])
    failures = []
    for name, read in READERS.items():
        rows = read(expected["table"])
        failures += [f"{name}: {failure}" for failure in judge(rows, expected, described)]
    failures += [f"deltalake: {failure}" for failure in judge_log(expected)]
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


def read_describes(folder):
    """The fields that each describe has, in lower case, by the describe's hash."""
    described = {}
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)["fields"]
        described[os.path.basename(path).removesuffix(".json")] = {field["name"].lower() for field in fields}
    return described


def with_deltalake(table):
    return as_rows(DeltaTable(table).to_pyarrow_table())


def with_duckdb_over_the_file_list(table):
    files = DeltaTable(table).file_uris()
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return as_rows(as_table(connection.execute("SELECT * FROM read_parquet($1, union_by_name = true)", [files])))


def with_duckdb_delta(table):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"LOAD '{delta_extension()}'")
    return as_rows(as_table(connection.execute("SELECT * FROM delta_scan($1)", ["file://" + table])))


def delta_extension():
    folder = os.path.join(os.path.dirname(duckdb_extension_delta.__file__), "extensions")
    (extension,) = glob.glob(os.path.join(folder, "*", "delta.duckdb_extension"))
    return extension


def as_table(result):
    return result.to_arrow_table()


def as_rows(table):
    for name, expected_type in BOOKKEEPING.items():
        found = table.schema.field(name).type
        assert found == expected_type, f"column {name} is {found}, not {expected_type}"
    for field in table.schema:
        if field.name not in BOOKKEEPING:
            assert field.type == pa.string(), f"column {field.name} is {field.type}, not text"
    return table.to_pylist()


READERS = {
    "deltalake": with_deltalake,
    "duckdb over the file list": with_duckdb_over_the_file_list,
    "duckdb delta_scan": with_duckdb_delta,
}


def judge(rows, expected, described):
    """What differs between these rows and the lake's own word."""
    if len(rows) != expected["version_count"]:
        yield f"{len(rows)} record versions, where the lake has {expected['version_count']}"
    keys = {(row["Id"], row["_seq"]) for row in rows}
    if len(keys) != len(rows):
        yield f"{len(rows) - len(keys)} rows repeat the Id and _seq of another"
    for state in expected["states"]:
        found = state_at(rows, state["as_of"], state["columns"], described)
        yield from differences(found, state)


def state_at(rows, as_of, columns, described):
    versions = {}
    for row in sorted(rows, key=lambda row: row["_seq"]):
        if row["_seq"] <= as_of:
            versions.setdefault(row["Id"], []).append(row)
    return {
        record: {column: value(history, column, described) for column in columns}
        for record, history in versions.items()
        if history[-1]["_change"] != "deleted"
    }


def value(history, column, described):
    for row in reversed(history):
        if column.lower() in described.get(row["_schema"], ()):
            return row.get(column)
    return None


def differences(found, state):
    moment, records = f"state at {state['as_of']}", state["records"]
    missing, extra = sorted(records.keys() - found.keys()), sorted(found.keys() - records.keys())
    if missing:
        yield f"{moment}: {len(missing)} records are missing, such as {missing[:DIFFERENCES_SHOWN]}"
    if extra:
        yield f"{moment}: {len(extra)} records are too many, such as {extra[:DIFFERENCES_SHOWN]}"
    changed = [record for record in sorted(records.keys() & found.keys()) if records[record] != found[record]]
    for record in changed[:DIFFERENCES_SHOWN]:
        for column, wanted in records[record].items():
            if found[record][column] != wanted:
                yield f"{moment}: {record}.{column} is {found[record][column]!r}, where the lake has {wanted!r}"


def judge_log(expected):
    table = DeltaTable(expected["table"])
    if table.version() != expected["table_version"]:
        yield f"version {table.version()}, where the lake has {expected['table_version']}"
    protocol = table.protocol()
    if (protocol.min_reader_version, protocol.min_writer_version) != (1, 2):
        yield f"protocol {protocol}"


if __name__ == "__main__":
    main()

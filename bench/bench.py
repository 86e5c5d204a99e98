"""Measures Holdfast against other tools on the same records, in the same run, and prints the ratios.

    make bench                                  1,000,000 and 10,000,000 records, every tool that is installed
    make bench ARGS="--records 100000 --large 0"    quicker

docs/benchmarks.md says what each row means. Nothing here is a test: a slow machine fails nothing.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

import airbyte
import bodies
import capture
import changes
import erasing
import reading
import serving
from table import Report


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000, help="Accounts of the smaller org")
    parser.add_argument("--large", type=int, default=10_000_000, help="Accounts of the larger org; 0 leaves it out")
    parser.add_argument("--airbyte", type=int, default=100_000, help="Accounts that Airbyte's source reads; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each tool, in turns, after one that only warms up")
    parser.add_argument("--target", default=os.environ.get("CARGO_TARGET_DIR", "target"), help="where the binaries are")
    parser.add_argument("--json", type=pathlib.Path, help="write the table there, too")
    parser.add_argument("--keep", action="store_true", help="leave lakes and logs where they are")
    return parser.parse_args()


def main():
    asked = arguments()
    release = pathlib.Path(asked.target).resolve() / "release"
    work = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    report = Report()
    try:
        small = capture.compare_tools(release, work, asked.records, asked.rounds, report)
        changes.measure(small, report)
        reading.measure(small, report)
        if not asked.large:
            erasing.measure(small, report)
        small.close()
        if asked.large:
            large = capture.capture_only(release, work, asked.large, report, beside=small)
            changes.measure(large, report, beside=small)
            reading.measure(large, report, beside=small)
            erasing.measure(large, report)
            large.close()
        if asked.airbyte:
            source = release.parent / "conformance/airbyte/bin/source-salesforce"
            airbyte.measure(release, work, report, source, asked.airbyte)
        changes.unchanged_objects(release, work, report)
        bodies.measure(release, work, report)
        serving.measure(release, work, report)
    finally:
        print(report.text())
        if asked.json:
            asked.json.write_text(json.dumps(report.rows(), indent=2) + "\n")
        if asked.keep:
            print(f"kept in {work}", file=sys.stderr)
        else:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()

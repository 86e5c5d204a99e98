"""Runs the queries of docs/lake.md against a lake and prints what each answers, as JSON.

Usage: doc_snippets.py LAKE.md ORG_FOLDER

A block that follows the line `<!-- tested: duckdb NAME -->` or `<!-- tested: python NAME -->` is run
with the document's example folder replaced by ORG_FOLDER. The answer of a DuckDB block is that of its
last statement; the answer of a Python block is what it leaves in `answer`.
"""

import json
import re
import sys

import duckdb

from compare import delta_extension

EXAMPLE_FOLDER = "/srv/holdfast/lake/orgs/00D000000000001EAA"
BLOCK = re.compile(r"<!-- tested: (duckdb|python) ([\w-]+) -->\n+```\w+\n(.*?)```", re.DOTALL)


def main():
    document, org_folder = sys.argv[1:]
    with open(document, encoding="utf-8") as file:
        text = file.read().replace(EXAMPLE_FOLDER, org_folder)
    answers = {}
    for language, name, code in BLOCK.findall(text):
        assert name not in answers, f"two blocks are called {name}"
        answers[name] = RUN[language](code)
    print(json.dumps(answers, default=str))


def run_duckdb(code):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # What `INSTALL delta; LOAD delta` does where the network may be used.
    connection.execute(f"LOAD '{delta_extension()}'")
    code = re.sub(r"INSTALL delta;|LOAD delta;", "", code)
    return connection.execute(code).to_arrow_table().to_pylist()


def run_python(code):
    scope = {}
    exec(compile(code, "docs/lake.md", "exec"), scope)
    answer = scope["answer"]
    return answer.astype(object).where(answer.notna(), None).to_dict("records")


RUN = {"duckdb": run_duckdb, "python": run_python}

if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Runs Airbyte's source for Salesforce against the org of SIMORG_TLS_URL; see tests/conformance/README.md.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
. ../pytest.sh
tools=$CONFORMANCE_TOOLS/airbyte
if ! cmp --silent requirements.txt "$tools/installed.txt"; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
    cp requirements.txt "$tools/installed.txt"
fi
AIRBYTE_SOURCE=$tools/bin/source-salesforce
export AIRBYTE_SOURCE
run_python_tests

#!/usr/bin/env bash
# Runs simple-salesforce against the orgs of SIMORG_URL and SIMORG_TLS_URL; see tests/conformance/README.md.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
. ../pytest.sh
run_python_tests

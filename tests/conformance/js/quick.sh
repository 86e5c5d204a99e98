#!/usr/bin/env bash
# Runs jsforce against the orgs of SIMORG_URL and SIMORG_TLS_URL; see tests/conformance/README.md.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
. ../node.sh
run_node_tests ./*.test.js

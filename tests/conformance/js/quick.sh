#!/usr/bin/env bash
# Runs jsforce against the org of SIMORG_URL and SIMORG_TLS_URL; see tests/conformance/README.md.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
# Of the process itself: Node reads it only at the start.
export NODE_EXTRA_CA_CERTS=$SIMORG_CA
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy

report=$(mktemp)
trap 'rm -f "$report"' EXIT
node --test --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$report" ./*.test.js
outcome=$?
count() { sed -n "s/^# $1 //p" "$report"; }
printf '%s passed, %s failed\n' "$(count pass)" "$(count fail)"
exit "$outcome"

#!/usr/bin/env bash
# simple-salesforce against simorg. Every `assert` that held is counted, by a hook of pytest's own.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
unset REQUESTS_CA_BUNDLE CURL_CA_BUNDLE HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
export PYTHONDONTWRITEBYTECODE=1
exec "$CONFORMANCE_PYTHON" -m pytest -q --no-header -p no:cacheprovider -o enable_assertion_pass_hook=true .

#!/usr/bin/env bash
# Runs the tests in one folder with the Salesforce command line that scripts/setup.sh installed, in a home of its own.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
. ../node.sh
export PATH=$CONFORMANCE_TOOLS/sf/node_modules/.bin:$PATH
HOME=$(mktemp -d)
trap 'rm -rf "$HOME"' EXIT
export HOME SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true
unset NODE_PATH
# Most of its time a command starts or waits.
run_node_tests --test-concurrency=2 "$1"/*.test.mjs

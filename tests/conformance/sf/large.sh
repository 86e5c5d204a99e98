#!/usr/bin/env bash
# Runs the Salesforce command line against the org of SIMORG_URL; see tests/conformance/README.md.
#
# It needs a Node newer than many systems have, so both come from npm, once.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
tools=$CONFORMANCE_TOOLS/sf
node=22.23.3
cli=2.150.6

# npm picks packages that fit the Node it runs on, so Node comes first.
export PATH=$tools/node/node_modules/node/bin:$tools/cli/node_modules/.bin:$PATH
if [ "$(cat "$tools/installed" 2>/dev/null)" != "$node $cli" ]; then
    rm -rf "$tools"
    mkdir -p "$tools"
    npm install --prefix "$tools/node" --no-audit --no-fund --loglevel=error "node@$node" || exit 1
    npm install --prefix "$tools/cli" --no-audit --no-fund --loglevel=error "@salesforce/cli@$cli" || exit 1
    printf '%s' "$node $cli" >"$tools/installed"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work SF_DISABLE_TELEMETRY=true SF_AUTOUPDATE_DISABLE=true SF_SKIP_NEW_VERSION_CHECK=true
export SF_USE_GENERIC_UNIX_KEYCHAIN=true SF_DISABLE_LOG_FILE=true NODE_EXTRA_CA_CERTS=${SIMORG_CA:-}
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy NODE_PATH

report=$work/report.tap
node --test --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$report" ./*.test.mjs
outcome=$?
count() { sed -n "s/^# $1 //p" "$report"; }
printf '%s passed, %s failed\n' "$(count pass)" "$(count fail)"
exit "$outcome"

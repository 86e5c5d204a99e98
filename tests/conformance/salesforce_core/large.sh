#!/usr/bin/env bash
# Runs the live tests that the Rust crate salesforce_core brings, against the org of SIMORG_URL.
#
# They are part of the published crate, so cargo fetches them; they lie in a workspace of their own, which takes the
# versions of other crates that its authors tested it with. The first build takes some five minutes.
set -euo pipefail

tools=$CONFORMANCE_TOOLS/salesforce_core
version=0.24.0
tests=23

# A package that depends on it makes cargo fetch it, and cargo tells where it lies then.
if [ "$(cat "$tools/installed" 2>/dev/null)" != "$version" ]; then
    rm -rf "$tools"
    mkdir -p "$tools/fetch/src"
    touch "$tools/fetch/src/lib.rs"
    printf '[package]\nname = "fetch"\nedition = "2024"\n[dependencies]\nsalesforce_core = "=%s"\n[workspace]\n' \
        "$version" >"$tools/fetch/Cargo.toml"
    manifest=$(cargo metadata --manifest-path "$tools/fetch/Cargo.toml" --format-version 1 | python3 -c '
import json, sys
packages = json.load(sys.stdin)["packages"]
print(next(package["manifest_path"] for package in packages if package["name"] == "salesforce_core"))')
    cp -R "$(dirname "$manifest")" "$tools/source"
    mv "$tools/source/Cargo.lock" "$tools/Cargo.lock"
    printf '[workspace]\nresolver = "2"\nmembers = ["source"]\n' >"$tools/Cargo.toml"
    printf '%s' "$version" >"$tools/installed"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '{"client_id":"simorg","client_secret":"simorg","instance_url":"%s","tenant_id":"00D000000000001EAA"}' \
    "$SIMORG_URL" >"$work/credentials.json"
export SFDC_CREDENTIALS=$work/credentials.json

# One of the tests aborts a job that it has looked at once, and finds it at work, as it would at Salesforce.
python3 - "$SIMORG_URL/simorg/bulk" <<'END'
import sys, urllib.request
headers = {"content-type": "application/json"}
urllib.request.urlopen(urllib.request.Request(sys.argv[1], b'{"queued_polls": 1, "running_polls": 1}', headers, method="PUT"))
END

cd "$tools/source"
outcome=0
CARGO_TARGET_DIR=$tools/target cargo test --locked --no-default-features --features restapi,bulkapi,soapapi \
    --test auth --test bulkapi --test composite --test flow --test restapi --test soapapi \
    --no-fail-fast -- --ignored 2>&1 | tee "$work/log" || outcome=$?
passed=$(awk '/^test result:/ { passed += $4 } END { print passed + 0 }' "$work/log")
printf '%s passed, %s failed\n' "$passed" $((tests - passed))
# A test that is no longer there is not a test that passed.
[ "$outcome" -eq 0 ] && [ "$passed" -eq "$tests" ]

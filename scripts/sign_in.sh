#!/usr/bin/env bash
# People sign in to Holdfast on the pages of an OpenID Connect provider that others wrote (tests/sign_in).
#
# Needs Node and what `scripts/setup.sh conformance` installs; without Node it says so and does nothing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
case "$target" in /*) ;; *) target=$root/$target ;; esac

# The newer Node, where setup.sh has installed one.
PATH=$target/conformance/node/node_modules/node/bin:$PATH
if ! command -v node >/dev/null; then
    printf 'sign-in: left out: there is no node; scripts/setup.sh conformance installs it\n'
    exit 0
fi
export SIGN_IN_PACKAGES=$target/sign-in
if [ ! -d "$SIGN_IN_PACKAGES/node_modules/oidc-provider" ]; then
    printf 'sign-in: left out: oidc-provider is not installed; scripts/setup.sh conformance installs it\n'
    exit 0
fi

cd "$root"
# What the tests are built with holds the stage: any other selection would build everything again.
cargo test --locked --quiet --workspace --no-run
export HOLDFAST_STAGE=$target/debug/examples/stage
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

log=$(mktemp)
trap 'rm -f "$log"' EXIT
began=$SECONDS outcome=0
node --test tests/sign_in/*.test.mjs >"$log" 2>&1 </dev/null || outcome=$?
if [ "$outcome" -ne 0 ]; then
    cat "$log"
fi
count() { sed -n "s/^[#ℹ] $1 //p" "$log" | tail -n 1; }
printf 'sign-in: oidc-provider: %s passed, %s failed (%d s)\n' "$(count pass)" "$(count fail)" $((SECONDS - began))
exit "$outcome"

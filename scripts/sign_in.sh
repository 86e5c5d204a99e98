#!/usr/bin/env bash
# People sign in to Holdfast on the pages of OpenID Connect providers that others wrote (tests/sign_in): one that is certified,
# and a second one in another language.
#
# Needs Node and what `scripts/setup.sh browser` installs; what is missing is said and left out.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
case "$target" in /*) ;; *) target=$root/$target ;; esac

# The newer Node, where setup.sh has installed one.
PATH=$target/conformance/node/node_modules/node/bin:$PATH
if ! command -v node >/dev/null; then
    printf 'sign-in: left out: there is no node; scripts/setup.sh browser installs it\n'
    exit 0
fi
export SIGN_IN_PACKAGES=$target/sign-in
export SIGN_IN_MOCK_PROVIDER=$target/sign-in-python/bin/oidc-provider-mock

cd "$root"
providers=()
if [ -d "$SIGN_IN_PACKAGES/node_modules/oidc-provider" ]; then
    providers+=(oidc-provider:sign_in)
else
    printf 'sign-in: left out: oidc-provider is not installed; scripts/setup.sh browser installs it\n'
fi
if [ -x "$SIGN_IN_MOCK_PROVIDER" ]; then
    providers+=(oidc-provider-mock:mock_sign_in)
else
    printf 'sign-in: left out: oidc-provider-mock is not installed; scripts/setup.sh browser installs it\n'
fi
[ ${#providers[@]} -gt 0 ] || exit 0

# What the tests are built with holds the stage: any other selection would build everything again.
cargo test --locked --quiet --workspace --no-run
export HOLDFAST_STAGE=$target/debug/examples/stage
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

log=$(mktemp)
trap 'rm -f "$log"' EXIT
count() { sed -n "s/^[#ℹ] $1 //p" "$log" | tail -n 1; }
outcome=0
for provider in "${providers[@]}"; do
    began=$SECONDS
    if ! node --test "tests/sign_in/${provider#*:}.test.mjs" >"$log" 2>&1 </dev/null; then
        cat "$log"
        outcome=1
    fi
    printf 'sign-in: %s: %s passed, %s failed (%d s)\n' \
        "${provider%%:*}" "$(count pass)" "$(count fail)" $((SECONDS - began))
done
exit "$outcome"

#!/usr/bin/env bash
# Runs all checks and all tests, both to the end, and fails if either failed.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

failed=()
# The binary holds the console.
scripts/console.sh build || failed+=("the console's build")
scripts/console.sh check || failed+=("the console's checks and tests")
cargo xtask check || failed+=("checks")
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast || failed+=("tests")
    # nextest runs no examples in documentation, which are marked as Rust; looking for them takes minutes.
    if grep --recursive --quiet '^ *//[/!] ```rust' crates/*/src; then
        cargo test --workspace --locked --doc --quiet || failed+=("examples in documentation")
    fi
else
    cargo test --workspace --locked --no-fail-fast || failed+=("tests")
fi
if command -v "${CHROMIUM:-chromium-headless-shell}" chromium >/dev/null; then
    scripts/console.sh browser || failed+=("the console in a browser")
else
    printf 'make test: the tests in a browser are left out: there is no Chromium\n'
fi
scripts/conformance.sh || failed+=("other people's clients")

if [ ${#failed[@]} -gt 0 ]; then
    printf 'make test: failed: %s\n' "${failed[*]}"
    exit 1
fi
printf 'make test: all checks and tests passed\n'

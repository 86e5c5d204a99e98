#!/usr/bin/env bash
# The web console: installs its packages, builds it, checks it.
#
#   scripts/console.sh build     console/dist, which `cargo build` puts into the binary; does nothing if it is up to date
#   scripts/console.sh check     format, lint, types, the generated client, and the component tests
#   scripts/console.sh mock      every page, with made-up data, in a browser: axe, light, dark and phone
#   scripts/console.sh browser   the browser tests against the real service and a simulated org, which are built first
#   scripts/console.sh node      nothing; it fails if there is no Node that is new enough
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
console=$root/console
browser=$root/tests/browser

target=${CARGO_TARGET_DIR:-$root/target}

say() { printf 'console: %s\n' "$*" >&2; }

minimum_node=$(sed -n 's/.*"node": ">=\(.*\)".*/\1/p' "$console/package.json")

has_node() {
    local found
    found=$(node --version 2>/dev/null | cut -dv -f2) && command -v npm >/dev/null &&
        [ "$(printf '%s\n%s\n' "$minimum_node" "$found" | sort --version-sort | head -n 1)" = "$minimum_node" ]
}

# The system's Node, or the one that scripts/setup.sh puts beside what cargo builds.
use_node() {
    has_node && return
    PATH=$target/conformance/node/node_modules/node/bin:$PATH
    has_node && return
    say "Node $minimum_node or later and npm are missing: run scripts/setup.sh build"
    return 1
}

# Installs what the lock names, unless that was done already; the marker is written last.
install() {
    local folder=$1
    if cmp --silent "$folder/package-lock.json" "$folder/node_modules/.installed.json"; then
        return
    fi
    say "installing ${folder#"$root"/}/package-lock.json"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
    cp "$folder/package-lock.json" "$folder/node_modules/.installed.json"
}

# One hash of everything that the build reads.
sources() {
    (cd "$console" && find src public index.html package-lock.json vite.config.ts -type f -print0 |
        sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}

build() {
    install "$console"
    local now
    now=$(sources)
    if [ -f "$console/dist/index.html" ] && [ "$(cat "$console/node_modules/.built" 2>/dev/null)" = "$now" ]; then
        return
    fi
    npm run --prefix "$console" --silent build -- --logLevel warn
    first_load
    printf '%s\n' "$now" >"$console/node_modules/.built"
}

# What a browser must load before the first page is there stays under 250 KB gzipped.
first_load() {
    local bytes=0 file
    for file in $(grep -o 'assets/[^"]*\.js' "$console/dist/index.html" | sort -u); do
        bytes=$((bytes + $(gzip -c "$console/dist/$file" | wc -c)))
    done
    say "initial JavaScript: $((bytes / 1000)) KB gzipped"
    [ "$bytes" -lt 250000 ] || { say "that is more than 250 KB"; return 1; }
}

check() {
    install "$console"
    npm run --prefix "$console" --silent format
    npm run --prefix "$console" --silent types
    npm run --prefix "$console" --silent lint
    npm run --prefix "$console" --silent api:check
    npm run --prefix "$console" --silent test
}

use_node
case "${1:-}" in
node) ;;
build) build ;;
check) check ;;
mock)
    build
    install "$browser"
    npm run --prefix "$browser" --silent mock
    ;;
browser)
    build
    install "$browser"
    # What the tests are built with holds the stage: any other selection would build everything again.
    (cd "$root" && cargo test --locked --quiet --workspace --no-run)
    npm run --prefix "$browser" --silent real
    ;;
*)
    say "usage: scripts/console.sh build|check|mock|browser|node"
    exit 2
    ;;
esac

#!/usr/bin/env bash
# Runs the benchmarks of bench/ on the release binaries, with the tools that setup.sh has installed.
#
#   scripts/bench.sh [--records N] [--large N] [--rounds N] [--json FILE]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
case "$target" in /*) ;; *) target=$root/$target ;; esac
venv=${HOLDFAST_READERS_VENV:-$target/readers-venv}

# The command line of Salesforce, and the Node that it runs on.
export PATH=$target/conformance/sf/node_modules/.bin:$target/conformance/node/node_modules/node/bin:$PATH
# A proxy is for what is downloaded.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

exec "$venv/bin/python" "$root/bench/bench.py" --target "$target" "$@"

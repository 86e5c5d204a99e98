#!/usr/bin/env bash
# Lets other people's Salesforce clients judge simorg; one line for each client, and a failure if any found fault.
#
#   scripts/conformance.sh [CLIENT…]         the quick suites
#   scripts/conformance.sh --all [CLIENT…]   also those that install or build something large
#
# A suite is tests/conformance/CLIENT/quick.sh or large.sh; tests/conformance/README.md says what it is given.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
target=${CARGO_TARGET_DIR:-$root/target}
case "$target" in /*) ;; *) target=$root/$target ;; esac

sizes=(quick)
if [ "${1:-}" = --all ]; then
    sizes=(quick large)
    shift
fi

work=$(mktemp -d)
servers=()
stop_servers() {
    if [ ${#servers[@]} -gt 0 ]; then
        kill "${servers[@]}" 2>/dev/null
        wait "${servers[@]}" 2>/dev/null
    fi
    servers=()
}
trap 'stop_servers; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Starts a server and sets `address` to where it listens, which is the first line that it prints.
start_server() {
    local log=$1 waited=0
    shift
    : >"$log"
    "$@" >"$log" 2>&1 </dev/null &
    servers+=($!)
    until address=$(grep --max-count=1 '^http' "$log"); do
        if ! kill -0 "${servers[-1]}" 2>/dev/null || [ $((waited += 1)) -gt 300 ]; then
            cat "$log"
            return 1
        fi
        sleep 0.1
    done
}

# Each suite has two orgs of its own, fresh ones: one over HTTP, one over TLS, which a proxy leads to as well.
run_suite() {
    local client=$1 script=$2
    local log=$work/$client.log address
    start_server "$work/http.log" "$SIMORG" serve --port 0 || return 1
    export SIMORG_URL=$address
    start_server "$work/tls.log" "$SIMORG" serve --port 0 --tls --tls-cert "$work/authority.pem" || return 1
    export SIMORG_TLS_URL=$address SIMORG_CA=$work/authority.pem
    start_server "$work/proxy.log" python3 tests/conformance/proxy.py "${SIMORG_TLS_URL#https://}" || return 1
    export SIMORG_PROXY=$address
    local began=$SECONDS outcome=0
    "$script" >"$log" 2>&1 </dev/null || outcome=$?
    stop_servers
    if [ "$outcome" -ne 0 ]; then
        cat "$log"
    fi
    printf 'conformance: %s: %s (%d s)\n' "$client $size" "$(tail -n 1 "$log")" $((SECONDS - began))
    return "$outcome"
}

# What the tests are built with holds simorg: any other selection would build everything again.
cargo test --locked --quiet --workspace --no-run || exit 1
export SIMORG=$target/debug/simorg
export CONFORMANCE_TOOLS=$target/conformance
export CONFORMANCE_PYTHON=$CONFORMANCE_TOOLS/python/bin/python
export NODE_PATH=$CONFORMANCE_TOOLS/js/node_modules
# A proxy is for what a suite downloads.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

failed=() ran=0
for size in "${sizes[@]}"; do
    for script in "$root"/tests/conformance/*/"$size.sh"; do
        [ -x "$script" ] || continue
        client=$(basename "$(dirname "$script")")
        if [ $# -gt 0 ] && [[ " $* " != *" $client "* ]]; then
            continue
        fi
        ran=$((ran + 1))
        run_suite "$client" "$script" || failed+=("$client")
        stop_servers
    done
done

if [ "$ran" -eq 0 ]; then
    printf 'conformance: no such suite: %s %s\n' "${sizes[*]}" "$*"
    exit 2
fi
if [ ${#failed[@]} -gt 0 ]; then
    printf 'conformance: failed: %s\n' "${failed[*]}"
    exit 1
fi

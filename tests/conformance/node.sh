# Sourced by the suites in JavaScript. shellcheck shell=bash

# Runs these files with Node's own test runner; the last line is how many assertions held, and how many tests did not.
run_node_tests() {
    local work outcome=0 held failed
    work=$(mktemp -d)
    unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
    export PATH=$CONFORMANCE_TOOLS/node/node_modules/node/bin:$PATH
    # Node reads the certificate only at the start.
    ASSERTIONS_HELD=$work/held NODE_EXTRA_CA_CERTS=$SIMORG_CA node --test \
        --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=tap --test-reporter-destination="$work/report" "$@" || outcome=$?
    held=$(awk '{ held += $1 } END { print held + 0 }' "$work/held")
    failed=$(sed -n 's/^# fail //p' "$work/report")
    rm -rf "$work"
    printf '%s passed, %s failed\n' "$held" "${failed:-1}"
    return "$outcome"
}

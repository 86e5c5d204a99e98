# Sourced by the suites in Python. shellcheck shell=bash

# Runs the tests of this folder; the last line is how many assertions held, and how many tests did not.
run_python_tests() {
    unset REQUESTS_CA_BUNDLE CURL_CA_BUNDLE HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy
    export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=..
    "$CONFORMANCE_PYTHON" -m pytest -q --no-header -p no:cacheprovider -p counted -o enable_assertion_pass_hook=true .
}

#!/usr/bin/env bash
# What people do with the Salesforce command line every day; see tests/conformance/README.md.
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" quick

#!/usr/bin/env bash
# Further commands of the Salesforce command line; see tests/conformance/README.md.
exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" large

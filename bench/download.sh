#!/bin/sh
# Downloads all Accounts by a Bulk 2.0 query job, page after page into one file, and looks at nothing.
#
#   bench/download.sh URL TOKEN COLUMNS FILE
set -eu

url=$1 token=$2 columns=$3 file=$4
data=$url/services/data/v64.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

get() { curl -sS --fail -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }

job=$(get "$data/jobs/query" -d "{\"operation\":\"queryAll\",\"query\":\"SELECT $columns FROM Account\"}" |
    sed 's/.*"id" *: *"\([^"]*\)".*/\1/')
until get "$data/jobs/query/$job" | grep -q JobComplete; do sleep 0.05; done
: >"$file"
locator= pages=0
while [ "$locator" != null ]; do
    get -D "$work/head" "$data/jobs/query/$job/results?maxRecords=250000${locator:+&locator=$locator}" |
        if [ "$pages" -eq 0 ]; then cat; else tail -n +2; fi >>"$file"
    pages=$((pages + 1))
    locator=$(tr -d '\r' <"$work/head" | awk 'tolower($1) == "sforce-locator:" { print $2 }')
done

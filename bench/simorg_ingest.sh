#!/bin/sh
# What it costs simorg to take in rows by Bulk 2.0, to tell what became of them, to give them out, and to delete them.
#
#   bench/simorg_ingest.sh [SIMORG] [ROWS]
#
# Accounts of ten fields go into an org without other rows, in jobs of at most 100 MB. Time is that of the server's process on
# all cores (user and system); memory is what the process holds. Needs curl, python3 and a release build of simorg.
set -eu

simorg=${1:-target/release/simorg}
rows=${2:-1000000}
per_job=500000

work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

cpu_s() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$server/stat"; }
held_kb() { awk '/VmRSS/ { print $2 }' "/proc/$server/status"; }
json() { python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }

"$simorg" serve --records Account=0 >"$work/url" &
server=$!
while [ ! -s "$work/url" ]; do sleep 0.01; done
url=$(cat "$work/url")
token=$(curl -sS "$url/services/oauth2/token" -d grant_type=client_credentials -d client_id=simorg -d client_secret=simorg |
    json "['access_token']")
data=$url/services/data/v64.0
get() { curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }

# Runs a job with the rows of a file, and leaves its id in $job.
ingest() {
    job=$(get "$data/jobs/ingest" -d "{\"object\":\"Account\",\"operation\":\"$1\",\"lineEnding\":\"LF\"}" | json "['id']")
    curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: text/csv' -T "$2" "$data/jobs/ingest/$job/batches"
    get -X PATCH "$data/jobs/ingest/$job" -d '{"state":"UploadComplete"}' >"$work/state"
    until [ "$(json "['state']" <"$work/state")" = JobComplete ]; do
        sleep 0.2
        get "$data/jobs/ingest/$job" >"$work/state"
    done
    failed=$(json "['numberRecordsFailed']" <"$work/state")
    [ "$failed" = 0 ] || echo "$failed rows of the $1 failed"
}

rows_of() {
    python3 - "$1" "$2" <<'PYTHON'
import sys
print("Name,Type,Industry,Phone,Website,BillingStreet,BillingCity,BillingCountry,NumberOfEmployees,Description")
for n in range(int(sys.argv[1]), int(sys.argv[2])):
    print(f'Account {n},Customer,Energy,+49 30 {n:07},https://example.com/{n},"Main St {n % 900}",Berlin,Germany,{n % 5000},'
          f'"What is known of ""{n}"", in a line or two"')
PYTHON
}

measure() { before=$(cpu_s) bytes=0; }
tell() { awk -v what="$1" -v rows="$2" -v a="$before" -v b="$(cpu_s)" 'BEGIN { printf "%s: %.1f s, %.1f us a row\n", what, b - a, (b - a) / rows * 1e6 }'; }
tell_rate() { awk -v what="$1" -v bytes="$bytes" -v a="$before" -v b="$(cpu_s)" 'BEGIN { printf "%s: %.0f MB in %.1f s, %.0f MB/s\n", what, bytes / 1e6, b - a, bytes / 1e6 / (b - a) }'; }

empty=$(held_kb) jobs= from=0
measure
while [ "$from" -lt "$rows" ]; do
    until=$((from + per_job < rows ? from + per_job : rows))
    rows_of "$from" "$until" >"$work/rows.csv"
    ingest insert "$work/rows.csv"
    jobs="$jobs $job" from=$until
done
tell "insert of $rows Accounts" "$rows"

measure
for id in $jobs; do
    size=$(get -o "$work/done.csv" -w '%{size_download}' "$data/jobs/ingest/$id/successfulResults")
    bytes=$((bytes + size))
    cut -d, -f1 "$work/done.csv" | tail -n +2 >>"$work/ids"
done
tell_rate "successful results"
for id in $jobs; do get -X DELETE "$data/jobs/ingest/$id"; done
awk -v rows="$rows" -v a="$empty" -v b="$(held_kb)" 'BEGIN { printf "memory: %d MiB, %.0f bytes a row\n", b / 1024, (b - a) * 1024 / rows }'

job=$(get "$data/jobs/query" -d '{"operation":"query","query":"SELECT Id,Name,Type,Industry,Phone,Website,BillingStreet,BillingCity,BillingCountry,NumberOfEmployees,Description,OwnerId,CreatedDate,SystemModstamp FROM Account"}' |
    json "['id']")
while [ "$(get "$data/jobs/query/$job" | json "['state']")" != JobComplete ]; do :; done
measure
bytes=$(get -o "$work/page" -w '%{size_download}' "$data/jobs/query/$job/results?maxRecords=$rows")
tell_rate "bulk results of written rows"

measure
split -l "$per_job" "$work/ids" "$work/part."
for part in "$work"/part.*; do
    { echo Id; cat "$part"; } >"$work/rows.csv"
    ingest delete "$work/rows.csv"
done
tell "delete of $rows Accounts" "$rows"
awk '/VmHWM/ { printf "memory at its highest: %d MiB\n", $2 / 1024 }' "/proc/$server/status"

#!/bin/sh
# How fast simorg starts, how much memory it takes, and how fast it gives out Bulk results and query pages.
#
#   bench/simorg_download.sh [SIMORG] [ROWS]
#
# The server runs on one core, the client on another. A file of the same size, served by a plain file server in the same
# way, tells how much of the time is the machine's. Needs taskset, curl, python3 and a release build of simorg.
set -eu

simorg=${1:-target/release/simorg}
rows=${2:-1000000}
# 30 fields of every kind: texts of all lengths, picklists, references, numbers, times.
columns=Id,IsDeleted,Name,Type,ParentId,BillingStreet,BillingCity,BillingState,BillingPostalCode,BillingCountry
columns=$columns,ShippingStreet,ShippingCity,ShippingState,ShippingPostalCode,ShippingCountry,Phone,Fax,AccountNumber
columns=$columns,Website,Sic,Industry,AnnualRevenue,NumberOfEmployees,Ownership,TickerSymbol,Description,Rating,OwnerId
columns=$columns,CreatedDate,SystemModstamp

work=$(mktemp -d)
server= files=
trap 'kill $server $files 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM

now() { date +%s.%N; }
rate() { awk -v bytes="$1" -v s="$2" 'BEGIN { printf "%d MB in %.2f s, %.0f MB/s\n", bytes / 1e6, s, bytes / 1e6 / s }'; }
cpu_s() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$server/stat"; }
json() { python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }

started=$(now)
taskset -c 0 "$simorg" serve --records "Account=$rows" >"$work/url" &
server=$!
while [ ! -s "$work/url" ]; do sleep 0.01; done
url=$(cat "$work/url")
echo "start: $(awk -v a="$started" -v b="$(now)" 'BEGIN { printf "%.2f s", b - a }') with $rows records"

get() { taskset -c 1 curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
token=$(curl -sS "$url/services/oauth2/token" -d grant_type=client_credentials -d client_id=simorg -d client_secret=simorg |
    json "['access_token']")
data=$url/services/data/v64.0

job=$(get "$data/jobs/query" -d "{\"operation\":\"query\",\"query\":\"SELECT $columns FROM Account\"}" | json "['id']")
while [ "$(get "$data/jobs/query/$job" | json "['state']")" != JobComplete ]; do :; done

before=$(cpu_s)
began=$(now)
locator= bytes=0
while [ "$locator" != null ]; do
    size=$(get -D "$work/head" -o "$work/page" -w '%{size_download}' \
        "$data/jobs/query/$job/results?maxRecords=250000${locator:+&locator=$locator}")
    bytes=$((bytes + size))
    locator=$(tr -d '\r' <"$work/head" | awk 'tolower($1) == "sforce-locator:" { print $2 }')
done
wall=$(awk -v a="$began" -v b="$(now)" 'BEGIN { print b - a }')
cpu=$(awk -v a="$before" -v b="$(cpu_s)" 'BEGIN { print b - a }')
echo "bulk results, wall time: $(rate "$bytes" "$wall")"
echo "bulk results, time of the server's core: $(rate "$bytes" "$cpu")"

before=$(cpu_s)
get -o "$work/page.gz" -H 'Accept-Encoding: gzip' "$data/jobs/query/$job/results?maxRecords=250000"
cpu=$(awk -v a="$before" -v b="$(cpu_s)" 'BEGIN { print b - a }')
echo "bulk results by gzip, time of the server's core: $(rate "$(gzip -dc "$work/page.gz" | wc -c)" "$cpu")"

before=$(cpu_s)
page=/services/data/v64.0/query?q=SELECT+$columns+FROM+Account bytes=0 pages=0
while [ "$page" != end ] && [ "$pages" -lt 50 ]; do
    size=$(get -o "$work/json" -w '%{size_download}' "$url$page")
    bytes=$((bytes + size)) pages=$((pages + 1))
    page=$(json ".get('nextRecordsUrl', 'end')" <"$work/json")
done
cpu=$(awk -v a="$before" -v b="$(cpu_s)" 'BEGIN { print b - a }')
echo "$pages query pages, time of the server's core: $(rate "$bytes" "$cpu")"
awk '/VmHWM/ { printf "memory at its highest: %d MiB\n", $2 / 1024 }' "/proc/$server/status"

(cd "$work" && exec taskset -c 0 python3 -u -m http.server --bind 127.0.0.1 0 >"$work/files" 2>&1) &
files=$!
while ! grep -q 'port' "$work/files" 2>/dev/null; do sleep 0.05; done
port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$work/files" | head -n 1)
size=$(wc -c <"$work/page")
began=$(now)
taskset -c 1 curl -sS -o "$work/copy" "http://127.0.0.1:$port/page"
echo "the last page from a file server: $(rate "$size" "$(awk -v a="$began" -v b="$(now)" 'BEGIN { print b - a }')")"

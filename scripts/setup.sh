#!/usr/bin/env bash
# Installs what a build or the tests need, or says exactly what to install.
#
#   scripts/setup.sh build          a C compiler, Rust, and Node for the console
#   scripts/setup.sh conformance    also other people's Salesforce clients, with Python to run them
#   scripts/setup.sh bench          also the tools that Holdfast is measured beside
#   scripts/setup.sh test           also PostgreSQL, a browser, and Python with other people's lake readers
#   scripts/setup.sh browser        a browser and identity providers
#
# Debian packages are installed only as root or where sudo asks for no password. What is there is left alone.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
minimum_rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "$@"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

missing=()
need_package() { missing+=("$@"); }

install_missing() {
    [ ${#missing[@]} -eq 0 ] && return
    local install="apt-get install --yes --no-install-recommends ${missing[*]}"
    local as=()
    if [ "$(id -u)" -ne 0 ]; then
        as=(sudo)
    fi
    if ! has apt-get; then
        die "please install what these Debian packages hold: ${missing[*]}"
    fi
    if [ "$(id -u)" -ne 0 ] && ! { has sudo && sudo -n true 2>/dev/null; }; then
        die "please run: sudo apt-get update && sudo $install"
    fi
    say "installing ${missing[*]}"
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update --quiet --quiet </dev/null
    # shellcheck disable=SC2086
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive $install </dev/null
    missing=()
}

check_rust() {
    if ! has cargo && [ -x "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo" ]; then
        die "Rust is installed, but not in PATH: run . ${CARGO_HOME:-${HOME:-/root}/.cargo}/env"
    fi
    if ! has cargo || ! has rustc; then
        die "Rust $minimum_rust or later is missing; install it from https://rustup.rs:" \
            "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
    fi
    local found
    found=$(cd "$root" && rustc --version | cut -d' ' -f2 | cut -d- -f1)
    if [ "$(printf '%s\n%s\n' "$minimum_rust" "$found" | sort --version-sort | head -n 1)" != "$minimum_rust" ]; then
        die "Rust $found is too old, $minimum_rust or later is needed: run rustup update stable"
    fi
    if [ "$1" != build ]; then
        for component in clippy rustfmt; do
            has "cargo-${component/rustfmt/fmt}" || die "please run: rustup component add $component"
        done
    fi
}

has_postgresql() {
    { has initdb && has pg_ctl && has createdb; } || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

has_browser() { has "${CHROMIUM:-chromium-headless-shell}" || has chromium; }

# Where the tests look for it: $HOLDFAST_READERS_VENV, or a folder beside what cargo builds.
readers_venv() {
    printf '%s\n' "${HOLDFAST_READERS_VENV:-${CARGO_TARGET_DIR:-$root/target}/readers-venv}"
}

# Made anew when the list of packages changes; the marker is written last, so half a one does not count.
make_venv() {
    local requirements="$root/$1" venv=$2
    if [ -x "$venv/bin/python" ] && cmp --silent "$requirements" "$venv/installed.txt"; then
        return
    fi
    say "installing $1 into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" </dev/null ||
        die "pip could not install $1: see its message above"
    cp "$requirements" "$venv/installed.txt"
}

# The same for a folder with a package-lock.json.
make_node_modules() {
    local source="$root/$1" folder=$2
    if cmp --silent "$source/package-lock.json" "$folder/installed.json"; then
        return
    fi
    say "installing $1/package-lock.json into $folder"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$source/package.json" "$source/package-lock.json" "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null ||
        die "npm could not install $1/package-lock.json: see its message above"
    cp "$source/package-lock.json" "$folder/installed.json"
}

# A Node of our own: for the tools, which want one of a kind, and for the console where the system's is too old.
make_node() {
    local tools=$1 node=22.23.3
    if [ "$(cat "$tools/node/installed" 2>/dev/null)" != "$node" ]; then
        say "installing Node $node into $tools/node"
        rm -rf "$tools/node" "$tools/sf"
        mkdir -p "$tools/node"
        npm install --prefix "$tools/node" --no-audit --no-fund --loglevel=error "node@$node" </dev/null ||
            die "npm could not install node@$node: see its message above"
        printf '%s' "$node" >"$tools/node/installed"
    fi
}

# The Salesforce command line on that Node: npm picks packages that fit the Node it runs on. What the command line depends on
# is pinned by the list that it brings itself.
make_node_and_sf() {
    local tools=$1 cli=2.150.6
    make_node "$tools"
    if [ "$(cat "$tools/sf/installed" 2>/dev/null)" != "$cli" ]; then
        say "installing the Salesforce command line $cli into $tools/sf"
        rm -rf "$tools/sf"
        mkdir -p "$tools/sf"
        PATH=$tools/node/node_modules/node/bin:$PATH npm install --prefix "$tools/sf" --ignore-scripts \
            --no-audit --no-fund --loglevel=error "@salesforce/cli@$cli" </dev/null ||
            die "npm could not install @salesforce/cli@$cli: see its message above"
        printf '%s' "$cli" >"$tools/sf/installed"
    fi
}

# They wait for downloads more than they work, so all go on at once.
make_all() {
    local job outcome=0 jobs=()
    if [ "$purpose" != conformance ]; then
        make_venv tests/readers/requirements.txt "$(readers_venv)" &
        jobs+=($!)
    fi
    if [ "$purpose" != bench ]; then
        make_venv tests/conformance/python/requirements.txt "$tools/python" &
        jobs+=($!)
        make_node_modules tests/conformance/js "$tools/js" &
        jobs+=($!)
    else
        make_venv tests/conformance/airbyte/requirements.txt "$tools/airbyte" &
        jobs+=($!)
    fi
    make_node_and_sf "$tools" &
    jobs+=($!)
    for job in "${jobs[@]}"; do
        wait "$job" || outcome=1
    done
    return "$outcome"
}

purpose=${1:-build}
case "$purpose" in
build | bench | browser | conformance | test) ;;
*) die "usage: scripts/setup.sh build|bench|browser|conformance|test" ;;
esac

tools=${CARGO_TARGET_DIR:-$root/target}/conformance

has cc || need_package gcc libc6-dev
{ has node && has npm; } || need_package nodejs npm
if [ "$purpose" = test ]; then
    has_postgresql || need_package postgresql
fi
if [ "$purpose" = browser ]; then
    has_browser || need_package chromium-headless-shell
fi
if [ "$purpose" = bench ]; then
    has zstd || need_package zstd
    has taskset || need_package util-linux
fi
if [ "$purpose" != build ]; then
    # From version 3.11 on: older ones have no builds of the pinned packages.
    python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        need_package python3 python3-venv
fi
install_missing
if [ "$purpose" = test ] && ! has_browser; then
    # Not every Debian has it for every machine; the other tests need none.
    (need_package chromium-headless-shell && install_missing) || say "without a browser, its tests are left out"
fi
check_rust "$purpose"
"$root/scripts/console.sh" node 2>/dev/null || make_node "$tools"
case "$purpose" in
build) ;;
browser)
    make_node_modules tests/sign_in "${CARGO_TARGET_DIR:-$root/target}/sign-in"
    make_venv tests/sign_in/requirements.txt "${CARGO_TARGET_DIR:-$root/target}/sign-in-python"
    ;;
*) make_all ;;
esac

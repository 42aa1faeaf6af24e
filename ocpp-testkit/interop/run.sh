#!/bin/sh
# The programs against the Python package `ocpp`, both ways round: its schema-validating CSMS against `station`, its charge
# point against `csms`. Needs Python 3.11 or later. Exit status: 0 all steps hold, 1 one does not, 77 the package cannot be had here (only where CI is
# not set: there it must run).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${CARGO_TARGET_DIR:-$root/target}/interop
venv=$cache/venv

if ! cmp -s "$here/requirements.txt" "$cache/installed.txt"; then
    rm -rf "$venv"
    mkdir -p "$cache"
    if ! python3 -m venv "$venv" || ! "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"; then
        echo "SKIPPED: interop cannot install its Python packages" >&2
        [ -n "${CI:-}" ] && exit 1
        exit 77
    fi
    cp "$here/requirements.txt" "$cache/installed.txt"
fi

cd "$root"
cargo build --quiet --locked -p ocpp-testkit
PROGRAM=${CARGO_TARGET_DIR:-$root/target}/debug/ocpp-testkit
export PROGRAM PYTHONDONTWRITEBYTECODE=1

status=0
"$venv/bin/python" "$here/station_under_test.py" || status=1
"$venv/bin/python" "$here/csms_under_test.py" || status=1
exit $status

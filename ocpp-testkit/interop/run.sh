#!/bin/sh
# Our programs against other people's, both ways round: schema-validating servers against `station`, stations against `csms`.
# Ends with a table of the peers.
#
#   run.sh               all peers
#   run.sh python node   some of them
#
# `python` needs Python 3.11 or later, `node` needs Node.js 18 or later with npm, `ocppsim` (a station in a terminal) is built by cargo and
# driven by Python; what each needs beside that is installed below the target directory. Exit status: 0 all steps hold, 1 one does not, 77 no peer can be had here. Where CI is set, a peer may be missing only
# if the machine cannot run its language.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${CARGO_TARGET_DIR:-$root/target}/interop
table=$cache/table.txt
mkdir -p "$cache"

# Installs what a peer needs, unless what is there came from the same list.
python_roles="station csms station_v2 csms_v2"
python_language() { command -v python3; }
python_install() {
    cmp -s "$here/python/requirements.txt" "$cache/installed.txt" && return
    rm -rf "$cache/venv" "$cache/installed.txt"
    python3 -m venv "$cache/venv" &&
        "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/requirements.txt" &&
        cp "$here/python/requirements.txt" "$cache/installed.txt"
}
python_name() { "$cache/venv/bin/python" -c 'from importlib.metadata import version; print("ocpp", version("ocpp"), "(PyPI)")'; }
python_run() { PYTHONDONTWRITEBYTECODE=1 "$cache/venv/bin/python" "$here/python/$1_under_test.py"; }

# Modules are found beside the scripts, so the scripts are copied to the modules.
node_roles=$python_roles
node_language() { command -v npm; }
node_install() {
    mkdir -p "$cache/node"
    cp "$here"/node/*.mjs "$here"/node/package.json "$cache/node"
    cmp -s "$here/node/package-lock.json" "$cache/node/package-lock.json" && [ -d "$cache/node/node_modules" ] && return
    cp "$here/node/package-lock.json" "$cache/node"
    (cd "$cache/node" && npm ci --silent --no-audit --no-fund) || { rm -rf "$cache/node"; return 1; }
}
node_name() { (cd "$cache/node" && node -p '`ocpp-rpc ${require("ocpp-rpc/package.json").version} (npm), strict`'); }
node_run() { node "$cache/node/$1_under_test.mjs"; }

ocppsim_roles="csms csms_v2"
ocppsim_language() { command -v python3; }
ocppsim_install() {
    case $("$cache/ocppsim/bin/ocppsim" --version 2>&1) in "ocppsim 0.3.0 "*) return ;; esac
    cargo install --quiet --debug --locked ocppsim --version 0.3.0 --root "$cache/ocppsim" --target-dir "$cache/ocppsim_build" &&
        rm -rf "$cache/ocppsim_build"
}
ocppsim_name() { echo 'ocppsim 0.3.0 (crates.io), strict'; }
ocppsim_run() {
    case $1 in csms) set -- 1.6 ;; csms_v2) set -- 2.0.1 2.1 ;; esac
    OCPPSIM="$cache/ocppsim/bin/ocppsim" PYTHONDONTWRITEBYTECODE=1 python3 "$here/ocppsim/csms_under_test.py" "$@"
}

cd "$root"
cargo build --quiet --locked -p ocpp-testkit
PROGRAM=${CARGO_TARGET_DIR:-$root/target}/debug/ocpp-testkit
export PROGRAM

status=0
missing=0
: >"$table"
[ $# -gt 0 ] || set -- python node ocppsim
for peer; do
    if ! { "${peer}_language" && "${peer}_install"; } >&2; then
        echo "SKIPPED: $peer, or what its scripts need, cannot be had" >&2
        echo "$peer|-|-|skipped" >>"$table"
        missing=$((missing + 1))
        [ -z "${CI:-}" ] || ! "${peer}_language" >&2 || status=1
        continue
    fi
    name=$("${peer}_name")
    eval "roles=\$${peer}_roles"
    for ours in $roles; do
        if "${peer}_run" "$ours" >"$cache/steps.txt"; then verdict=holds; else verdict=FAILS status=1; fi
        cat "$cache/steps.txt"
        echo "$name|$ours|$(grep -c '^ok ' "$cache/steps.txt")|$verdict" >>"$table"
    done
done

echo
{ echo 'peer|our side|steps|result'; cat "$table"; } | awk -F'|' '{ printf "%-30s %-9s %6s  %s\n", $1, $2, $3, $4 }'
[ "$status" -eq 0 ] || exit 1
[ "$missing" -lt $# ] || exit 77

#!/usr/bin/env bash
# The whole main job on one machine: validate, diff, apply, dial live, look, simulate. Nothing rings: the
# carrier is simulated, and every number is from a range reserved for fiction.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf .demo && mkdir .demo
export DIALCTL_DATABASE_URL=sqlite:///.demo/dialctl.db
export DIALCTL_SIMULATOR=examples/fast-simulator.json
export COLUMNS="${COLUMNS:-100}"
quickstart=examples/quickstart

bold='' cyan='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\033[1m' cyan=$'\033[36m' plain=$'\033[0m'; fi
say() { printf '\n%s\n' "$bold# $*$plain"; }
show() { printf '%s\n' "$cyan\$ $*$plain"; }
run() { show "$@"; "$@"; }

say "Are the manifests and the CRM exports sound? Nine bad rows are named and left out."
run dialctl validate $quickstart

say "Whom would an apply call? A guard stops it: one configuration dials around the clock (exit code 3)."
show dialctl diff $quickstart
dialctl diff $quickstart > .demo/diff.txt || code=$?
grep -v '^      ' .demo/diff.txt | sed 's/, for example:$//; s/ created:$/ created/' | cat -s | tail -n 40
echo "(exit code ${code:-0}; the fields are in .demo/diff.txt)"

say "The guard is allowed by name, and everything is written in one transaction."
show dialctl apply $quickstart --allow windows-legal --yes
dialctl apply $quickstart --allow windows-legal --yes > .demo/apply.txt
tail -n 1 .demo/apply.txt

say "Applied and compared again: in sync, exit code 0."
run dialctl diff $quickstart

say "The round-the-clock campaign is dialled live: calls of a few seconds, retries after three."
run dialctl run --org acme --campaign welcome-calls --until-idle

say "How far is everything?"
run dialctl status

say "Why was this one not called?"
run dialctl describe contact spring-renewals crm-1001 --org acme

say "And what would the business-hours campaigns do in the next two weeks? Virtual clock, real rules."
unset DIALCTL_SIMULATOR
run dialctl simulate $quickstart --for 14d --start 2026-03-02T08:00:00-05:00

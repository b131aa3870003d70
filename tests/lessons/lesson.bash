# What the lessons share: how they speak, insist and clean up after themselves. To be sourced.
# KEYWARD names the built binary; the default is target/release/keyward, else target/debug/keyward.
# STAY=1 leaves everything running at the end.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
keyward=${KEYWARD:-$here/target/release/keyward}
[ -x "$keyward" ] || keyward=$here/target/debug/keyward
folder=$(mktemp -d)

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
say() { printf '   %s\n' "$*"; }
fail() { printf '!! %s\n' "$*" >&2; exit 1; }
# see TEXT PATTERN: shows the text and insists on the pattern.
see() {
  printf '%s\n' "$1" | sed 's/^/   | /'
  grep -Eq -- "$2" <<<"$1" || fail "expected to see: $2"
}
# see_quietly TEXT PATTERN: insists on the pattern.
see_quietly() { grep -Eq -- "$2" <<<"$1" || { printf '%s\n' "$1"; fail "expected to see: $2"; }; }
# see_not TEXT PATTERN: insists that the pattern is not there.
see_not() { if grep -Eq -- "$2" <<<"$1"; then printf '%s\n' "$1"; fail "did not expect: $2"; fi; }
# until_seen PATTERN COMMAND...: repeats a command until its output shows the pattern.
until_seen() {
  local pattern=$1 text; shift
  for _ in $(seq 100); do
    text=$("$@" 2>&1 || true)
    if grep -Eq -- "$pattern" <<<"$text"; then printf '%s\n' "$text"; return 0; fi
    sleep 0.2
  done
  printf '%s\n' "$text" >&2
  fail "never saw '$pattern' from: $*"
}
# field JSON-TEXT EXPRESSION: reads one value of a JSON text.
field() { python3 -c 'import json,sys; print(eval("d"+sys.argv[2], {"d": json.loads(sys.argv[1])}))' "$1" "$2"; }

pids=()
clean_up() {
  local status=$?
  if [ "${STAY:-0}" = 1 ] && [ $status -eq 0 ]; then
    say "everything stays up; stop it with: kill ${pids[*]}; rm -r $folder"
    exit 0
  fi
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  [ $status -eq 0 ] || { [ -f "$folder/serve.log" ] && tail -n 30 "$folder/serve.log" >&2; }
  rm -rf "$folder"
  exit $status
}
trap clean_up EXIT

# start_keyward: serves the keyward.toml of the lesson's folder and points the AWS CLI at it.
start_keyward() {
  "$keyward" serve > serve.out 2>> serve.log &
  pids+=($!)
  for _ in $(seq 200); do [ -s keyward-data/endpoints.json ] && break; sleep 0.1; done
  [ -s keyward-data/endpoints.json ] || fail "keyward serve did not get ready"
  eval "$("$keyward" env)"
  export AWS_PAGER='' AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
}

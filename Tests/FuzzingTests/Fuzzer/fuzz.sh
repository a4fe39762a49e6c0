#!/bin/bash
# Runs libFuzzer over one kind of hostile input: fuzz.sh KIND SECONDS [libFuzzer's options]
# Seeds: the kept cases, the repository's own flows and cases, and a conformance file where FLOWRUN_CONFORMANCE names one.
# What is found stays in .build/fuzz-corpus/KIND; an input that breaks something is written to .build/fuzz-found/.
set -euo pipefail
kind=$1 seconds=$2
shift 2
here=Tests/FuzzingTests
corpus=.build/fuzz-corpus/$kind
seeds=.build/fuzz-seeds/$kind
mkdir -p "$corpus" "$seeds" .build/fuzz-found

one_a_line() { # writes each line of the input to a file of its own
    local name=$1 number=0
    while IFS= read -r line; do
        number=$((number + 1))
        printf '%s' "$line" > "$seeds/$name-$number"
    done
}
expressions() {
    sed -nE "s/^ *expression: *[\"']?@(.*[^\"'])[\"']?\$/\1/p" Tests/FlowExpressionsTests/Cases/*.yaml
    if [ -n "${FLOWRUN_CONFORMANCE:-}" ]; then
        sed -nE 's/.*"expression": *"@(([^"\\]|\\.)*)".*/\1/p' "$FLOWRUN_CONFORMANCE"
    fi
}
case $kind in
expression) expressions | one_a_line case ;;
template) expressions | sed 's/.*/text @{&} and @@{/' | one_a_line case ;;
yaml | flow)
    find flows Examples Tests -name '*.yaml' -size -12k -not -path '*/FuzzingTests/*' | while IFS= read -r file; do
        cp "$file" "$seeds/$(tr / _ <<< "$file")"
    done
    ;;
json)
    find Examples Tests -name '*.json' -size -12k -not -path '*/FuzzingTests/*' | while IFS= read -r file; do
        cp "$file" "$seeds/$(tr / _ <<< "$file")"
    done
    ;;
esac

# Flow files are read, formatted and checked several times: long ones make the fuzzer slow.
case $kind in
yaml | flow) length=3072 ;;
*) length=8192 ;;
esac

# A crash is libFuzzer's to report; the toolchain's own report of it would ask symbol tables for minutes.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 KIND=$kind
exec .build/fuzz/release/flowrun-fuzz -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2560 -max_len=$length \
    -dict=$here/Fuzzer/words.dict -artifact_prefix=".build/fuzz-found/$kind-" -print_final_stats=1 "$@" \
    "$corpus" "$seeds" "$here/Corpus/$kind"

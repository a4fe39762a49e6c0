#!/usr/bin/env bash
# Prerequisite 5: what does a Power Automate environment require? Here: neither licence nor a gigabyte.
source "$(dirname "$0")/../common.sh"

say "a flow runs without an account, a licence or an environment"
run run --file "$clone/Examples/hello/hello.flow.yaml" --input @"$clone/Examples/hello/input.json"
shows Succeeded

say "and an environment with the whole solution takes megabytes"
world partner-center-salesforce
kilobytes=$(du -sk .flowrun/default | cut -f1)
echo "the environment takes $kilobytes KB"
[ "$kilobytes" -lt 50000 ]

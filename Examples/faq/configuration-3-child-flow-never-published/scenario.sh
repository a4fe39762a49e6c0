#!/usr/bin/env bash
# Configuration 3: ChildFlowNeverPublished while turning on the flow from Partner Center to the CRM.
source "$(dirname "$0")/../common.sh"

served partner-center-dynamics365
run bind-connection --all

say "the parent first, by itself"
refused 4 activate "Partner Center to CRM" --no-dependencies
shows ChildFlowNeverPublished "has never been published"
"$flowrun" flow list --json > last
if grep -q '"Started"' last; then echo "a flow was turned on" >&2; exit 1; fi

say "the repair: its two child flows first (and the child of one of them)"
run activate "Customize" --no-dependencies
run activate "Partner Center to CRM - Helper (Insider Preview)" --no-dependencies
run activate "Partner Center Microsoft Co-sell Referral Updates to CRM (Insider Preview)" --no-dependencies
run activate "Partner Center to CRM" --no-dependencies

say "or all in the right order, which needs no knowledge of it"
run deactivate --all
run activate --all

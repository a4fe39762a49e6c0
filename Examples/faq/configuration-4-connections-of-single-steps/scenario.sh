#!/usr/bin/env bash
# Configuration 4: connections cannot be added; single steps have the warning sign.
source "$(dirname "$0")/../common.sh"

served partner-center-salesforce

say "the steps that miss a connection: the warning sign"
run bind-connection
shows "View_registration" "Create_Referral" "Find_customer_account"
diagnosed XrmConnectionReferenceMissingConnection "doctor --fix"
refused 4 activate "Create Co-sell Referral"
shows XrmConnectionReferenceMissingConnection

say "the repair by hand: the connection of one step, and so of its reference everywhere"
run bind-connection "Partner Center Webhook Registration" --action View_registration --connection partnercenterevents-referrals.admin
"$flowrun" bind-connection > last
if grep -q "View_registration" last; then echo "the step still misses its connection" >&2; exit 1; fi

say "the repair for all steps that have one fitting connection"
refused 1 doctor --fix
shows repaired
[ "$("$flowrun" bind-connection --json)" = "[]" ]
cured XrmConnectionReferenceMissingConnection
run activate --all

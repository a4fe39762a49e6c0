#!/usr/bin/env bash
# Maintenance 8: created in Partner Center, not in the CRM, and no flow has an error.
source "$(dirname "$0")/../common.sh"

working partner-center-dynamics365 "Partner Center to Dynamics 365"
flow="Partner Center to Dynamics 365"
deal() { kept "commondataserviceforapps/opportunity?msft_referralidentifier=$referral"; }
has_deal() { [ "$(deal)" != "[]" ]; }

say "several runs for one change: one of them does the work, the others find nothing to do"
share
several() { [ "$("$flowrun" runs list --flow "$flow" --key "$referral" --json | grep -c '"flow": {')" -gt 1 ]; }
await "the deal is in Dynamics" has_deal
await "there are several runs" several
await "the runs have ended" quiet
run trace "$referral"
[ "$(deal | grep -o '"opportunityid":' | grep -c .)" = 1 ]
data partnercenterref referral "$referral" > last
grep externalReferenceId last

say "a lead that stays in Partner Center: the variable says so, and the run shows it"
share '{"type":"Independent","qualification":"Direct","name":"Trial request"}'
await "the flow has looked" has_runs --flow "$flow" --status Succeeded --key "$referral"
await "the runs have ended" quiet
[ "$(dynamics lead --json)" = "[]" ]
run runs show "$(newest_run --flow "$flow" --key "$referral")"
shows Is_to_be_synchronised
run variable set msft_synccosellopportunitiesonly No
run runs resubmit "$(newest_run --flow "$flow" --key "$referral")"
dynamics lead > last
shows "Fabrikam Retail"

say "a deal that was closed by accident before it arrived: a closed referral takes and gives nothing"
stop_serving
share
data partnercenterref referral "$referral" --set status=Closed --set substatus=Lost > last
serve
register
data partnercenterref referral "$referral" --set favorite=true > last
await "the flow has looked" has_runs --flow "$flow" --status Succeeded --key "$referral"
await "the runs have ended" quiet
if has_deal; then echo "a closed deal arrived" >&2; exit 1; fi
run runs show "$(newest_run --flow "$flow" --key "$referral")"
echo "the repair: closed is final; share the deal anew"
share
await "the new deal is in Dynamics" has_deal

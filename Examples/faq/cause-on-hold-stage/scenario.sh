#!/usr/bin/env bash
# A cause: the opportunity is on hold, and nothing that is edited there is synchronized.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"
deal() { kept "salesforce/Opportunity?Referral_Identifier__c=$referral"; }
has_deal() { deal | grep -q 'sync success'; }
value() { local value; value=$(the_referral | member dealValue); echo "${value%.0}"; }

say "a new referral arrives on hold; a seller changes its amount"
share
await "the deal is in Salesforce" has_deal
opportunity_id=$(deal | member Id)
before=$(value)
salesforce Opportunity "$opportunity_id" --set Amount=77000 > last
await "the flow has looked" has_runs --flow "Salesforce to Partner Center" --status Succeeded
await "the runs have ended" quiet
[ "$(value)" = "$before" ]

say "the diagnosis"
run runs show "$(newest_run --flow "Salesforce to Partner Center")"
shows "is on hold; nothing was written"
refused 1 audit
shows OnHold "on hold"

say "the repair: leaving the stage accepts the referral, and the edit goes along"
salesforce Opportunity "$opportunity_id" --set StageName=Active > last
accepted() { the_referral | grep -q '"substatus":"Accepted"' && [ "$(value)" = 77000 ]; }
await "the referral is accepted with the seller's amount" accepted
await "the runs have ended" quiet
run audit
shows "1 in step, 0 behind, 0 blocked"

#!/usr/bin/env bash
# A cause: both sides are edited within a minute. Microsoft's answer is to wait a minute between edits, or duplicates appear.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"
deal() { kept "salesforce/Opportunity?Referral_Identifier__c=$referral"; }
has_deal() { deal | grep -q 'sync success'; }

share '{"status":"Active","substatus":"Accepted"}'
await "the deal is in Salesforce" has_deal
await "the runs have ended" quiet
opportunity_id=$(deal | member Id)

say "two edits of one side in the same second: both arrive, in one deal"
data partnercenterref referral "$referral" --set 'details={"dealValue":50001}' > last
data partnercenterref referral "$referral" --set 'details={"notes":"Second edit."}' > last
both() { deal | grep -q '"Amount":50001' && deal | grep -q 'Second edit.'; }
await "both edits are there" both
[ "$(deal | grep -o '"attributes":' | grep -c .)" = 1 ]
await "the runs have ended" quiet

say "different values on both sides while nobody serves: the values of different fields meet"
stop_serving
data partnercenterref referral "$referral" --set 'details={"dealValue":60002}' > last
salesforce Opportunity "$opportunity_id" --set "Description=Of the seller." > last
serve
met() { deal | grep -q '"Amount":60002' && the_referral | grep -q 'Of the seller.'; }
await "each side has the other's edit" met
await "the runs have ended" quiet

say "the same field on both sides: Partner Center's value stands, and the Audit field says what gave way"
stop_serving
data partnercenterref referral "$referral" --set 'details={"dealValue":70003}' > last
salesforce Opportunity "$opportunity_id" --set Amount=80004 > last
serve
await "the conflict is told" audit_says "Both sides had changed DealValue (here: 80004.00); the value of Partner Center stands."
audit
await "the runs have ended" quiet
deal > last
shows '"Amount":70003'
run audit
shows "1 in step, 0 behind, 0 blocked"

#!/usr/bin/env bash
# Maintenance 4: the connector was disconnected and a synchronization was missed: a password expired.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "the password of the Partner Center user is no longer good"
data identity user referrals.admin@adatum.example --set password=Changed-by-policy-1 > last
"$flowrun" sandbox fault partnercenterref --expire-tokens > last
share
await "the run waits for a sign-in" has_runs --status Waiting
run runs list --status Waiting

say "the diagnosis"
diagnosed AADSTS50126 "flowrun login referrals.admin@adatum.example --secret env:PASSWORD"
run connection list
shows Unauthenticated

say "the repair: sign in again; the run that waited goes on by itself, nothing has to be resubmitted"
export PASSWORD=Changed-by-policy-1
run login referrals.admin@adatum.example --secret env:PASSWORD
arrived() { [ "$(kept "salesforce/Opportunity?Referral_Identifier__c=$referral")" != "[]" ]; }
await "the deal is in Salesforce" arrived
await "the runs have ended" quiet
cured AADSTS50126 ConnectionAuthorizationFailed

say "a missed change is also taken up by a minor edit: every run compares both sides in full"
opportunity_id=$(kept "salesforce/Opportunity?Referral_Identifier__c=$referral" | member Id)
salesforce Opportunity "$opportunity_id" --set StageName=Active --set Amount=51000 > last
follows() { the_referral | grep -q 51000; }
await "Partner Center follows" follows
await "the runs have ended" quiet

say "changes that nobody was there to see are found by comparing both sides, and run once"
stop_serving
data partnercenterref referral "$referral" --set 'details={"dealValue":52000,"currency":"EUR"}' > last
run reconcile --plan
shows "would run" "Partner Center to Salesforce"
run reconcile
shows Succeeded "0 behind"
salesforce Opportunity "$opportunity_id" --json > last
shows '"Amount": 52000'

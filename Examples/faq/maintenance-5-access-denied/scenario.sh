#!/usr/bin/env bash
# Maintenance 5: access denied while a flow runs: a role is missing.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "the account loses its role in Partner Center"
data identity user referrals.admin@adatum.example --set 'roles=["Basic User"]' > last
"$flowrun" sandbox fault partnercenterref --expire-tokens > last
share
await "the run has failed" has_runs --status Failed --flow "Partner Center to Salesforce"
run runs show "$(newest_run --status Failed --flow "Partner Center to Salesforce")"
shows accessDenied

say "the diagnosis"
diagnosed accessDenied "Referral Admin"

say "the repair: an administrator gives the role; the failed run is started again"
data identity user referrals.admin@adatum.example --set 'roles=["Referral Admin","Admin Agent","Basic User"]' > last
"$flowrun" sandbox fault partnercenterref --expire-tokens > last
cured accessDenied
run runs resubmit "$(newest_run --status Failed --flow "Partner Center to Salesforce")"
salesforce Opportunity --where "Referral_Identifier__c=$referral" > last
shows "Northwind data platform"

#!/usr/bin/env bash
# Maintenance 1: how to troubleshoot failures while flows run.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "a variable names a field that Salesforce does not have"
run variable set msft_dealvaluefield Amout__c
share
await "the run has failed" has_runs --status Failed --flow "Partner Center to Salesforce"
run runs list --status Failed
shows ReferralNotSynchronised
run runs show "$(newest_run --status Failed --flow "Partner Center to Salesforce")"
shows "Amout__c"

say "the diagnosis, before the next deal is lost"
diagnosed FieldMissing "Opportunity.Amout__c"

say "the repair: the right name, and the failed run again"
run variable unset msft_dealvaluefield
cured FieldMissing
run runs resubmit "$(newest_run --status Failed --flow "Partner Center to Salesforce")"
salesforce Opportunity --where "Referral_Identifier__c=$referral" > last
shows "Northwind data platform"

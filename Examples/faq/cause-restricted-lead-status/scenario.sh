#!/usr/bin/env bash
# A cause: the status of new leads is no value of the organization's restricted picklist.
source "$(dirname "$0")/../common.sh"

cp -r "$clone/flows/partner-center-salesforce" solution
sed -i 's/item\/Status: Open - Not Contacted/item\/Status: Marketing Qualified Lead/' solution/customize.flow.yaml
working solution "Partner Center to Salesforce"
"$flowrun" variable set msft_synccosellopportunitiesonly No > last

say "a lead arrives, with a status that this organization does not have"
share '{"type":"Independent","qualification":"Direct","name":"Trial request"}'
await "the run has failed" has_runs --status Failed --flow "Partner Center to Salesforce"
failed=$(newest_run --status Failed --flow "Partner Center to Salesforce")
run runs show "$failed"
run runs list --status Failed --flow Customize
shows "[Customize]"
run runs show "$(newest_run --status Failed --flow Customize)"
shows INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST "Status"

say "the repair: a status of the organization in Create_a_new_lead, installed again; the failed run is started again"
sed -i 's/item\/Status: Marketing Qualified Lead/item\/Status: Open - Not Contacted/' solution/customize.flow.yaml
run solution install solution --keep-states
run runs resubmit "$failed"
salesforce Lead > last
shows "Northwind"

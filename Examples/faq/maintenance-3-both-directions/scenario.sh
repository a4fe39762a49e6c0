#!/usr/bin/env bash
# Maintenance 3: how to make sure that a referral is synchronized in both directions.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "the flag is off: nothing happens, and no run starts"
opportunity
add_solution
await "the solution's flow has looked" has_runs --flow "Salesforce Microsoft Solutions to Partner Center" --status Succeeded
[ "$(data partnercenterref referral --json)" = "[]" ]
if has_runs --flow "Salesforce Opportunity to Partner Center"; then echo "a run started" >&2; exit 1; fi

say "the repair: Sync with Partner Center"
salesforce Opportunity "$opportunity_id" --set Sync_with_Partner_Center__c=true > last
await "the deal is shared" audit_says "CRM to Partner Center referral creation success."

say "a CRM id that no record here has: the referral belongs to another system and is left alone"
share '{"externalReferenceId":"006000000000ZZZ"}'
await "the flow has looked" has_runs --flow "Partner Center to Salesforce" --status Succeeded --key "$referral"
await "the runs have ended" quiet
[ "$(salesforce Opportunity --where "Referral_Identifier__c=$referral" --json)" = "[]" ]
run runs show "$(newest_run --flow "Partner Center to Salesforce" --key "$referral")"
shows CRM_id_in_the_referral
refused 1 audit
shows CRMIdNotFound "006000000000ZZZ"

say "the repair: Partner Center's CRM id is emptied, and the deal arrives"
data partnercenterref referral "$referral" --set 'externalReferenceId=""' > last
arrived() { [ "$(kept "salesforce/Opportunity?Referral_Identifier__c=$referral")" != "[]" ]; }
await "the deal is in Salesforce" arrived

say "a lead that is converted hands its referral over, with revenue and closing date"
run variable set msft_synccosellopportunitiesonly No
share '{"type":"Independent","qualification":"Direct","name":"Trial request"}'
known() { the_referral | grep -q '"externalReferenceId":"00Q'; }
await "the referral knows its lead" known
lead=$(the_referral | member externalReferenceId)
await "the runs have ended" quiet
salesforce Lead "$lead" --set IsConverted=true --set Amount=15000 --set CloseDate=2027-04-30 > last
handed_over() { the_referral | grep -q '"externalReferenceId":"006'; }
await "the referral goes on with the opportunity" handed_over
data partnercenterref referral "$referral" > last
shows Accepted 15000

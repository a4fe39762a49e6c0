#!/usr/bin/env bash
# A cause: a lead was qualified without revenue or closing date.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"
"$flowrun" variable set msft_synccosellopportunitiesonly No > last

say "a lead from Partner Center is converted, and its opportunity has no amount"
share '{"type":"Independent","qualification":"Direct","name":"Trial request"}'
known() { the_referral | grep -q '"externalReferenceId":"00Q'; }
await "the referral knows its lead" known
await "the runs have ended" quiet
lead=$(the_referral | member externalReferenceId)
salesforce Lead "$lead" --set IsConverted=true --set CloseDate=2027-04-30 > last
opportunity_id=$(kept "salesforce/Lead/$lead" | member ConvertedOpportunityId)
await "the Audit field says so" audit_says "Lead was converted without revenue or closing date; the referral is not synchronised."
audit
converted=$(newest_run --flow "Salesforce Leads to Partner Center")
run runs show "$converted"
shows Write_into_the_opportunity_what_is_missing

say "the repair: the revenue; then the lead's run is started again"
salesforce Opportunity "$opportunity_id" --set Amount=15000 > last
run runs resubmit "$converted"
handed_over() { the_referral | grep -q '"externalReferenceId":"006'; }
await "the referral goes on with the opportunity" handed_over
data partnercenterref referral "$referral" > last
shows Accepted 15000

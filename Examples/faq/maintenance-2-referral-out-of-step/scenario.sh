#!/usr/bin/env bash
# Maintenance 2: referrals that are not in step: the Audit field says why.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "an opportunity that is to be shared, with help from Microsoft, and lacks nearly everything"
opportunity --set "How_can_Microsoft_help__c=Proof Of Concept or Demo"
salesforce Account "$account" --set BillingCountry= > last
salesforce Opportunity "$opportunity_id" --set Sync_with_Partner_Center__c=true > last
await "the Audit field says what is missing" audit_says "Customer account country code is missing."
audit
audit > last
shows "Solution Id is required." "A customer contact with first name, last name, email and phone is required"
salesforce Opportunity "$opportunity_id" > last
shows "✘ Plant monitoring"
run runs list --status Failed --flow "Create Co-sell Referral"

say "all deals that are not in step, and why"
refused 1 audit
shows "0 in step, 0 behind, 1 blocked" "Solution Id is required."

say "the repair: country, contact, solution; each edit is a new try"
salesforce Account "$account" --set BillingCountry=DE > last
contact=$(salesforce Contact --json --set LastName=Vogel --set FirstName=Mia --set Email=mia.vogel@customer.example \
    --set Phone=+4940000000 --set "AccountId=$account" | member Id)
salesforce OpportunityContactRole --set "OpportunityId=$opportunity_id" --set "ContactId=$contact" > last
add_solution
await "the deal is shared" audit_says "CRM to Partner Center referral creation success."
data partnercenterref referral > last
cat last
salesforce Opportunity "$opportunity_id" > last
shows "✔ Plant monitoring"
await "the runs have ended" quiet
run audit
shows "1 in step, 0 behind, 0 blocked"

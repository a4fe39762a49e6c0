#!/usr/bin/env bash
# Maintenance 6: "Customer account country code is missing".
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "the customer's account has a country's name in place of its code"
opportunity
salesforce Account "$account" --set BillingCountry=Germany > last
add_solution
salesforce Opportunity "$opportunity_id" --set Sync_with_Partner_Center__c=true > last
await "the Audit field says so" audit_says "Customer account country code is missing."
audit
run runs list --status Failed
shows "Create Co-sell Referral"

say "the repair: the two letters of ISO 3166, and a minor edit of the opportunity"
salesforce Account "$account" --set BillingCountry=DE > last
salesforce Opportunity "$opportunity_id" --set "Description=Country corrected." > last
await "the deal is shared" audit_says "CRM to Partner Center referral creation success."
data partnercenterref referral --json > last
shows '"country": "DE"'

say "an organization that keeps the code elsewhere names its field in a variable"
run variable set msft_customeraccountcountrycode BillingCountryCode2
diagnosed FieldMissing "BillingCountryCode2"
run variable unset msft_customeraccountcountrycode
cured FieldMissing

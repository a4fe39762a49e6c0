#!/usr/bin/env bash
# A cause: the organization's stages and fields have other names than the solution takes for granted.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"
deal() { kept "salesforce/Opportunity?Referral_Identifier__c=$referral"; }
has() { "$1" | grep -qF -- "$2"; }

say "an organization that keeps the deal's value, its currency and the country in fields of its own"
run variable set msft_dealvaluefield Probability__c
run variable set msft_dealcurrencycodefield NextStep
run variable set msft_customeraccountcountrycode ShippingCountry

say "the diagnosis: a name that is not there"
diagnosed FieldMissing "Opportunity.Probability__c"

say "the repair: the right name; and the stages under which new and accepted deals stand, and no check mark"
run variable set msft_dealvaluefield Probability
cured FieldMissing
run variable set msft_onholdstagename Prospecting
run variable set msft_activestagename "Negotiation/Review"
run variable set msft_displaycheckmarkinname No

say "a new referral stands in the stage for new ones, its value and currency in the fields that were named"
share '{"details":{"dealValue":42,"currency":"EUR","closingDateTime":"2027-06-30T00:00:00Z"}}'
await "the deal is in Salesforce" has deal "sync success"
opportunity_id=$(deal | member Id)
for value in '"Name":"Northwind' '"StageName":"Prospecting"' '"Probability":42' '"NextStep":"EUR"' '"Amount":null'; do
    has deal "$value" || { deal; exit 1; }
done

say "the stage for accepted ones accepts it"
salesforce Opportunity "$opportunity_id" --set StageName=Negotiation/Review > last
await "the referral is accepted" has the_referral '"substatus":"Accepted"'

say "a seller's own deal takes value, currency and country from there"
opportunity --set Amount= --set StageName=Qualification --set Probability=37 --set NextStep=GBP
salesforce Account "$account" --set BillingCountry= --set ShippingCountry=DE > last
add_solution
salesforce Opportunity "$opportunity_id" --set Sync_with_Partner_Center__c=true > last
await "the deal is shared" audit_says "CRM to Partner Center referral creation success."
shared() { kept "partnercenterref/referral?externalReferenceId=$opportunity_id"; }
for value in '"dealValue":37' '"currency":"GBP"' '"country":"DE"' '"name":"Plant monitoring"'; do
    has shared "$value" || { shared; exit 1; }
done

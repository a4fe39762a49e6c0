#!/usr/bin/env bash
# A cause: the currency is set up in the CRM, but it is the wrong one for the customer's location.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"
currency_there() { kept partnercenterref/referral | member currency; }
is_there_in() { [ "$(currency_there)" = "$1" ]; }

say "a seller leaves the currency of a German deal as the CRM proposes it: its own, US dollars; the deal is shared, no run fails"
opportunity --set CurrencyIsoCode=
add_solution
salesforce Opportunity "$opportunity_id" --set Sync_with_Partner_Center__c=true > last
await "the deal is shared" audit_says "CRM to Partner Center referral creation success."
referral=$(kept partnercenterref/referral | member id)
is_there_in USD

say "the diagnosis: both sides say the same, so neither is behind; the run shows with what the referral was created"
await "the runs have ended" quiet
run audit --all
shows "1 in step, 0 behind, 0 blocked"
run runs show "$(newest_run --flow "Create Co-sell Referral")" --action Create_Referral --full
shows '"Referral/details/currency": "USD"' '"Referral/customerProfile/address/country": "DE"'

say "the repair: the right currency in the opportunity; it goes along, and the amount stays as it is"
salesforce Opportunity "$opportunity_id" --set CurrencyIsoCode=EUR > last
await "Partner Center follows" is_there_in EUR
the_referral | grep -q '"dealValue":30000[.,]'
await "the runs have ended" quiet

say "and from the other side: Microsoft shares a deal in Lisbon in reais and corrects it, the opportunity follows"
share '{"status":"Active","substatus":"Accepted","details":{"dealValue":42000,"currency":"BRL","closingDateTime":"2027-06-30T00:00:00Z"}}'
has_currency() { kept "salesforce/Opportunity?Referral_Identifier__c=$referral" | grep -q "\"CurrencyIsoCode\":\"$1\".*sync success"; }
await "the deal is in Salesforce" has_currency BRL
data partnercenterref referral "$referral" --set 'details={"currency":"EUR"}' > last
await "Salesforce follows" has_currency EUR
await "the runs have ended" quiet
run audit
shows "2 in step, 0 behind, 0 blocked"

#!/usr/bin/env bash
# Prerequisite 4: what has to be set up in the CRM first? The currency, and the sales team as users.
source "$(dirname "$0")/../common.sh"

working partner-center-dynamics365 "Partner Center to Dynamics 365"

say "Microsoft shares a deal in a currency that the CRM does not have, and with a colleague who is no user there"
share '{"details":{"notes":"In kroner.","dealValue":500000,"currency":"NOK","closingDateTime":"2027-06-30T00:00:00Z","requirements":{"solutions":[{"id":"SOL-70001-ADT","name":"Adatum Insight","type":"Name"}]}},
  "team":[{"firstName":"Liv","lastName":"Berg","phoneNumber":"+4720000000","email":"liv.berg@adatum.example"}]}'
await "the run has failed" has_runs --status Failed --flow "Partner Center to Dynamics 365"
run runs show "$(newest_run --status Failed --flow "Partner Center to Dynamics 365")"
shows "Currency NOK is not set up in Dynamics 365"

say "the diagnosis"
diagnosed CurrencyNotSetUp "Open referrals are in NOK"

say "the repair: an administrator adds the currency; the failed run is started again"
dynamics transactioncurrency --set "currencyname=Norwegian Krone" --set isocurrencycode=NOK --set currencysymbol=kr \
    --set exchangerate=10.6 --set currencyprecision=2 > last
cured CurrencyNotSetUp
run runs resubmit "$(newest_run --status Failed --flow "Partner Center to Dynamics 365")"
dynamics opportunity --where "msft_referralidentifier=$referral" > last
shows "Northwind data platform"
# Nobody of the team is a user here, so the opportunity stays with the connection's user.
dynamics opportunity --where "msft_referralidentifier=$referral" --json > last
shows "Cara Marsh" "500,000.00"

#!/usr/bin/env bash
# Prerequisite 6: is a Dynamics 365 subscription needed for the Salesforce solution? And what if no organization is found?
source "$(dirname "$0")/../common.sh"

world

say "the signed-in user belongs to no Dataverse environment"
refused 5 connection create commondataserviceforapps --account no.role@adatum.example
shows "not a member of the organization"

say "the repair: another environment, or an account that is a user of this one"
run connection create commondataserviceforapps --account crm.admin@adatum.example
shows Connected

say "no Dynamics 365 is needed: the Salesforce solution asks Dataverse for one variable's definition, and only where that is emptied"
run solution install "$clone/flows/partner-center-salesforce"
for connector in partnercenterref partnercenterevents; do connect $connector referrals.admin@adatum.example; done
connect salesforce crm.admin@adatum.example
run bind-connection --all
run activate --all
shows "Salesforce Leads to Partner Center"

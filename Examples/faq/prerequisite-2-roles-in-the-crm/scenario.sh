#!/usr/bin/env bash
# Prerequisite 2: which role is needed to set up the CRM?
source "$(dirname "$0")/../common.sh"

world
run solution install "$here/solution"
run connection create commondataserviceforapps --account seller@adatum.example
run bind-connection --all
run activate --all

say "a seller sets something up for everyone: a currency"
refused 1 run "Add a currency"
shows Forbidden
run runs show "$(newest_run)" --full
shows 0x80040220 "Principal user"

say "the repair: an administrator of the CRM, or the role System Customizer"
run connection create commondataserviceforapps --account crm.admin@adatum.example --name crm-admin
run bind-connection --reference crm --connection crm-admin
run run "Add a currency"
dynamics transactioncurrency --where isocurrencycode=NOK > last
shows "Norwegian Krone"

#!/usr/bin/env bash
# Prerequisite 3: do partner sellers need special roles in Partner Center?
source "$(dirname "$0")/../common.sh"

world

say "a seller without a role"
refused 5 connection create partnercenterref --account no.role@adatum.example
shows accessDenied "Referral Admin"
[ "$("$flowrun" connection list --json)" = "[]" ]

say "the repair: an administrator of Partner Center gives the role"
data identity user no.role@adatum.example --set 'roles=["Referral Admin"]' > last
run connection create partnercenterref --account no.role@adatum.example
shows Connected

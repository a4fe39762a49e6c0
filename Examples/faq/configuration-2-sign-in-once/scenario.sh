#!/usr/bin/env bash
# Configuration 2: AADSTS650052 while adding the Partner Center connection, until the account has signed in once.
source "$(dirname "$0")/../common.sh"

world

say "an account that never signed in"
refused 5 connection create partnercenterref --account never.signedin@adatum.example
shows AADSTS650052 "flowrun login never.signedin@adatum.example"

say "the repair: sign in once"
run login never.signedin@adatum.example
run connection create partnercenterref --account never.signedin@adatum.example
shows Connected

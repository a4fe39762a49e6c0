#!/usr/bin/env bash
# Prerequisite 1: can a trial of the co-sell connectors be used?
source "$(dirname "$0")/../common.sh"

served partner-center-salesforce

say "the environment says that it uses the trial"
sed -i 's/coSellPlan: paid/coSellPlan: trial/' flowrun.yaml
grep -q 'coSellPlan: trial' flowrun.yaml
stop_serving && serve
diagnosed CoSellTrialPlan "test and staging only"

say "what a day may cost: each create and each update on either side is a call"
run limits
shows partnercenterref 10000

say "the repair: the paid plan"
sed -i 's/coSellPlan: trial/coSellPlan: paid/' flowrun.yaml
stop_serving && serve
cured CoSellTrialPlan

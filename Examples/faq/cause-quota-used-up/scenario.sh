#!/usr/bin/env bash
# A cause: the day's calls of the co-sell plan are used up.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "Partner Center takes no more calls of this account today: each create and each update on either side has cost one"
limit_calls 1
share
throttled() { curl --silent --fail --config control.curl "$control/requests?service=partnercenterref&status=429" | grep -q '"path"'; }
await "Partner Center has refused a call" throttled
run runs list --flow "Partner Center to Salesforce"
waiting=$(newest_run --status Running --flow "Partner Center to Salesforce")
run runs show "$waiting"

say "the diagnosis: what was used of the plan's 10,000 calls, and when the count begins anew"
run limits
shows partnercenterref 10000
if "$flowrun" doctor > last 2>&1; then echo "the doctor finds nothing" >&2; exit 1; fi
cat last
shows "Rate limit is exceeded"

say "the repair: wait, the run goes on by itself; or have the plan extended, then start it again at once"
limit_calls 10000
run runs cancel "$waiting"
run runs resubmit "$waiting"
salesforce Opportunity --where "Referral_Identifier__c=$referral" > last
shows "Northwind data platform"

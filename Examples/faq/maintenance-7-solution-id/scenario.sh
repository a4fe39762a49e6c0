#!/usr/bin/env bash
# Maintenance 7: "Solution Id is required".
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"

say "an opportunity without a Microsoft solution"
opportunity --set Sync_with_Partner_Center__c=true
await "the Audit field says so" audit_says "Solution Id is required."
audit
run runs list --status Failed
shows "Create Co-sell Referral"

say "the repair: a co-sell-ready solution; adding it is the new try"
add_solution
await "the deal is shared" audit_says "CRM to Partner Center referral creation success."
data partnercenterref referral --json > last
shows SOL-70001-ADT

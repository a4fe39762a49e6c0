#!/usr/bin/env bash
# A cause: the webhook registration is good, but Partner Center does not send the events of this tenant.
source "$(dirname "$0")/../common.sh"

working partner-center-salesforce "Partner Center to Salesforce"
tenants_with_events() {
    curl --silent --show-error --fail --config control.curl --request PATCH --header "Content-Type: application/json" \
        --data "{\"tenantsWithEvents\":$1}" "$control/limits"
}
has_deal() { [ "$(kept "salesforce/Opportunity?Referral_Identifier__c=$referral")" != "[]" ]; }

say "support has not enabled the tenant: a referral comes, and nobody calls. Registering again does not help"
tenants_with_events 0
share
register
run sandbox clock advance 5m
if has_runs --flow "$receiver"; then echo "a run started" >&2; exit 1; fi

say "the diagnosis"
diagnosed WebhookSilent "did not call" "enable multi-tenancy"

say "the repair: support enables it. Later changes come by themselves, and what was missed is taken up"
tenants_with_events 1
run reconcile
shows Succeeded "0 behind"
has_deal
cured WebhookSilent
data partnercenterref referral "$referral" --set referralProgram=AzureIPCoSell > last
follows() { kept "salesforce/Opportunity?Referral_Identifier__c=$referral" | grep -q AzureIPCoSell; }
await "the deal follows" follows

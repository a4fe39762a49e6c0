#!/usr/bin/env bash
# Configuration 5: the flows of the solution do not turn on: connections, run-only users, order, registration.
source "$(dirname "$0")/../common.sh"

served partner-center-salesforce

say "a. the connections"
refused 4 activate --all
shows XrmConnectionReferenceMissingConnection
run bind-connection --all

say "b. a child flow whose connections are provided by the run-only user"
run bind-connection "Salesforce to Partner Center" --run-only provided-by-user
refused 4 activate --all
shows ChildFlowUnsupportedForInvokerConnections
diagnosed ChildFlowUnsupportedForInvokerConnections FlowNotActive
refused 1 doctor --fix
shows repaired FlowNotActive
cured ChildFlowUnsupportedForInvokerConnections

say "c. and d. children first, then the others: the order is flowrun's affair"
run activate --all
shows "Partner Center Webhook Registration"
cured FlowNotActive

say "e. the webhook registration"
stop_serving
diagnosed EnvironmentNotServed WebhookNotRegistered
serve
diagnosed WebhookNotRegistered "flowrun flow url"
run doctor --fix
shows repaired "nothing found"

say "later: the address of the flow has changed"
stop_serving
port=""
serve
diagnosed WebhookRegisteredElsewhere "had before"
run doctor --fix
shows repaired "nothing found"

say "somebody else's address is shown, and only replaced when a person says so"
receiver="Partner Center to Salesforce"
sed 's#"http[^"]*"#"http://127.0.0.1:9/elsewhere"#' > registration.json <<'JSON'
{ "Http Trigger Endpoint": "http://",
  "Events to Register": ["referral-created", "referral-updated"],
  "Overwrite existing trigger endpoints if present?": "Yes" }
JSON
run run "Partner Center Webhook Registration" --input @registration.json
diagnosed WebhookRegisteredElsewhere "there can be only one"
refused 1 doctor --fix
register
run doctor
shows "nothing found"

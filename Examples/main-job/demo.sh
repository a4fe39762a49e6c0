#!/usr/bin/env bash
# The main job: a co-sell referral travels from Partner Center to Salesforce and back, with real commands, offline.
# Usage: demo.sh PATH-OF-FLOWRUN
set -euo pipefail

flowrun=$(realpath "${1:-.build/release/flowrun}")
clone=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/flowrun-demo.XXXXXX")
limit_seconds=60
limit_megabytes=150
number=0
step="setting up"
serve_pid=""
started=$(date +%s)

# --- manners ---------------------------------------------------------------------------------------------------------

step() {
    number=$((number + 1))
    step="$number. $*"
    printf '\n== %s\n' "$step"
}

# Prints a command as a person would type it, then runs it.
run() {
    printf '\n$ flowrun'
    printf ' %q' "$@"
    printf '\n'
    "$flowrun" "$@"
}

# Prints a command that has to be refused with the given exit code, and runs it.
refused() {
    local expected=$1 code=0
    shift
    run "$@" || code=$?
    [ "$code" = "$expected" ] || { echo "expected exit code $expected, got $code" >&2; return 1; }
    echo "(refused with exit code $code, as it should be)"
}

# The text of an expression over JSON on stdin, which the expression reads as parameters('it').
pick() {
    [ -n "$1" ] || return 0
    "$flowrun" eval "@string($1)" --context <(printf '{"parameters":{"it":'; cat; printf '}}') | sed 's/^"//; s/"$//'
}

# Waits until a command succeeds.
await() {
    local what=$1 deadline=$(($(date +%s) + 20))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || { echo "waited 20 s in vain: $what" >&2; return 1; }
        sleep 0.2
    done
}

# Resident megabytes of the processes that are still there.
megabytes() {
    local pid total=0 kilobytes
    for pid in "$@"; do
        kilobytes=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
        total=$((total + kilobytes))
    done
    echo $((total / 1024))
}

finish() {
    local code=$?
    trap - EXIT
    if [ "$code" != 0 ]; then printf '\nmake demo failed at step %s\n' "$step" >&2; fi
    if [ -n "$serve_pid" ]; then kill -TERM "$serve_pid" 2>/dev/null || true; wait "$serve_pid" 2>/dev/null || true; fi
    (cd "$scratch" && "$flowrun" sandbox stop >/dev/null 2>&1) || true
    if [ "$code" = 0 ]; then rm -rf "$scratch"; else echo "its files are in $scratch" >&2; fi
    exit "$code"
}
trap finish EXIT

# --- what is read from both sides ------------------------------------------------------------------------------------

referral() { "$flowrun" sandbox data partnercenterref referral "$referral_id" --json; }
opportunities() { "$flowrun" sandbox data salesforce Opportunity --json; }
opportunity() { "$flowrun" sandbox data salesforce Opportunity "$opportunity_id" --json; }
# Both records side by side: label, expression over the referral, expression over the opportunity.
side_by_side() {
    local left right label of_referral of_opportunity
    referral > referral.json
    opportunity > opportunity.json
    printf '\n  %-22s %-42s %s\n' "" "PARTNER CENTER" "SALESFORCE"
    while IFS='|' read -r label of_referral of_opportunity; do
        [ -n "$label" ] || continue
        left=$(pick "$of_referral" < referral.json)
        right=$(pick "$of_opportunity" < opportunity.json)
        printf '  %-22s %-42s %s\n' "$label" "${left:0:40}" "${right:0:70}"
    done <<'TABLE'
referral id|parameters('it')['id']|parameters('it')?['Referral_Identifier__c']
CRM id|coalesce(parameters('it')?['externalReferenceId'], '')|parameters('it')['Id']
name|parameters('it')['name']|parameters('it')['Name']
customer|parameters('it')['customerProfile']['name']|parameters('it')?['AccountId']
deal value|parameters('it')['details']['dealValue']|parameters('it')?['Amount']
currency|parameters('it')['details']['currency']|parameters('it')?['CurrencyIsoCode']
closing date|parameters('it')['details']['closingDateTime']|parameters('it')?['CloseDate']
notes|parameters('it')['details']?['notes']|parameters('it')?['Description']
status|concat(parameters('it')['status'], ' / ', parameters('it')['substatus'])|parameters('it')?['StageName']
visible to sellers|parameters('it')['consent']['consentToShareReferralWithMicrosoftSellers']|parameters('it')?['Referral_Visible_to_Microsoft_Sellers__c']
Microsoft help|parameters('it')['inviteContext']?['assistanceRequestCode']|parameters('it')?['How_can_Microsoft_help__c']
Microsoft CRM id|coalesce(parameters('it')?['trackingInfo']?['microsoftMsxId'], '')|parameters('it')?['Microsoft_CRM_Identifier__c']
synchronized||parameters('it')?['Sync_with_Partner_Center__c']
audit||parameters('it')?['Audit__c']
TABLE
}

# --- the main job ----------------------------------------------------------------------------------------------------

cd "$scratch"
echo "scratch folder: $scratch"

step "the sandbox: sign-in, Partner Center, Salesforce, Dataverse on loopback"
run sandbox start --port 0 --detach

step "a project with the Salesforce solution: nine flows, all off"
run init --sandbox
run solution install "$clone/flows/partner-center-salesforce"
run flow list

step "activation without connections is refused, and nothing changes"
refused 4 activate --all
[ "$("$flowrun" flow list --json | pick "length(parameters('it'))")" = 9 ]
if "$flowrun" flow list --json | grep -q '"Started"'; then echo "a flow was turned on" >&2; exit 1; fi

step "connections, bindings, and who provides them"
run connection create partnercenterref --account referrals.admin@adatum.example
run connection create partnercenterevents --account referrals.admin@adatum.example
run connection create salesforce --account crm.admin@adatum.example
run connection create commondataserviceforapps --account crm.admin@adatum.example
run bind-connection
run bind-connection --all
run bind-connection "Salesforce to Partner Center" --run-only provided-by-user
refused 4 activate --all
run bind-connection "Salesforce to Partner Center" --run-only use-connection

step "activation in dependency order"
run activate --all

step "the runtime, and the webhook registration"
printf '\n$ flowrun serve --listen 127.0.0.1:0 --poll-interval 1s &\n'
"$flowrun" serve --listen 127.0.0.1:0 --poll-interval 1s > serve.log 2>&1 &
serve_pid=$!
await "serve answers" test -S .flowrun/default/flowrun.sock
url=$("$flowrun" flow url "Partner Center to Salesforce" 2>/dev/null)
printf '\n$ flowrun run "Partner Center Webhook Registration" --input @registration.json\n'
cat > registration.json <<JSON
{ "Http Trigger Endpoint": "$url",
  "Events to Register": ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"],
  "Overwrite existing trigger endpoints if present?": "Yes" }
JSON
"$flowrun" run "Partner Center Webhook Registration" --input @registration.json

step "Microsoft shares a new co-sell referral"
run sandbox share
referral_id=$("$flowrun" sandbox data partnercenterref referral --json | pick "last(parameters('it'))['id']")
synchronized() { referral | grep -q '"externalReferenceId": "006'; }
await "the CRM id stands in the referral" synchronized
opportunity_id=$(referral | pick "parameters('it')['externalReferenceId']")
written() { opportunity | grep -q 'sync success'; }
await "the audit line stands in the opportunity" written
side_by_side
run runs list --flow "Partner Center to Salesforce"

step "in Salesforce amount, close date and stage change; Partner Center follows"
run sandbox data salesforce Opportunity "$opportunity_id" --set Amount=56000 --set CloseDate=2027-03-31 --set StageName=Active
accepted() { referral | grep -q '"substatus": "Accepted"' && referral | grep -q '56000'; }
await "the referral is accepted and has the new value" accepted
side_by_side
before=$("$flowrun" sandbox requests --json | grep -c '"method": "PATCH"')
sleep 4
after=$("$flowrun" sandbox requests --json | grep -c '"method": "PATCH"')
[ "$before" = "$after" ] || { echo "the echo of our own write caused a further write" >&2; exit 1; }
echo
echo "four seconds and several polls later: no further write, the echo of our own write is known as such"

step "the history"
run runs list
worker=$("$flowrun" runs list --json --key "$referral_id" --flow "Partner Center to Salesforce" |
    pick "last(parameters('it'))['name']")
run runs show "$worker"

step "everything stops"
used=$(megabytes "$serve_pid" "$(pick "parameters('it')['pid']" < .flowrun/sandbox/sandbox.json)")
kill -TERM "$serve_pid"
wait "$serve_pid" || [ $? = 143 ]
serve_pid=""
run sandbox stop
elapsed=$(($(date +%s) - started))
echo
echo "done in $elapsed s; serve and sandbox together used $used MB resident"
[ "$elapsed" -lt "$limit_seconds" ] || { echo "that is over $limit_seconds s" >&2; exit 1; }
[ "$used" -lt "$limit_megabytes" ] || { echo "that is over $limit_megabytes MB" >&2; exit 1; }

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
salesforce() { "$flowrun" sandbox data salesforce "$@" --json; }
opportunity() { salesforce Opportunity "$opportunity_id"; }
# Both records side by side: label, expression over the referral, expression over what stands in Salesforce.
side_by_side() {
    local left right label of_referral of_salesforce account
    referral > referral.json
    account=$(opportunity | pick "parameters('it')['AccountId']")
    {
        printf '{"opportunity":' && opportunity
        printf ',"account":' && salesforce Account "$account"
        printf ',"contacts":' && salesforce Contact --where "AccountId=$account"
        printf ',"solutions":' && salesforce Microsoft_Solution__c --where "Opportunity__c=$opportunity_id"
        printf ',"team":' && salesforce OpportunityTeamMember --where "OpportunityId=$opportunity_id"
        printf '}'
    } > salesforce.json
    printf '\n  %-22s %-40s %s\n' "" "PARTNER CENTER" "SALESFORCE"
    while IFS='|' read -r label of_referral of_salesforce; do
        [ -n "$label" ] || continue
        left=$(pick "${of_referral//IT/parameters(\'it\')}" < referral.json)
        right=$(pick "${of_salesforce//IT/parameters(\'it\')}" < salesforce.json)
        printf '  %-22s %-40s %s\n' "$label" "${left:0:38}" "${right:0:80}"
    done <<'TABLE'
referral id|IT['id']|IT['opportunity']?['Referral_Identifier__c']
referral link||IT['opportunity']?['Referral_Link__c']
CRM id|coalesce(IT?['externalReferenceId'], '')|IT['opportunity']['Id']
name|IT['name']|IT['opportunity']['Name']
status, stage|concat(IT['status'], ' / ', IT['substatus'])|IT['opportunity']?['StageName']
deal value|IT['details']['dealValue']|IT['opportunity']?['Amount']
currency|IT['details']['currency']|IT['opportunity']?['CurrencyIsoCode']
closing date|IT['details']['closingDateTime']|IT['opportunity']?['CloseDate']
notes|coalesce(IT['details']?['notes'], '')|IT['opportunity']?['Description']
visible to sellers|IT['consent']['consentToShareReferralWithMicrosoftSellers']|IT['opportunity']?['Referral_Visible_to_Microsoft_Sellers__c']
Microsoft help|IT['inviteContext']?['assistanceRequestCode']|coalesce(IT['opportunity']?['How_can_Microsoft_help__c'], '--None--')
Microsoft CRM id|coalesce(IT?['trackingInfo']?['microsoftMsxId'], '')|coalesce(IT['opportunity']?['Microsoft_CRM_Identifier__c'], '')
referral program|coalesce(IT?['referralProgram'], '')|coalesce(IT['opportunity']?['Referral_Program__c'], '')
customer|IT['customerProfile']['name']|IT['account']['Name']
street|IT['customerProfile']['address']['addressLine1']|IT['account']?['BillingStreet']
postal code, city|concat(IT['customerProfile']['address']['postalCode'], ' ', IT['customerProfile']['address']['city'])|concat(IT['account']?['BillingPostalCode'], ' ', IT['account']?['BillingCity'])
country|IT['customerProfile']['address']['country']|IT['account']?['BillingCountry']
contact|IT['customerProfile']['team'][0]['email']|first(IT['contacts'])?['Email']
sales team|IT['team'][0]['email']|concat(length(IT['team']), ' team member, ', first(IT['team'])?['UserId'])
solution|IT['details']['requirements']['solutions'][0]['id']|first(IT['solutions'])?['Solution_Identifier__c']
synchronized||IT['opportunity']?['Sync_with_Partner_Center__c']
audit||first(split(IT['opportunity']?['Audit__c'], decodeUriComponent('%0A')))
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
run sandbox data salesforce Opportunity "$opportunity_id" --set Amount=56000 --set CloseDate=2027-03-31 --set StageName=Active |
    grep -E '^$|flowrun|^(Name|Amount|CloseDate|StageName):'
accepted() { referral | grep -q '"substatus": "Accepted"' && referral | grep -q '56000'; }
await "the referral is accepted and has the new value" accepted
side_by_side
writes() { "$flowrun" sandbox requests --method "$1" --service "$2" --json | grep -c '"path"' || true; }
quiet() { [ "$("$flowrun" runs list --status Running --json)" = "[]" ]; }
sleep 2
await "the runs have ended" quiet
before="$(writes PATCH partnercenterref) $(writes PATCH salesforce)"
sleep 3
after="$(writes PATCH partnercenterref) $(writes PATCH salesforce)"
[ "$before" = "$after" ] || { echo "the echo of our own write caused a further write" >&2; exit 1; }
echo
echo "five seconds and several polls later: no further write, the echo of our own write is known as such"

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
# How long it takes is the machine's business as well: a busy one is told, and fails nothing.
[ "$elapsed" -lt "$limit_seconds" ] || echo "that is over $limit_seconds s"
[ "$used" -lt "$limit_megabytes" ] || { echo "that is over $limit_megabytes MB" >&2; exit 1; }

# What the scenarios share. Each is called with the path of flowrun and works in a scratch folder of its own:
#   scenario.sh PATH-OF-FLOWRUN
# A scenario shows what the user meets, what flowrun says of it, and the repair; it fails when one of these is not so.
set -euo pipefail

flowrun=$(realpath "${1:-.build/release/flowrun}")
clone=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/faq.XXX")
serve_pid=""
sandbox_pid=""
port=""
cd "$scratch"

finish() {
    local code=$?
    trap - EXIT
    if [ "$code" != 0 ]; then
        printf '\nthe scenario failed; the last output:\n' >&2
        cat last >&2 2>/dev/null || true
        tail -n 20 serve.log >&2 2>/dev/null || true
    fi
    stop_serving
    if [ -n "$sandbox_pid" ]; then
        kill -TERM "$sandbox_pid" 2>/dev/null || true
        wait "$sandbox_pid" 2>/dev/null || true
    fi
    cd / && rm -rf "$scratch"
    exit "$code"
}
trap finish EXIT

# --- saying and doing ------------------------------------------------------------------------------------------------

say() { printf '\n== %s\n' "$*"; }

# Prints a command as a person would type it, runs it, and keeps what it said in the file last.
run() {
    printf '\n$ flowrun'
    printf ' %q' "$@"
    printf '\n'
    local code=0
    "$flowrun" "$@" > last 2>&1 || code=$?
    cat last
    return "$code"
}

# Prints and runs a command that has to end with the given exit code.
refused() {
    local expected=$1 code=0
    shift
    run "$@" || code=$?
    [ "$code" = "$expected" ] || { echo "expected exit code $expected, got $code" >&2; return 1; }
    echo "(exit code $code)"
}

# The last output has to hold each of these texts.
shows() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" last || { echo "the output does not say: $text" >&2; return 1; }
    done
}

# The doctor has to find something under each of these codes.
diagnosed() {
    refused 1 doctor
    shows "$@"
}

# The doctor must not find anything under these codes any more.
cured() {
    local code
    "$flowrun" doctor --json > last 2>&1 || true
    for code in "$@"; do
        if grep -qF "\"code\": \"$code\"" last; then echo "the doctor still finds $code" >&2; return 1; fi
    done
    echo "(the doctor finds no $* any more)"
}

# The text of an expression over JSON on stdin, which the expression reads as parameters('it').
pick() {
    "$flowrun" eval "@string($1)" --context <(printf '{"parameters":{"it":'; cat; printf '}}') | sed 's/^"//; s/"$//'
}

# The first value of a member in JSON on stdin.
member() {
    local json
    json=$(cat)
    [[ $json =~ \"$1\":\ ?\"?([^\",}]*) ]] || return 1
    printf '%s' "${BASH_REMATCH[1]}"
}

# Waits until a command succeeds.
await() {
    local what=$1 deadline=$(($(date +%s) + 60)) pause=0.1
    shift
    until "$@" > last 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || { echo "waited 60 s in vain: $what" >&2; return 1; }
        sleep $pause
        # Looking costs a process each time.
        pause=0.5
    done
}

# --- a world ---------------------------------------------------------------------------------------------------------

# world [SOLUTION]: a sandbox, a project, connections made, the solution installed.
world() {
    "$flowrun" sandbox start --port 0 > sandbox.log 2>&1 &
    sandbox_pid=$!
    "$flowrun" init --sandbox > last 2>&1
    await "the sandbox is there" test -s .flowrun/sandbox/sandbox.json
    control=$(member controlUrl < .flowrun/sandbox/sandbox.json)
    printf 'header = "Authorization: Bearer %s"\n' "$(member controlToken < .flowrun/sandbox/sandbox.json)" > control.curl
    [ -n "${1:-}" ] || return 0
    connections "$1"
    install "$1"
}

# served SOLUTION: the same with a server. It comes first, so that all that follows happens in it, which has read the flows already.
served() {
    world
    connections "$1"
    serve
    install "$1"
}

# working SOLUTION RECEIVER: everything bound, turned on, served and registered.
working() {
    receiver=$2
    served "$1"
    "$flowrun" bind-connection --all > last 2>&1
    "$flowrun" activate --all > last 2>&1
    register
}

# The solution is one of flows/, or a folder of the scenario's own.
install() { "$flowrun" solution install "$([ -d "$1" ] && echo "$1" || echo "$clone/flows/$1")" > last 2>&1; }

connections() {
    connect partnercenterref referrals.admin@adatum.example
    connect partnercenterevents referrals.admin@adatum.example
    connect commondataserviceforapps crm.admin@adatum.example
    case $1 in *dynamics365) ;; *) connect salesforce crm.admin@adatum.example ;; esac
}

connect() { "$flowrun" connection create "$1" --account "$2" > last 2>&1; }

# Always at the port of the first time, so that events which came meanwhile are delivered.
serve() {
    "$flowrun" serve --listen "127.0.0.1:${port:-0}" --poll-interval 1s > serve.log 2>&1 &
    serve_pid=$!
    await "serve answers" grep -q "serving '" serve.log
    port=$(sed -n "s/.*127\.0\.0\.1:\([0-9]*\).*/\1/p" serve.log | head -n 1)
    await "the socket is there" test -S .flowrun/default/flowrun.sock
}

stop_serving() {
    [ -n "$serve_pid" ] || return 0
    kill -TERM "$serve_pid" 2>/dev/null || true
    wait "$serve_pid" 2>/dev/null || true
    serve_pid=""
}

register() {
    cat > registration.json <<JSON
{ "Http Trigger Endpoint": "$("$flowrun" flow url "$receiver" 2>/dev/null)",
  "Events to Register": ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"],
  "Overwrite existing trigger endpoints if present?": "Yes" }
JSON
    "$flowrun" run "Partner Center Webhook Registration" --input @registration.json > last 2>&1
}

# --- both sides ------------------------------------------------------------------------------------------------------

data() { "$flowrun" sandbox data "$@"; }
salesforce() { data salesforce "$@"; }
dynamics() { data commondataserviceforapps "$@"; }

# What a service keeps, as JSON in one line: "salesforce/Opportunity?Name=…", "partnercenterref/referral/ID". Straight from the
# sandbox's control API, since whoever waits for something looks often, and each look through flowrun is a process.
kept() { curl --silent --show-error --fail --config control.curl "$control/data/$1"; }
the_referral() { kept "partnercenterref/referral/$referral"; }

# Microsoft shares a referral; its id is kept.
share() {
    if [ -n "${1:-}" ]; then echo "$1" > shared.json; "$flowrun" sandbox share shared.json > last; else "$flowrun" sandbox share > last; fi
    cat last
    referral=$(sed -n 's/^shared \([0-9a-f-]*\) .*/\1/p' last)
}

# A seller's own opportunity in Salesforce with everything that sharing needs but what the scenario leaves out; its id is kept.
opportunity() {
    account=$(kept salesforce/Account | member Id)
    salesforce Opportunity --json --set "Name=Plant monitoring" --set StageName=Prospecting --set CloseDate=2027-05-01 \
        --set Amount=30000 --set CurrencyIsoCode=EUR --set "AccountId=$account" "$@" > last
    opportunity_id=$(member Id < last)
}

add_solution() {
    salesforce Microsoft_Solution__c --set "Opportunity__c=$opportunity_id" --set Solution_Identifier__c=SOL-70001-ADT \
        --set "Solution_Name__c=Adatum Insight" --set Type__c=3P > last
}

audit() { salesforce Opportunity "$opportunity_id" --json | pick "coalesce(parameters('it')?['Audit__c'], '')"; }
audit_says() { kept "salesforce/Opportunity/$opportunity_id" | grep -qF -- "$1"; }
has_runs() { [ "$("$flowrun" runs list --json "$@")" != "[]" ]; }
newest_run() { "$flowrun" runs list --json "$@" | member name; }
# A run that waits for its turn is not over either.
quiet() { ! "$flowrun" runs list --json --limit 100 | grep -qE '"status": "(Running|Waiting)"'; }

# The daily calls that Partner Center takes of one account, as the sandbox's control API sets them.
limit_calls() {
    curl --silent --show-error --fail --config control.curl --request PATCH --header "Content-Type: application/json" \
        --data "{\"partnerCenterDailyCalls\":$1}" "$control/limits"
}

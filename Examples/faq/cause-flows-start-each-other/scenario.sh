#!/usr/bin/env bash
# A cause: a flow is invoked again and again for one change, since each write on one side is a change on the other.
source "$(dirname "$0")/../common.sh"

# A solution whose echo guard was taken out.
cp -r "$clone/flows/partner-center-salesforce" solution
awk '/^[a-zA-Z]/ { inside = /^echoGuard:/ } !inside' "$clone/flows/partner-center-salesforce/solution.yaml" > solution/solution.yaml
working solution "Partner Center to Salesforce"
flow="Salesforce Opportunity to Partner Center"
runs_of_the_flow() { "$flowrun" runs list --flow "$flow" --json --limit 200 | grep -c '"flow": {' || true; }
deal() { kept "salesforce/Opportunity?Referral_Identifier__c=$referral"; }
has_value() { deal | grep -q "\"Amount\":$1"; }
five_changes() {
    for value in 1 2 3 4 5; do
        data partnercenterref referral "$referral" --set "details={\"dealValue\":$1$value}" > last
        await "the change is in Salesforce" has_value "$1$value"
    done
    sleep 1
    await "the runs have ended" quiet
}

say "five changes in Partner Center, none by a seller: each starts the flow of the other direction"
share '{"status":"Active","substatus":"Accepted"}'
has_deal() { deal | grep -q "sync success"; }
await "the deal is in Salesforce" has_deal
await "the runs have ended" quiet
five_changes 100
idle=$(runs_of_the_flow)
echo "$flow was started $idle times; none of these runs wrote anything:"
# Changes that come close together are one question of the trigger.
[ "$idle" -ge 2 ]
run runs show "$(newest_run --flow "Salesforce to Partner Center")"
shows "nothing was written"

say "the diagnosis"
diagnosed EchoGuardMissing

say "the repair: the solution with its guard; five more changes start the flow no more"
cp "$clone/flows/partner-center-salesforce/solution.yaml" solution/solution.yaml
run solution install solution --keep-states
five_changes 200
cured EchoGuardMissing
after=$(runs_of_the_flow)
echo "started $after times in all"
# The first write after the guard came is not known to it yet.
[ "$((after - idle))" -le 2 ]
run flow history "$flow" --status Skipped
shows EchoSuppressed

#!/usr/bin/env bash
# Configuration 1: WorkflowTriggerNotFound while turning a flow on, and its three remedies.
source "$(dirname "$0")/../common.sh"

served partner-center-dynamics365
run bind-connection --all
parent="Partner Center to Dynamics 365 (Insider Preview)"
child="Partner Center to Dynamics 365 - Helper (Insider Preview)"
run activate --all
run deactivate "$child"

say "a parent is on and its child is off"
diagnosed WorkflowTriggerNotFound "trigger 'manual' could not be found" "doctor --fix"
run deactivate "$parent"
refused 4 activate "$parent" --no-dependencies
shows WorkflowTriggerNotFound "trigger 'manual' could not be found" "$child"

say "remedy 1: delete the Dataverse connection and make it again. References and bindings follow; the child is still off"
run connection delete commondataserviceforapps-crm.admin
refused 4 activate "$parent" --no-dependencies
shows XrmConnectionReferenceMissingConnection WorkflowTriggerNotFound
connect commondataserviceforapps crm.admin@adatum.example
run bind-connection --all
refused 4 activate "$parent" --no-dependencies
shows WorkflowTriggerNotFound

say "remedy 2: turn the child off and on"
run activate "$child"
run activate "$parent" --no-dependencies

say "remedy 3: delete the solution and install it again"
run solution uninstall PartnerCenterReferralsDynamics365
run solution install "$clone/flows/partner-center-dynamics365"
run activate --all
cured WorkflowTriggerNotFound

say "and what the doctor repairs: a child that is off under a parent that is on"
run deactivate "$child"
run doctor --fix
shows "repaired  WorkflowTriggerNotFound" "nothing found"

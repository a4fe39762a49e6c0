"""Works with the sandbox through clients that others wrote for the real services: msal, simple-salesforce and the Dataverse
client of Microsoft. They know only the addresses. See README.md.

    python clients.py PATH-OF-FLOWRUN
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from xml.etree import ElementTree

import tls

flowrun = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/flowrun")
folder = tempfile.mkdtemp(prefix="clients.")
sandbox = tls.running_sandbox(flowrun, folder)
front = tls.Front(sandbox, folder)
# Every client here takes its roots from this file.
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = front.root

import msal  # noqa: E402
import requests  # noqa: E402
from azure.core.credentials import AccessToken  # noqa: E402
from PowerPlatform.Dataverse.client import DataverseClient  # noqa: E402
from simple_salesforce import Salesforce  # noqa: E402
from simple_salesforce.exceptions import (  # noqa: E402
    SalesforceAuthenticationFailed, SalesforceMalformedRequest, SalesforceOperationError, SalesforceResourceNotFound)

done = []


def check(what, holds, seen=None):
    print(("  ok    " if holds else "  WRONG ") + what + ("" if holds else ": %r" % (seen,)))
    done.append(holds)


def refused(what, kind, work, says=""):
    try:
        seen = work()
    except kind as error:
        check(what, says in str(error), str(error))
    else:
        check(what, False, seen)


def identity(name):
    return sandbox["services"]["identity"][name]


def password(upn):
    return next(user["password"] for user in identity("users") if user["upn"] == upn)


# --- msal: sign-in ---------------------------------------------------------------------------------------------------

print("msal")
authority = "%s/%s" % (front.urls["identity"], identity("tenant"))
referrals = "https://api.partner.microsoft.com"
dataverse = sandbox["services"]["commondataserviceforapps"]["url"]
admin = "crm.admin@adatum.example"


class OwnPort(requests.adapters.HTTPAdapter):
    """msal asks for the realm of a user at the authority's host, without its port."""

    def send(self, request, **more):
        request.url = request.url.replace("https://localhost/", front.urls["identity"] + "/")
        return super().send(request, **more)


session = requests.Session()
session.mount("https://localhost/", OwnPort())


def public(**more):
    return msal.PublicClientApplication(
        identity("clientId"), authority=authority, instance_discovery=False, http_client=session, **more)


def confidential(secret):
    return msal.ConfidentialClientApplication(
        identity("clientId"), client_credential=secret, authority=authority, instance_discovery=False,
        http_client=session)


token = confidential(identity("clientSecret")).acquire_token_for_client([dataverse + "/.default"])
check("client credentials", "access_token" in token, token)
bad = confidential("wrong").acquire_token_for_client([dataverse + "/.default"])
check("a wrong secret is AADSTS7000215", bad.get("error") == "invalid_client" and 7000215 in bad["error_codes"], bad)
cache = msal.TokenCache()
app = public(token_cache=cache)
token = app.acquire_token_by_username_password(admin, password(admin), [dataverse + "/.default"])
check("user name and password", "access_token" in token, token)
account = (app.get_accounts() or [None])[0]
again = app.acquire_token_silent_with_error([dataverse + "/.default"], account=account, force_refresh=True)
check("the refresh token is used", bool(again) and "access_token" in again, again)
bad = public().acquire_token_by_username_password(admin, "wrong", [dataverse + "/.default"])
check("a wrong password is AADSTS50126", 50126 in bad.get("error_codes", []), bad)
flow = public().initiate_device_flow([referrals + "/.default"])
check("a device code", flow.get("user_code") and flow.get("verification_uri"), flow)
# What a person would do in the browser at verification_uri.
requests.post(
    sandbox["controlUrl"] + "/sign-in", headers={"Authorization": "Bearer " + sandbox["controlToken"]},
    json={"upn": "referrals.admin@adatum.example", "userCode": flow["user_code"]}, timeout=30).raise_for_status()
token = public().acquire_token_by_device_flow(flow)
check("the device code after its approval", "access_token" in token, token)
app = confidential(identity("clientSecret"))
flow = app.initiate_auth_code_flow([dataverse + "/.default"], redirect_uri="http://localhost:9/")
page = requests.post(flow["auth_uri"], data={"username": admin, "password": password(admin)}, allow_redirects=False, timeout=30)
back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.headers.get("Location", "")).query))
coded = app.acquire_token_by_auth_code_flow(flow, back)
check("an authorization code with PKCE", "access_token" in coded and coded.get("id_token_claims"), coded)
answer = requests.get(
    front.urls["partnercenterref"] + "/v1.0/engagements/referrals",
    headers={"Authorization": "Bearer " + token.get("access_token", "")}, timeout=30)
check("the token opens the referrals", answer.status_code == 200, answer.text)

# --- simple-salesforce ----------------------------------------------------------------------------------------------

print("simple-salesforce")
org = sandbox["services"]["salesforce"]
# The client puts .salesforce.com behind the domain; a fragment ends the address before.
domain = front.urls["salesforce"].split("//")[1] + "/services/oauth2/token#"
secrets = dict(consumer_key=org["clientId"], consumer_secret=org["clientSecret"], domain=domain)
sf = Salesforce(username=org["username"], password=org["password"] + org["securityToken"], version="58.0", **secrets)
check("the password flow", bool(sf.session_id) and sf.sf_instance.startswith("localhost:"), sf.sf_instance)
refused("a wrong password", SalesforceAuthenticationFailed,
        lambda: Salesforce(username=org["username"], password="wrong", version="58.0", **secrets), "invalid_grant")
key, certificate = front.key_pair("app")
subprocess.run([flowrun, "sandbox", "certificate", certificate], cwd=folder, check=True, capture_output=True)


class LoginHost(requests.adapters.HTTPAdapter):
    """The client asks at login.salesforce.com, which is also the audience of its assertion."""

    def send(self, request, **more):
        request.url = request.url.replace("https://login.salesforce.com/", front.urls["salesforce"] + "/")
        return super().send(request, **more)


at_login = requests.Session()
at_login.mount("https://login.salesforce.com/", LoginHost())
signed = dict(consumer_key=org["clientId"], version="58.0", domain="login", session=at_login)
by_key = Salesforce(username=org["username"], privatekey_file=key, **signed)
check("the JWT bearer flow", bool(by_key.session_id) and by_key.limits()["DailyApiRequests"]["Remaining"] >= 0, by_key.session_id)
refused("a user that the organization does not have", SalesforceAuthenticationFailed,
        lambda: Salesforce(username="nobody@adatum.example", privatekey_file=key, **signed), "hasn't approved this consumer")
names = {entry["name"] for entry in sf.describe()["sobjects"]}
check("describe of the organization", {"Account", "Opportunity", "Lead", "Microsoft_Solution__c"} <= names, names)
fields = {field["name"]: field for field in sf.Opportunity.describe()["fields"]}
check("describe of an object", fields["StageName"]["picklistValues"] and fields["Referral_Identifier__c"]["externalId"],
      fields.get("Referral_Identifier__c"))
made = sf.Account.create({"Name": "O'Hara & Sons", "BillingCountry": "IE"})
check("create", made["success"] and len(made["id"]) == 18, made)
check("get", sf.Account.get(made["id"])["Name"] == "O'Hara & Sons")
check("update", sf.Account.update(made["id"], {"BillingCity": "Cork"}) == 204)
from simple_salesforce import format_soql  # noqa: E402
found = sf.query(format_soql("SELECT Id, BillingCity FROM Account WHERE Name = {}", "O'Hara & Sons"))
check("query with a quoted text", found["totalSize"] == 1 and found["records"][0]["BillingCity"] == "Cork", found)
deal = {"Name": "Upserted", "StageName": "Prospecting", "CloseDate": "2027-01-31", "AccountId": made["id"]}
check("upsert creates", sf.Opportunity.upsert("Referral_Identifier__c/ref-1", deal) == 201)
check("upsert updates", sf.Opportunity.upsert("Referral_Identifier__c/ref-1", {"Amount": 7}) in (200, 204))
check("get by external id", sf.Opportunity.get_by_custom_id("Referral_Identifier__c", "ref-1")["Amount"] == 7)
refused("a value that a restricted picklist does not have", SalesforceMalformedRequest,
        lambda: sf.Opportunity.update(sf.query("SELECT Id FROM Opportunity LIMIT 1")["records"][0]["Id"],
                                      {"How_can_Microsoft_help__c": "Nothing"}), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
refused("a missing field", SalesforceMalformedRequest, lambda: sf.Opportunity.create({"Name": "x"}), "REQUIRED_FIELD_MISSING")
refused("an unknown record", SalesforceResourceNotFound, lambda: sf.Account.get("001000000000000AAA"))
refused("a broken query", SalesforceMalformedRequest, lambda: sf.query("SELECT Nope FROM Account"), "INVALID_FIELD")
for number in range(205):
    sf.Contact.create({"LastName": "Page %03d" % number})
page = sf.query("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Page%'", headers={"Sforce-Query-Options": "batchSize=200"})
check("the first page", page["totalSize"] == 205 and not page["done"] and len(page["records"]) == 200,
      (page["totalSize"], page["done"], len(page["records"])))
more = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
check("query_more", more["done"] and len(more["records"]) == 5, len(more["records"]))
check("query_all", len(list(sf.query_all_iter("SELECT Id FROM Contact WHERE LastName LIKE 'Page%'"))) == 205)
check("limits", sf.limits()["DailyApiRequests"]["Remaining"] >= 0)
check("the use of the API in a header", "api-usage" in (sf.api_usage or {}), sf.api_usage)
found = sf.search("FIND {hara} IN NAME FIELDS RETURNING Account(Id, Name)")
check("search", [row["Name"] for row in found["searchRecords"]] == ["O'Hara & Sons"], found)
found = sf.quick_search("hara")
check("quick_search", len(found["searchRecords"]) == 1, found)
steps = {"allOrNone": True, "compositeRequest": [
    {"method": "POST", "url": "/services/data/v58.0/sobjects/Account", "referenceId": "firm", "body": {"Name": "Composed"}},
    {"method": "POST", "url": "/services/data/v58.0/sobjects/Contact", "referenceId": "person",
     "body": {"LastName": "Of it", "AccountId": "@{firm.id}"}}]}
told = sf.restful("composite", method="POST", json=steps)["compositeResponse"]
check("composite", [step["httpStatusCode"] for step in told] == [201, 201]
      and sf.Contact.get(told[1]["body"]["id"])["AccountId"] == told[0]["body"]["id"], told)
told = sf.restful("composite/sobjects", method="POST", json={"records": [
    {"attributes": {"type": "Account"}, "Name": "Collected"}, {"attributes": {"type": "Account"}}]})
check("a collection", [row["success"] for row in told] == [True, False], told)
check("delete", sf.Account.delete(made["id"]) == 204)
refused("a deleted record", SalesforceResourceNotFound, lambda: sf.Account.get(made["id"]))
check("resources of a version", "sobjects" in sf.restful("", method="GET"))
pages = list(sf.bulk2.Contact.query("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Page%'", max_records=100, wait=0.1))
rows = [line for page in pages for line in page.splitlines()[1:] if line]
check("bulk 2.0 query, by pages", len(pages) == 3 and len(rows) == 205, (len(pages), len(rows)))
result = sf.bulk2.Account.insert(records=[{"Name": "Bulk %d" % number, "BillingCity": 'A "b", c'} for number in range(3)] + [{"Name": ""}],
                                 wait=0.1)[0]
check("bulk 2.0 insert", (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (4, 1), result)
told = sf.bulk2.Account.get_all_ingest_records(result["job_id"])
check("bulk 2.0 results", len(told["successfulRecords"]) == 3 and told["successfulRecords"][0]["BillingCity"] == 'A "b", c'
      and told["failedRecords"][0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:") and not told["unprocessedRecords"], told)
ids = [{"Id": row["sf__Id"]} for row in told["successfulRecords"]]
result = sf.bulk2.Account.update(records=[dict(ids[0], BillingCity="#N/A")], wait=0.1)[0]
check("bulk 2.0 update", result["numberRecordsFailed"] == 0 and sf.Account.get(ids[0]["Id"])["BillingCity"] is None, result)
deals = [{"Name": "Upserted", "StageName": "Prospecting", "CloseDate": "2027-01-31", "Referral_Identifier__c": "ref-%d" % number}
         for number in (1, 2)]
# The first deal went with its account.
sf.Opportunity.upsert("Referral_Identifier__c/ref-1", {name: deals[0][name] for name in ("Name", "StageName", "CloseDate")})
result = sf.bulk2.Opportunity.upsert(records=deals, external_id_field="Referral_Identifier__c", wait=0.1)[0]
told = sf.bulk2.Opportunity.get_all_ingest_records(result["job_id"])["successfulRecords"]
check("bulk 2.0 upsert", sorted(row["sf__Created"] for row in told) == ["false", "true"], told)
result = sf.bulk2.Account.delete(records=ids, wait=0.1)[0]
check("bulk 2.0 delete", result["numberRecordsFailed"] == 0, result)
refused("bulk 2.0 with a field that there is not", SalesforceOperationError,
        lambda: sf.bulk2.Account.insert(records=[{"Nmae": "x"}], wait=0.1), "Field name not found : Nmae")
refused("bulk 1.0 is refused", SalesforceMalformedRequest, lambda: sf.bulk.Account.insert([{"Name": "x"}]), "Async API not enabled")

# --- Dataverse ------------------------------------------------------------------------------------------------------

print("PowerPlatform-Dataverse-Client")


class Credential:
    """A credential of azure-identity's kind over msal."""

    def get_token(self, *scopes, **more):
        # The audience is the environment's own address, not that of the proxy before it.
        token = public().acquire_token_by_username_password(admin, password(admin), [dataverse + "/.default"])
        return AccessToken(token["access_token"], int(time.time()) + int(token["expires_in"]))


from PowerPlatform.Dataverse.core.errors import HttpError  # noqa: E402

with DataverseClient(front.urls["commondataserviceforapps"], Credential()) as client:
    key = client.records.create("account", {"name": "Fabrikam", "address1_country": "PT"})
    check("create", len(str(key)) == 36, key)
    row = client.records.retrieve("account", key, select=["name", "address1_country"])
    check("retrieve", row["name"] == "Fabrikam" and row["address1_country"] == "PT", row)
    client.records.update("account", key, {"address1_city": "Porto"})
    check("update", client.records.retrieve("account", key)["address1_city"] == "Porto")
    keys = client.records.create("contact", [{"lastname": "Row %d" % number} for number in range(3)])
    check("create of several", len(keys) == 3, keys)
    rows = [row for page in client.records.list_pages("contact", filter="startswith(lastname,'Row')", page_size=2)
            for row in page]
    check("pages", len(rows) == 3, rows)
    deal = client.records.create("opportunity", {
        "name": "Client deal", "parentaccountid@odata.bind": "/accounts(%s)" % key, "estimatedvalue": 10})
    check("a lookup", client.records.retrieve("opportunity", deal)["_parentaccountid_value"] == key)
    try:
        from PowerPlatform.Dataverse.models.upsert import UpsertItem
        client.records.upsert("opportunity", [UpsertItem(
            alternate_key={"msft_referralidentifier": "11111111-1111-4111-8111-111111111111"}, record={"name": "By key"})])
        rows = list(client.records.list("opportunity", filter="name eq 'By key'"))
        check("upsert by alternate key", len(rows) == 1, rows)
    except Exception as error:  # noqa: BLE001
        check("upsert by alternate key", False, error)
    table = client.tables.get("opportunity")
    check("the table's definition", "opportunit" in str(table).lower(), table)
    refused("an unknown row", HttpError,
            lambda: client.records.update("account", "00000000-0000-4000-8000-000000000001", {"nope": 1}))
    refused("an unknown column", HttpError, lambda: client.records.create("account", {"nope": 1}))
    batch = client.batch.new()
    with batch.changeset() as together:
        firm = together.records.create("account", {"name": "Batched"})
        person = together.records.create("contact", {"lastname": "Of it", "parentcustomerid_account@odata.bind": firm})
        together.records.update("account", firm, {"primarycontactid@odata.bind": person})
    batch.records.list("account", filter="name eq 'Batched'", select=["name", "_primarycontactid_value"])
    told = batch.execute()
    check("a batch with a change set whose rows refer to each other", not told.has_errors and len(told.entity_ids) >= 2
          and told.responses[-1].data["value"][0]["_primarycontactid_value"], [vars(one) for one in told.responses])
    batch = client.batch.new()
    with batch.changeset() as together:
        together.records.create("account", {"name": "Undone"})
        together.records.create("account", {"nope": 1})
    told = batch.execute(continue_on_error=True)
    check("a change set that fails is undone", told.has_errors and not list(client.records.list("account", filter="name eq 'Undone'")),
          [vars(one) for one in told.responses])
    document = requests.get(
        front.urls["commondataserviceforapps"] + "/api/data/v9.2/$metadata", timeout=30,
        headers={"Authorization": "Bearer " + Credential().get_token().token}).content
    kinds = [kind.get("Name") for kind in ElementTree.fromstring(document).iter("{http://docs.oasis-open.org/odata/ns/edm}EntitySet")]
    check("the metadata document", "opportunities" in kinds and "leads" in kinds, kinds)
    client.records.delete("account", key)
    check("delete", client.records.retrieve("account", key) is None)

subprocess.run([flowrun, "sandbox", "stop"], cwd=folder, check=False, capture_output=True)
shutil.rmtree(folder, ignore_errors=True)
print("%d of %d as they should be" % (sum(map(bool, done)), len(done)))
sys.exit(0 if all(done) else 1)

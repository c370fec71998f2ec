"""Sells tickets at the simulator with zeep in strict mode: python3 sell.py TASK.json"""
import datetime
import json
import logging
import sys
import warnings

try:
    import requests
    import zeep
    from zeep.wsse.username import UsernameToken
except ImportError as err:
    sys.exit(f"{err}: run .ci/setup, or install Debian's python3-zeep")

warnings.simplefilter("error")
complaints = []  # what zeep logs about a description or an answer


class Complaints(logging.Handler):
    def emit(self, record):
        complaints.append(record.getMessage())


logging.getLogger("zeep").addHandler(Complaints(level=logging.WARNING))

with open(sys.argv[1], encoding="utf-8") as file:
    task = json.load(file)
session = requests.Session()
session.trust_env = False  # no proxy between us and loopback
clients = {}


def open_service(name, password=None, **token):
    return zeep.Client(
        task["services"][name]["wsdl"],
        transport=zeep.Transport(session=session),
        settings=zeep.Settings(strict=True),
        wsse=UsernameToken(task["operator"], password or task["password"], **token),
    )


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, want {want!r}")


def true(ok, what):
    if not ok:
        raise AssertionError(what)


def call(name, method, **parameters):
    return clients[name].service[method](**parameters)


def good(name, method, **parameters):
    result = call(name, method, **parameters)
    equal((result.statusCode, result.statusDetail), ("success", None), method)
    return result


def fault(code, action):
    try:
        action()
    except zeep.exceptions.Fault as err:
        true(err.code.endswith(code), f"fault {err.code}, want {code}")
        true(task["password"] not in str(err), "the fault gives the password away")
        return
    raise AssertionError(f"no fault {code}")


def describe():
    for name, service in task["services"].items():
        clients[name] = open_service(name)
        operations = clients[name].service._binding.all()
        equal(sorted(operations), sorted(service["methods"]), f"methods of {name}")
        equal(clients[name].wsdl.types.prefix_map["ns0"], service["namespace"], f"namespace of {name}")


def catalog():
    alive = call("CatalogService", "isCatalogServiceAlive")
    equal((alive.requestId, alive.statusCode, alive.statusDetail), (None, "success", None), "isCatalogServiceAlive")
    pos = good("CatalogService", "getPOSConfig").posConfigData
    equal(pos.posId, task["pos"], "point of sales")
    equal(pos.currencyCode, "EUR", "currency")
    true(task["paymentMethod"] in [m.id for m in pos.paymentMethods], "the payment method")

    data = good("CatalogService", "getCatalogDetailed", seasonCode=task["season"]).catalogData
    equal([s.code for s in data.seasons], [task["season"]], "seasons")
    products = data.seasons[0].products
    equal(len(products), task["products"], "products in the catalog")
    performances = [p for product in products if product.event for p in product.event.performances]
    wanted = [p for p in performances if p.id == task["performance"]]
    equal(len(wanted), 1, "performances of that number")
    equal(wanted[0].start, datetime.datetime.fromisoformat(task["start"]), "start")
    prices = {(p.seatCatId, p.audSubCatId): p.amount for p in wanted[0].prices}
    equal(prices[task["category"], task["full"]], task["price"], "price")
    return pos


def availability():
    data = good("AvailabilityService", "getEventAvailability", pointOfSalesId=task["pos"], performanceIds=[task["performance"]], seatCategoryIds=[-1])
    return data.eventAvailabilityData


def sell(pos, buyer, full, child):
    def line(tariff, quantity):
        return {"audienceSubCategoryId": tariff, "quantity": quantity, "performanceId": task["performance"], "seatCategoryId": task["category"]}

    answer = good(
        "ExternalOrderFacade", "createOrUpdateOrder", requestId=7, pointOfSalesId=pos.posId, orderType="SALE",
        purchasersInfo=[{"contactReference": buyer}], externalReference="Zeep & <Söhne>",
        singleEntryAttributionOperations=[{"operationAttributions": [line(task["full"], full), line(task["child"], child)]}],
    )
    equal((answer.requestId, answer.expectedException, answer.statusMessage), (7, False, None), "the head of an order's answer")
    held = answer.orderUpdateData
    equal(len(held.movementDataUpdates), full + child, "places held")
    equal(sum(o.totalAmount for o in held.operationDataUpdates), task["total"], "what the order costs")
    equal([o.unitPrice for o in held.operationDataUpdates], [task["price"], task["childPrice"]], "prices of the places")
    begun = good("ExternalOrderService", "getOrderDetails", orderId=held.orderId).orderDetailsData
    true(begun.expirationDate > datetime.datetime.fromisoformat(task["now"]), "the hold ends later")
    good(
        "ExternalOrderService", "closeOrder", orderId=held.orderId, orderType="SALE", purchaserInfo={"contactReference": task["contact"]},
        payments=[{"amount": task["total"], "paymentMethodId": task["paymentMethod"]}], generateBarCodes=True, maxWaitingTime=30,
    )
    return held.orderId


def details(order, places):
    def at(granularity):
        answer = good("ExternalOrderService", "getOrderDetails", orderId=order, granularity=granularity).orderDetailsData
        equal((answer.orderId, answer.orderState, answer.externalReference), (order, "CLOSED", "Zeep & <Söhne>"), granularity)
        equal(sum(o.quantity for o in answer.operationDatas), places, "quantity")
        return answer

    equal(at("OPERATIONS").movementDatas, [], "places at OPERATIONS")
    equal([len(m.tickets) for m in at("MOVEMENTS").movementDatas], [0] * places, "tickets at MOVEMENTS")
    tickets = [t for m in at("TICKETS").movementDatas for t in m.tickets]
    barcodes = [t.barcode for t in tickets]
    equal(len(set(barcodes)), places, "barcodes")
    true(all(b.startswith("0042") and t.ticketState == "VALID" for b, t in zip(barcodes, tickets)), "barcodes as on paper")
    return at("TICKETS"), barcodes


def files(whole, order, barcodes):
    number = whole.operationDatas[0].fileId
    one = good("ExternalOrderService", "getFileDetails", fileId=number)
    equal([o.orderId for o in one.orderDetailsDatas], [order], "orders of the file")
    equal([t.barcode for m in one.orderDetailsDatas[0].movementDatas for t in m.tickets], barcodes, "barcodes of the file")
    two = good("ExternalOrderService", "getFileDetailsFromOrderSecretId", orderSecretId=whole.orderSecretId)
    equal(zeep.helpers.serialize_object(two), zeep.helpers.serialize_object(one), "the file by its secret")


def contact():
    made = good(
        "ContactInformationPublicService", "saveIndividualContactData",
        individualContactData={"individualFirstname": "Žofie", "individualLastname": "Muster-Zeep", "email": "zofie.zeep@example.org"},
    )
    known = good("ContactInformationPublicService", "getContactData", contactNumber=made.contactNumber, details=["GENERAL", "AUTHORIZATIONS"])
    equal((known.contactNumber, known.individualContact.individualFirstname), (made.contactNumber, "Žofie"), "the contact")
    found = good("ContactInformationPublicService", "searchContact", email="zofie.zeep@example.org")
    equal((found.nbResults, [c.contactNumber for c in found.contactDataList]), (1, [made.contactNumber]), "contacts found")
    guests = [{"identifier": n, "firstName": f"Guest {n}", "lastName": "Muster", "createLogin": False} for n in (11, 12)]
    table = good("ContactInformationPublicService", "createCulturalContact", contactDataList=guests).identifierContactMap
    equal([e.key for e in table.entry], [11, 12], "keys of a map")
    true(all(e.value.isdigit() for e in table.entry), "values of a map")
    return made.contactNumber


def gates(barcodes):
    seasons = good("ExternalAccessControlService", "getAccessControlCatalog").seasons
    equal([s.code for s in seasons], [task["season"]], "seasons at the gates")
    first = good("ExternalAccessControlService", "exportList", listType="WHITE", ticketType="ALL", nbMaxResults=2).accessControlListData
    second = good("ExternalAccessControlService", "exportList", listType="WHITE", ticketType="ALL", nbMaxResults=2, paginationStart=first.paginationEnd)
    pages = [first.accessControlListItems, second.accessControlListData.accessControlListItems]
    equal([len(p) for p in pages], [2, len(barcodes) - 2], "lines of two pages")
    equal(sorted(i.barcode for p in pages for i in p), sorted(barcodes), "barcodes on the list")
    equal({(i.ticketState, i.cancellationCause) for p in pages for i in p}, {("VALID", "NOT_CANCELLED")}, "states on the list")
    checked = {"acIdentifier": "zeep", "barcode": barcodes[0], "controlDate": task["now"], "controlResult": "OK"}
    good("ExternalAccessControlService", "importControlledTicket", controlledTickets=[checked])
    ticket = good("ExternalAccessControlService", "getControlledTicket", barCodeOrTaxNumber=barcodes[0]).controlledTicketData
    equal((ticket.barcode, ticket.containerTicket, len(ticket.controlOperations)), (barcodes[0], False, 1), "a ticket after its check")


def refusals():
    unknown = call("ExternalOrderService", "getOrderDetails", orderId=1)
    true(unknown.statusCode.startswith("error.") and unknown.statusDetail, f"an unknown order: {unknown}")
    equal((unknown.expectedException, unknown.orderDetailsData), (True, None), "an unknown order")
    fault("FailedAuthentication", lambda: open_service("CatalogService", "guess").service.getPOSConfig())
    fault("InvalidSecurity", lambda: open_service("CatalogService", use_digest=True).service.getPOSConfig())
    dated = open_service("CatalogService", nonce="bm9uY2U=", created=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc))
    equal(dated.service.getPOSConfig().statusCode, "success", "a token with nonce and date")


def ask_everything():
    """Calls every method of every service without a parameter: an answer in its shape, never a fault."""
    count = 0
    for name, service in task["services"].items():
        for method in service["methods"]:
            result = call(name, method)
            code = result.statusCode
            true(code == "success" or code.startswith("error."), f"{method}: {code}")
            count += 1
    return count


def leaves(value):
    """Counts the values that are not absent."""
    if isinstance(value, dict):
        return sum(leaves(v) for v in value.values())
    if isinstance(value, list):
        return sum(leaves(v) for v in value)
    return 0 if value is None else 1


def read_everything():
    """Reads an answer of every method in which nothing is absent: no value may be lost."""
    for answer in task["answers"]:
        client = clients[answer["service"]]
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "text/xml;charset=utf-8"
        with open(answer["file"], "rb") as file:
            response._content = file.read()
        binding = client.service._binding
        result = binding.process_reply(client, binding.get(answer["method"]), response)
        equal(leaves(zeep.helpers.serialize_object(result, dict)), answer["leaves"], f"values in a full answer of {answer['method']}")


def main():
    describe()
    read_everything()
    pos = catalog()
    before = availability()
    buyer = contact()
    order = sell(pos, buyer, 2, 1)
    after = availability()
    true(zeep.helpers.serialize_object(before) != zeep.helpers.serialize_object(after), "the sale shows in the availability")
    whole, barcodes = details(order, 3)
    files(whole, order, barcodes)
    gates(barcodes)
    refusals()
    asked = ask_everything()
    equal(complaints, [], "what zeep complains about")
    print(f"{len(clients)} services, {asked} methods, sold {len(barcodes)} tickets: {' '.join(barcodes)}")


main()

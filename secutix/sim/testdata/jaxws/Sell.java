import com.secutix.service.availabilityservice.v1_33.EventAvailabilityResult;
import com.secutix.service.catalogservice.v1_33.CatalogResultDetailed;
import com.secutix.service.catalogservice.v1_33.POSConfigResult;
import com.secutix.service.catalogservice.v1_33.Performance;
import com.secutix.service.catalogservice.v1_33.Product;
import com.secutix.service.catalogservice.v1_33.WebMethodResult;
import com.secutix.service.contactinformationpublicservice.v2_21.ContactDataResult;
import com.secutix.service.contactinformationpublicservice.v2_21.ContactSearchResult;
import com.secutix.service.contactinformationpublicservice.v2_21.CulturalContactCreationResult;
import com.secutix.service.contactinformationpublicservice.v2_21.CulturalContactData;
import com.secutix.service.contactinformationpublicservice.v2_21.IndividualContactData;
import com.secutix.service.externalaccesscontrolservice.v1_6.AccessControlListResult;
import com.secutix.service.externalorderfacade.v1_33.ContactData;
import com.secutix.service.externalorderfacade.v1_33.OperationAttribution;
import com.secutix.service.externalorderfacade.v1_33.OrderUpdateResult;
import com.secutix.service.externalorderfacade.v1_33.SingleEntryOperationAttributionData;
import com.secutix.service.externalorderservice.v1_33.CloseOrderResult;
import com.secutix.service.externalorderservice.v1_33.FileDetailResult;
import com.secutix.service.externalorderservice.v1_33.OrderDetailResult;
import com.secutix.service.externalorderservice.v1_33.OrderDetailsData;
import com.secutix.service.externalorderservice.v1_33.PaymentInfo;
import com.sun.xml.ws.developer.SchemaValidationFeature;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import javax.jws.WebParam;
import javax.xml.bind.JAXBElement;
import javax.xml.namespace.QName;
import javax.xml.soap.SOAPElement;
import javax.xml.soap.SOAPException;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.Service;
import javax.xml.ws.WebServiceClient;
import javax.xml.ws.WebServiceException;
import javax.xml.ws.handler.Handler;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.handler.soap.SOAPHandler;
import javax.xml.ws.handler.soap.SOAPMessageContext;
import javax.xml.ws.soap.SOAPFaultException;

/** Sells tickets at the simulator with the classes wsimport made; every request and answer is checked against the schema. */
public class Sell {
    static final String WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    static final String TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
    static Properties task;

    /** Signs every call with a UsernameToken. */
    record UsernameToken(String user, String password) implements SOAPHandler<SOAPMessageContext> {
        public boolean handleMessage(SOAPMessageContext c) {
            if (!(Boolean) c.get(MessageContext.MESSAGE_OUTBOUND_PROPERTY)) {
                return true;
            }
            try {
                var envelope = c.getMessage().getSOAPPart().getEnvelope();
                var header = envelope.getHeader() == null ? envelope.addHeader() : envelope.getHeader();
                var security = header.addHeaderElement(new QName(WSSE, "Security", "wsse"));
                security.setMustUnderstand(true);
                SOAPElement token = security.addChildElement("UsernameToken", "wsse");
                token.addChildElement("Username", "wsse").addTextNode(user);
                token.addChildElement("Password", "wsse").addTextNode(password).setAttribute("Type", TEXT);
            } catch (SOAPException e) {
                throw new WebServiceException(e);
            }
            return true;
        }

        public boolean handleFault(SOAPMessageContext c) {
            return true;
        }

        public void close(MessageContext c) {}

        public Set<QName> getHeaders() {
            return Set.of(new QName(WSSE, "Security"));
        }
    }

    static <P> P open(Class<? extends Service> service, Class<P> port, String password) throws Exception {
        var name = service.getAnnotation(WebServiceClient.class);
        Service s = service.getConstructor(URL.class).newInstance(new URL(name.wsdlLocation()));
        P p = s.getPort(port, new SchemaValidationFeature());
        List<Handler> chain = new ArrayList<>(List.of(new UsernameToken(task.getProperty("operator"), password)));
        ((BindingProvider) p).getBinding().setHandlerChain(chain);
        return p;
    }

    /** Calls a method with the parameters named; the others are left out. */
    @SuppressWarnings("unchecked")
    static <R> R call(Object port, String name, Object... parameters) throws Exception {
        Map<String, Object> named = new HashMap<>();
        for (int i = 0; i < parameters.length; i += 2) {
            named.put((String) parameters[i], parameters[i + 1]);
        }
        for (Class<?> face : port.getClass().getInterfaces()) {
            for (Method m : face.getMethods()) {
                if (m.getName().equals(name) && face.getPackageName().startsWith("com.secutix")) {
                    Object[] args = new Object[m.getParameterCount()];
                    for (int i = 0; i < args.length; i++) {
                        args[i] = named.remove(((WebParam) m.getParameterAnnotations()[i][0]).name());
                    }
                    same(named, Map.of(), "parameters that " + name + " has not");
                    try {
                        return (R) m.invoke(port, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause() instanceof Exception x ? x : e;
                    }
                }
            }
        }
        throw new AssertionError("no method " + name);
    }

    static void same(Object got, Object want, String what) {
        if (!Objects.equals(got, want)) {
            throw new AssertionError(what + ": " + got + ", want " + want);
        }
    }

    static <T> T is(JAXBElement<T> e) {
        return e == null || e.isNil() ? null : e.getValue();
    }

    static long number(String name) {
        return Long.parseLong(task.getProperty(name));
    }

    static void fault(String code, Object port) throws Exception {
        try {
            call(port, "getPOSConfig");
        } catch (SOAPFaultException e) {
            same(e.getFault().getFaultCodeAsQName(), new QName(WSSE, code), "fault");
            return;
        }
        throw new AssertionError("no fault " + code);
    }

    static long catalog() throws Exception {
        var port = open(com.secutix.service.catalogservice.v1_33.CatalogService_Service.class, com.secutix.service.catalogservice.v1_33.CatalogService.class, task.getProperty("password"));
        WebMethodResult alive = call(port, "isCatalogServiceAlive");
        same(is(alive.getStatusCode()), "success", "isCatalogServiceAlive");
        same(alive.getRequestId().isNil() && alive.getStatusDetail().isNil(), true, "requestId and statusDetail are nil elements");
        POSConfigResult pos = call(port, "getPOSConfig");
        same(is(is(pos.getPosConfigData()).getPosId()), number("pos"), "point of sales");
        CatalogResultDetailed catalog = call(port, "getCatalogDetailed", "seasonCode", task.getProperty("season"));
        var seasons = is(catalog.getCatalogData()).getSeasons();
        same(seasons.size(), 1, "seasons");
        same(seasons.get(0).getProducts().size(), (int) number("products"), "products in the catalog");
        Performance wanted = null;
        for (Product product : seasons.get(0).getProducts()) {
            var event = is(product.getEvent());
            for (Performance p : event == null ? List.<Performance>of() : event.getPerformances()) {
                wanted = is(p.getId()) == number("performance") ? p : wanted;
            }
        }
        same(is(wanted.getStart()).toGregorianCalendar().toInstant(), java.time.OffsetDateTime.parse(task.getProperty("start")).toInstant(), "start");
        long price = 0;
        for (var p : wanted.getPrices()) {
            if (is(p.getSeatCatId()) == number("category") && is(p.getAudSubCatId()) == number("full")) {
                price = is(p.getAmount());
            }
        }
        same(price, number("price"), "price");
        return is(is(pos.getPosConfigData()).getPosId());
    }

    static String contact() throws Exception {
        var f = new com.secutix.service.contactinformationpublicservice.v2_21.ObjectFactory();
        var port = open(com.secutix.service.contactinformationpublicservice.v2_21.ContactInformationPublicService_Service.class, com.secutix.service.contactinformationpublicservice.v2_21.ContactInformationPublicService.class, task.getProperty("password"));
        IndividualContactData who = f.createIndividualContactData();
        who.setIndividualFirstname(f.createIndividualContactDataIndividualFirstname("Łucja"));
        who.setIndividualLastname(f.createIndividualContactDataIndividualLastname("Muster-Java"));
        who.setEmail(f.createIndividualContactDataEmail("lucja.java@example.org"));
        ContactDataResult made = call(port, "saveIndividualContactData", "individualContactData", who);
        same(is(made.getStatusCode()), "success", "saveIndividualContactData");
        ContactSearchResult found = call(port, "searchContact", "email", "lucja.java@example.org");
        same(is(found.getNbResults()), 1, "contacts found");
        same(is(found.getContactDataList().get(0).getContactNumber()), is(made.getContactNumber()), "the contact found");
        ContactDataResult known = call(port, "getContactData", "contactNumber", is(made.getContactNumber()), "details", List.of("GENERAL", "AUTHORIZATIONS"));
        same(is(is(known.getIndividualContact()).getIndividualFirstname()), "Łucja", "first name");
        CulturalContactData guest = f.createCulturalContactData();
        guest.setIdentifier(f.createCulturalContactDataIdentifier(11L));
        guest.setLastName(f.createCulturalContactDataLastName("Muster"));
        CulturalContactCreationResult guests = call(port, "createCulturalContact", "contactDataList", List.of(guest));
        var table = is(guests.getIdentifierContactMap()).getEntry();
        same(table.size(), 1, "entries of a map");
        same(table.get(0).getKey(), 11L, "key of a map");
        return is(made.getContactNumber());
    }

    static OperationAttribution line(String tariff, int quantity) {
        var f = new com.secutix.service.externalorderfacade.v1_33.ObjectFactory();
        OperationAttribution l = f.createOperationAttribution();
        l.setAudienceSubCategoryId(f.createOperationAttributionAudienceSubCategoryId(number(tariff)));
        l.setPerformanceId(f.createOperationAttributionPerformanceId(number("performance")));
        l.setSeatCategoryId(f.createOperationAttributionSeatCategoryId(number("category")));
        l.setQuantity(f.createOperationAttributionQuantity(quantity));
        return l;
    }

    static long hold(long pos, String buyer) throws Exception {
        var f = new com.secutix.service.externalorderfacade.v1_33.ObjectFactory();
        var facade = open(com.secutix.service.externalorderfacade.v1_33.ExternalOrderFacade_Service.class, com.secutix.service.externalorderfacade.v1_33.ExternalOrderFacade.class, task.getProperty("password"));
        ContactData who = f.createContactData();
        who.setContactReference(f.createContactDataContactReference(buyer));
        SingleEntryOperationAttributionData places = f.createSingleEntryOperationAttributionData();
        places.getOperationAttributions().addAll(List.of(line("full", 2), line("child", 1)));
        OrderUpdateResult held = call(facade, "createOrUpdateOrder", "requestId", 7, "pointOfSalesId", pos, "orderType", "SALE",
            "purchasersInfo", List.of(who), "externalReference", "Java & <Söhne>", "singleEntryAttributionOperations", List.of(places));
        same(is(held.getStatusCode()), "success", "createOrUpdateOrder");
        same(is(held.getRequestId()), 7, "requestId");
        same(is(held.getExpectedException()), false, "expectedException");
        var data = is(held.getOrderUpdateData());
        same(data.getMovementDataUpdates().size(), 3, "places held");
        same(data.getOperationDataUpdates().stream().mapToLong(o -> is(o.getTotalAmount())).sum(), number("total"), "what the order costs");
        return is(data.getOrderId());
    }

    static List<String> barcodes(OrderDetailsData order) {
        List<String> out = new ArrayList<>();
        order.getMovementDatas().forEach(m -> m.getTickets().forEach(t -> out.add(is(t.getBarcode()))));
        return out;
    }

    static List<String> close(long order) throws Exception {
        var f = new com.secutix.service.externalorderservice.v1_33.ObjectFactory();
        var orders = open(com.secutix.service.externalorderservice.v1_33.ExternalOrderService_Service.class, com.secutix.service.externalorderservice.v1_33.ExternalOrderService.class, task.getProperty("password"));
        var who = f.createContactData();
        who.setContactReference(f.createContactDataContactReference(task.getProperty("contact")));
        PaymentInfo payment = f.createPaymentInfo();
        payment.setAmount(f.createPaymentInfoAmount(number("total")));
        payment.setPaymentMethodId(f.createPaymentInfoPaymentMethodId(number("paymentMethod")));
        CloseOrderResult closed = call(orders, "closeOrder", "orderId", order, "orderType", "SALE", "purchaserInfo", who,
            "payments", List.of(payment), "generateBarCodes", true, "maxWaitingTime", 30);
        same(is(closed.getStatusCode()), "success", "closeOrder");
        Map<String, Integer> tickets = Map.of("OPERATIONS", 0, "MOVEMENTS", 0, "TICKETS", 3);
        OrderDetailsData whole = null;
        for (String granularity : List.of("OPERATIONS", "MOVEMENTS", "TICKETS")) {
            OrderDetailResult details = call(orders, "getOrderDetails", "orderId", order, "granularity", granularity);
            whole = is(details.getOrderDetailsData());
            same(is(whole.getOrderState()), "CLOSED", "state");
            same(is(whole.getExternalReference()), "Java & <Söhne>", "external reference");
            same(whole.getMovementDatas().size(), granularity.equals("OPERATIONS") ? 0 : 3, "places at " + granularity);
            same(new HashSet<>(barcodes(whole)).size(), tickets.get(granularity), "barcodes at " + granularity);
        }
        FileDetailResult file = call(orders, "getFileDetails", "fileId", is(whole.getOperationDatas().get(0).getFileId()));
        same(barcodes(file.getOrderDetailsDatas().get(0)), barcodes(whole), "barcodes of the file");
        OrderDetailResult unknown = call(orders, "getOrderDetails", "orderId", 1L);
        same(is(unknown.getStatusCode()).startsWith("error.") && is(unknown.getExpectedException()), true, "an unknown order is a status");
        return barcodes(whole);
    }

    static void gates(List<String> barcodes) throws Exception {
        var gates = open(com.secutix.service.externalaccesscontrolservice.v1_6.ExternalAccessControlService_Service.class, com.secutix.service.externalaccesscontrolservice.v1_6.ExternalAccessControlService.class, task.getProperty("password"));
        AccessControlListResult list = call(gates, "exportList", "listType", "WHITE", "ticketType", "ALL", "nbMaxResults", 100);
        var items = is(list.getAccessControlListData()).getAccessControlListItems();
        same(items.size(), 3, "lines of the list");
        Set<String> listed = new HashSet<>();
        items.forEach(i -> listed.add(is(i.getBarcode())));
        same(listed, new HashSet<>(barcodes), "barcodes on the list");
    }

    public static void run(Properties p) throws Exception {
        task = p;
        long pos = catalog();
        var availability = open(com.secutix.service.availabilityservice.v1_33.AvailabilityService_Service.class, com.secutix.service.availabilityservice.v1_33.AvailabilityService.class, task.getProperty("password"));
        EventAvailabilityResult free = call(availability, "getEventAvailability", "pointOfSalesId", pos, "performanceIds", List.of(number("performance")), "seatCategoryIds", List.of(-1L));
        same(is(free.getStatusCode()), "success", "getEventAvailability");
        same(is(free.getEventAvailabilityData()).getEventAvailabilities().size(), 1, "events");
        List<String> barcodes = close(hold(pos, contact()));
        gates(barcodes);
        fault("FailedAuthentication", open(com.secutix.service.catalogservice.v1_33.CatalogService_Service.class, com.secutix.service.catalogservice.v1_33.CatalogService.class, "guess"));
        System.out.println("sold " + barcodes.size() + " tickets: " + String.join(" ", barcodes));
    }
}

// Sells three tickets at the simulator with a stock SOAP client: node sell.js TASK.json
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const soap = require('soap');

const task = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const realtime = `${task.base}/tnseb/external-remoting/com.secutix.service.realtime`;
const text = 'PasswordText';
const variants = [
  { passwordType: text, hasTimeStamp: false, hasTokenCreated: true },
  { passwordType: text, hasTimeStamp: false, hasTokenCreated: false, mustUnderstand: 1 },
  { hasTimeStamp: true, hasNonce: true },
];

async function open(address, password, variant) {
  const client = await soap.createClientAsync(`${realtime}.${address}.webservice?wsdl`);
  client.setSecurity(new soap.WSSecurity(task.operator, password, variants[variant]));
  return client;
}

async function good(client, method, request, element) {
  const [answer] = await client[method + 'Async'](request);
  const result = answer[element];
  assert.strictEqual(result.statusCode, 'success', `${method}: ${result.statusCode} ${result.statusDetail}`);
  return result;
}

async function main() {
  const catalog = await open('catalog.v1_33.CatalogService', task.password, 0);
  const facade = await open('externalorder.v1_33.ExternalOrderFacade', task.password, 1);
  const orders = await open('externalorder.v1_33.ExternalOrderService', task.password, 2);

  const pos = (await good(catalog, 'getPOSConfig', {}, 'POSConfigResult')).posConfigData;
  assert.strictEqual(typeof pos.posId, 'number');
  assert.ok(Array.isArray(pos.paymentMethods), 'payment methods are a list');

  const { seasons } = (await good(catalog, 'getCatalogDetailed', {}, 'CatalogResultDetailed')).catalogData;
  const performances = seasons.flatMap((s) => s.products).flatMap((p) => (p.event ? p.event.performances : []));
  const wanted = performances.find((p) => p.id === task.performance);
  assert.ok(wanted && wanted.start instanceof Date, 'the performance is in the catalog with its date');

  const contacts = await soap.createClientAsync(
    `${task.base}/tnco/external-remoting/com.secutix.service.contact.v2_21.ContactInformationPublicService.webservice?wsdl`,
  );
  contacts.setSecurity(new soap.WSSecurity(task.operator, task.password, variants[0]));
  const buyer = await good(contacts, 'saveIndividualContactData', {
    individualContactData: { individualFirstname: 'Žofie', individualLastname: 'Muster', email: 'zofie@example.org' },
  }, 'ContactDataResult');
  assert.ok(buyer.contactNumber, 'a new contact has a number');
  const known = await good(contacts, 'getContactData', { contactNumber: buyer.contactNumber, details: ['GENERAL'] }, 'ContactDataResult');
  assert.strictEqual(known.contactNumber, buyer.contactNumber);

  const line = (tariff, quantity) => ({
    audienceSubCategoryId: tariff, quantity, performanceId: task.performance, seatCategoryId: task.category,
  });
  const held = (await good(facade, 'createOrUpdateOrder', {
    pointOfSalesId: pos.posId,
    orderType: 'SALE',
    purchasersInfo: [{ contactReference: buyer.contactNumber }],
    externalReference: 'Node & <soap>',
    singleEntryAttributionOperations: [{ operationAttributions: [line(task.full, 2), line(task.child, 1)] }],
  }, 'OrderUpdateResult')).orderUpdateData;
  assert.strictEqual(held.movementDataUpdates.length, 3);
  assert.strictEqual(held.operationDataUpdates.reduce((sum, o) => sum + Number(o.totalAmount), 0), task.total);

  await good(orders, 'closeOrder', {
    orderId: held.orderId,
    orderType: 'SALE',
    purchaserInfo: { contactReference: task.contact },
    payments: [{ amount: task.total, paymentMethodId: task.paymentMethod }],
    generateBarCodes: true,
    maxWaitingTime: 30,
  }, 'CloseOrderResult');

  const details = (await good(orders, 'getOrderDetails', { orderId: held.orderId, granularity: 'TICKETS' }, 'OrderDetailResult')).orderDetailsData;
  assert.strictEqual(details.orderState, 'CLOSED');
  assert.strictEqual(details.externalReference, 'Node & <soap>');
  const barcodes = new Set(details.movementDatas.flatMap((m) => m.tickets).map((t) => t.barcode));
  assert.strictEqual(barcodes.size, 3);

  const stranger = await open('catalog.v1_33.CatalogService', 'guess', 0);
  await assert.rejects(stranger.getPOSConfigAsync({}), (err) => {
    assert.strictEqual(err.response.status, 500);
    assert.match(err.root.Envelope.Body.Fault.faultcode, /FailedAuthentication/);
    return true;
  });
  process.stdout.write(`sold ${barcodes.size} tickets: ${[...barcodes].join(' ')}\n`);
}

main().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  process.exitCode = 1;
});

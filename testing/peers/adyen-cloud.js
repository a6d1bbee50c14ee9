// Drives Adyen's Cloud device API through @adyen/api-library, unchanged but for its base URL.
//
// Arguments: base URL (ends in /v1), API key, device. Writes what it saw as JSON: the payments it made, in order, and how
// each ended. The amounts are those of the virtual terminal:
// 61 is declined, 64 busy, 66 lost before it was authorised, 68 slow. What is lost keeps its terminal, so it comes last.

"use strict";

const assert = require("node:assert");
const { Client, Config, EnvironmentEnum, CloudDeviceAPI } = require("@adyen/api-library");

const [url, key, device] = process.argv.slice(-3);
const MERCHANT = "GlobeTheatre";

function clientOf(apiKey) {
  const client = new Client(new Config({ apiKey, environment: EnvironmentEnum.TEST }));
  const api = new CloudDeviceAPI(client).CloudDeviceApi;
  api.baseUrl = url;
  return api;
}

const api = clientOf(key);
let messages = 0;
const fresh = () => `S${(messages += 1)}`;

function message(category, body, serviceId) {
  return {
    SaleToPOIRequest: {
      MessageHeader: {
        ProtocolVersion: "3.0",
        MessageClass: "Service",
        MessageCategory: category,
        MessageType: "Request",
        SaleID: "till-7",
        ServiceID: serviceId,
        POIID: device,
      },
      ...body,
    },
  };
}

function payment(amount, order, serviceId) {
  return message(
    "Payment",
    {
      PaymentRequest: {
        SaleData: { SaleTransactionID: { TransactionID: order, TimeStamp: new Date() } },
        PaymentTransaction: { AmountsReq: { Currency: "EUR", RequestedAmount: amount } },
      },
    },
    serviceId,
  );
}

const reference = (serviceId, category = "Payment") => ({
  MessageReference: { MessageCategory: category, SaleID: "till-7", ServiceID: serviceId, POIID: device },
});

async function pay(amount, order, serviceId = fresh()) {
  const answer = await api.sync(MERCHANT, device, payment(amount, order, serviceId));
  if (answer.SaleToPOIRequest) return { serviceId, event: answer.SaleToPOIRequest.EventNotification };
  const header = answer.SaleToPOIResponse.MessageHeader;
  assert.strictEqual(header.ServiceID, serviceId);
  assert.strictEqual(header.MessageType, "Response");
  return { serviceId, ...answer.SaleToPOIResponse.PaymentResponse };
}

async function status(serviceId, category) {
  const asked = message("TransactionStatus", { TransactionStatusRequest: reference(serviceId, category) }, fresh());
  const answer = await api.sync(MERCHANT, device, asked);
  return answer.SaleToPOIResponse.TransactionStatusResponse;
}

async function reverse(transaction) {
  const body = { OriginalPOITransaction: { POITransactionID: transaction }, ReversalReason: "MerchantCancel" };
  const answer = await api.sync(MERCHANT, device, message("Reversal", { ReversalRequest: body }, fresh()));
  return answer.SaleToPOIResponse.ReversalResponse;
}

const failed = (answer) => [answer.Response.Result, answer.Response.ErrorCondition];

async function refusedWith(statusCode, call) {
  await assert.rejects(call, (error) => {
    assert.strictEqual(error.statusCode, statusCode, error.message);
    return true;
  });
}

async function until(what, holds) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const got = await holds();
    if (got) return got;
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function main() {
  const connected = await api.getConnectedDevices(MERCHANT);
  assert.deepStrictEqual(connected.uniqueDeviceIds, [device]);
  assert.strictEqual((await api.getDeviceStatus(MERCHANT, device)).status, "ONLINE");
  await refusedWith(404, api.getDeviceStatus(MERCHANT, "V400m-000000000"));
  await refusedWith(401, clientOf("cl_wrong").getConnectedDevices(MERCHANT));

  const approved = await pay(10.1, "order-1");
  assert.strictEqual(approved.Response.Result, "Success");
  assert.deepStrictEqual(approved.PaymentResult.AmountsResp, { Currency: "EUR", AuthorizedAmount: 10.1 });
  assert.strictEqual(approved.SaleData.SaleTransactionID.TransactionID, "order-1");
  assert.ok(approved.PaymentReceipt.some((receipt) => receipt.DocumentQualifier === "CustomerReceipt"));
  const again = await pay(10.1, "order-1", approved.serviceId);
  assert.deepStrictEqual(again.POIData, approved.POIData, "a ServiceID makes one payment");
  const other = await pay(10.2, "order-1", approved.serviceId);
  assert.deepStrictEqual(failed(other), ["Failure", "MessageFormat"]);
  assert.deepStrictEqual(failed(await pay(10.105, "order-9")), ["Failure", "MessageFormat"], "no third decimal");

  const declined = await pay(10.61, "order-2");
  assert.deepStrictEqual(failed(declined), ["Failure", "Refusal"]);
  const busy = await pay(10.64, "order-3");
  assert.deepStrictEqual(failed(busy), ["Failure", "Busy"]);

  const slow = fresh();
  const begun = await api.async(MERCHANT, device, payment(10.68, "order-4", slow));
  assert.strictEqual(begun.Result, "ok");
  await until("in progress", async () => (await status(slow)).Response.ErrorCondition === "InProgress");
  const abort = message("Abort", { AbortRequest: { AbortReason: "MerchantAbort", ...reference(slow) } }, fresh());
  assert.strictEqual(await api.sync(MERCHANT, device, abort), "ok");
  const aborted = await until("aborted", async () => (await status(slow)).RepeatedMessageResponse);
  assert.deepStrictEqual(failed(aborted.RepeatedResponseMessageBody.PaymentResponse), ["Failure", "Aborted"]);

  const processed = await status(approved.serviceId);
  assert.strictEqual(processed.Response.Result, "Success");
  const repeated = processed.RepeatedMessageResponse;
  assert.strictEqual(repeated.MessageHeader.ServiceID, approved.serviceId);
  assert.deepStrictEqual(
    repeated.RepeatedResponseMessageBody.PaymentResponse.PaymentResult,
    approved.PaymentResult,
  );
  assert.deepStrictEqual(failed(await status("nothing")), ["Failure", "NotFound"]);

  const reversed = await reverse(approved.POIData.POITransactionID);
  assert.strictEqual(reversed.Response.Result, "Success");
  assert.strictEqual(reversed.ReversedAmount, 10.1);
  const second = await reverse(approved.POIData.POITransactionID);
  assert.deepStrictEqual(failed(second), ["Failure", "NotAllowed"]);
  const nothing = await reverse({ TransactionID: "BV0q001643892070000.X", TimeStamp: new Date() });
  assert.deepStrictEqual(failed(nothing), ["Failure", "NotFound"]);

  const lost = await pay(10.66, "order-5");
  assert.strictEqual(lost.event.EventToNotify, "Reject");
  assert.ok(lost.event.EventDetails.includes("Did+not+receive"));
  assert.deepStrictEqual(failed(await status(lost.serviceId)), ["Failure", "InProgress"]);
  const retried = await pay(10.66, "order-5");
  assert.deepStrictEqual(failed(retried), ["Failure", "NotAllowed"], "not again before that is known");

  process.stdout.write(
    JSON.stringify([
      ["order-1", "sale", "approved"],
      ["order-2", "sale", "declined"],
      ["order-3", "sale", "failed"],
      ["order-4", "sale", "cancelled"],
      ["order-1", "void", "approved"],
      ["order-5", "sale", "unknown"],
    ]),
  );
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});

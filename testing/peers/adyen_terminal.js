// Adyen's TerminalLocalAPI, unchanged, at a terminal. Gives what each request came to, as JSON.

const { Client, EnvironmentEnum, TerminalLocalAPI } = require("@adyen/api-library");

const [address, certificatePath, passphrase] = process.argv.slice(-3);

const client = new Client({
  apiKey: "none",
  environment: EnvironmentEnum.TEST,
  // It adds a port and a path of its own, which a fragment keeps from the terminal.
  terminalApiLocalEndpoint: `https://${address}/nexo#`,
  certificatePath,
});
const terminal = new TerminalLocalAPI(client);
const key = {
  AdyenCryptoVersion: 1,
  KeyIdentifier: "till",
  KeyVersion: 1,
  Passphrase: passphrase,
};

let number = 0;

function ask(category, body, securityKey = key, serviceId = `N${++number}`) {
  const header = {
    MessageCategory: category,
    MessageClass: "Service",
    MessageType: "Request",
    POIID: "V400m-123456789",
    ProtocolVersion: "3.0",
    SaleID: "npm",
    ServiceID: serviceId,
  };
  const request = { SaleToPOIRequest: { MessageHeader: header, ...body } };
  return terminal.request(request, securityKey).then((answer) => answer.SaleToPOIResponse);
}

function pay(amount, type, securityKey, serviceId) {
  const sale = { TransactionID: `sale-${number}`, TimeStamp: new Date().toISOString() };
  const request = {
    SaleData: { SaleTransactionID: sale },
    PaymentTransaction: { AmountsReq: { Currency: "EUR", RequestedAmount: amount } },
  };
  if (type) request.PaymentData = { PaymentType: type };
  return ask("Payment", { PaymentRequest: request }, securityKey, serviceId);
}

function status(serviceId) {
  const about = { MessageCategory: "Payment", SaleID: "npm", ServiceID: serviceId };
  return ask("TransactionStatus", {
    TransactionStatusRequest: { ReceiptReprintFlag: true, MessageReference: about },
  });
}

const error = (promise) => promise.then(() => null, (error) => String(error.message || error));

async function main() {
  const diagnosis = await ask("Diagnosis", { DiagnosisRequest: { HostDiagnosisFlag: false } });
  const sale = await pay(12.3, undefined, undefined, "SALE1");
  const again = await pay(12.3, undefined, undefined, "SALE1");
  const declined = await pay(10.61);
  const refund = await pay(0.29, "Refund");
  const found = await status("SALE1");
  const unknown = await status("NEVER");
  const silent = pay(10.73, undefined, undefined, "SILENT");
  let during;
  do {
    during = await status("SILENT");
  } while (during.TransactionStatusResponse.Response.ErrorCondition === "NotFound");
  const about = { MessageCategory: "Payment", SaleID: "npm", ServiceID: "SILENT" };
  await ask("Abort", { AbortRequest: { AbortReason: "MerchantAbort", MessageReference: about } });
  const stopped = await silent;
  const original = sale.PaymentResponse.POIData.POITransactionID;
  const reversal = await ask("Reversal", {
    ReversalRequest: {
      OriginalPOITransaction: { POITransactionID: original },
      ReversalReason: "MerchantCancel",
    },
  });
  const stranger = await error(pay(50, undefined, { ...key, Passphrase: "another" }));
  return {
    diagnosis,
    sale,
    again,
    declined,
    refund,
    found,
    unknown,
    during,
    stopped,
    reversal,
    stranger,
  };
}

main().then(
  (results) => console.log(JSON.stringify(results)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);

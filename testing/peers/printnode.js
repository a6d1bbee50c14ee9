// Prints through a hub with npm's printnode-client as it is published: only its base URL and key are not PrintNode's.
//
// Arguments: URL KEY CA PAUSED_PRINTER FOLDER. Makes five tickets on the other printer; writes their titles as JSON.
'use strict';

const assert = require('assert');
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');
const PrintNodeClient = require('printnode-client');

const [url, key, ca, paused, folder] = process.argv.slice(-5);
const PATIENCE_MS = 120000;
// What a system's own certificates would be.
https.globalAgent.options.ca = fs.readFileSync(ca);

const ticket = (title) => Buffer.from(`\x1b@${title}\n\n\x1dV\x00`, 'latin1');

function client(key) {
  const made = new PrintNodeClient({ api_key: key });
  const at = new URL(url);
  made.base_url = `https://${key}:@${at.host}${at.pathname.replace(/\/$/, '')}/`;
  return made;
}

async function refused(promise, message) {
  await assert.rejects(promise, (error) => error.message.includes(message) || assert.fail(error.message));
}

async function main() {
  const pdf = fs.readFileSync(path.join(folder, 'ticket.pdf'));
  const web = http.createServer((request, response) => {
    response.end(request.url === '/raw' ? ticket('node raw uri') : pdf);
  });
  await new Promise((listening) => web.listen(0, '127.0.0.1', listening));
  const documents = `http://127.0.0.1:${web.address().port}`;
  const printnode = client(key);

  async function waitFor(id, state) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const [job] = await printnode.fetchPrintJob(id);
      if (job.state === state) return job;
      const over = ['done', 'error', 'expired', 'deleted'].includes(job.state) || Date.now() > deadline;
      if (over) assert.fail(JSON.stringify(await printnode._getJSON(`printjobs/${id}/states`)));
      await new Promise((later) => setTimeout(later, 100));
    }
  }

  // Who am I.
  const whoami = await printnode.whoami();
  assert.ok(Number.isInteger(whoami.id) && 'email' in whoami, JSON.stringify(whoami));
  assert.equal(await printnode.credits(), null);
  await refused(client('cl_wrong').whoami(), '401 - no valid API key');

  // Computers and printers.
  const [computer, ...none] = await printnode.fetchComputers();
  assert.equal(none.length, 0);
  assert.equal(computer.state, 'connected');
  assert.deepEqual(await printnode.fetchScalesForComputer(computer.id), []);
  assert.deepEqual(await printnode.fetchScalesForComputerByDeviceName(computer.id, 'x'), []);
  const printers = await printnode.fetchPrinters();
  const front = printers.find((printer) => printer.name !== paused);
  const waiting = printers.find((printer) => printer.name === paused);
  assert.equal(front.state, 'online');
  assert.deepEqual(await printnode.fetchPrinter(front.id), [front]);
  assert.deepEqual(await printnode.fetchPrintersForComputer(computer.id), printers);
  assert.deepEqual(await printnode.fetchPrinterForComputer(computer.id, front.id), [front]);
  assert.deepEqual(await printnode.fetchPrinter(999), []);

  // Jobs of all four content types.
  printnode.default_printer_id = front.id;
  const made = [
    await printnode.createPrintJob({
      title: 'raw base64', contentType: 'raw_base64', content: ticket('node raw base64').toString('base64'),
    }),
    await printnode.createPrintJob({ title: 'raw uri', contentType: 'raw_uri', content: `${documents}/raw` }),
    await printnode.createPrintJob({
      printer: front.id, title: 'pdf base64', contentType: 'pdf_base64', content: pdf.toString('base64'), qty: 1,
    }),
    await printnode.createPrintJob({ title: 'pdf uri', contentType: 'pdf_uri', content: `${documents}/a.pdf` }),
    await printnode.createPrintJobFromPdf({ title: 'pdf file', filename: path.join(folder, 'ticket.pdf') }),
  ];
  assert.ok(made.every(Number.isInteger), JSON.stringify(made));
  for (const id of made) {
    const job = await waitFor(id, 'done');
    assert.equal(job.source, 'PrintNode-NodeJS Client');
    const [states] = await printnode._getJSON(`printjobs/${id}/states`);
    assert.deepEqual(states.map((state) => state.state), ['new', 'sent_to_client', 'in_progress', 'done']);
  }
  const ids = (jobs) => jobs.map((job) => job.id);
  assert.deepEqual(ids(await printnode.fetchPrintJobs()).slice(0, 5), [...made].reverse());
  assert.deepEqual(ids(await printnode.fetchPrintJobsForPrinter(front.id)).slice(0, 5), [...made].reverse());
  assert.deepEqual(ids(await printnode.fetchPrintJobForPrinter(front.id, made[2])), [made[2]]);
  assert.deepEqual(ids(await printnode._getJSON(`printjobs?limit=2&after=${made[2]}`)), [made[1], made[0]]);
  // A content type of this client's own making, which PrintNode has not either.
  const raw = path.join(folder, 'ticket.raw');
  fs.writeFileSync(raw, ticket('never'));
  await refused(printnode.createPrintJobFromRaw({ title: 'never', filename: raw }), 'pdf_raw');

  // Cancelling a job that waits for a printer; one job under one key.
  const job = { printerId: waiting.id, title: 'never', source: 's', contentType: 'raw_base64', content: 'YQ==' };
  const once = () => printnode._makeRequest('printjobs', {
    method: 'POST', body: job, headers: { 'X-Idempotency-Key': 'node-1' },
  });
  const id = await once();
  await refused(once(), '409 - a print job was made under this X-Idempotency-Key');
  assert.deepEqual(await printnode._makeRequest(`printjobs/${id}`, { method: 'DELETE' }), [id]);
  await waitFor(id, 'deleted');

  // Errors.
  await refused(printnode.createPrintJob({ ...job, printerId: 999 }), '404 - there is no printer 999');
  await refused(printnode.createPrintJob({ ...job, contentType: 'pdf_uri', content: 'https://[::1]/' }), '422 - ');
  await refused(printnode._getJSON('nothing'), '404 - ');

  web.close();
  process.stdout.write(JSON.stringify(['node raw base64', 'node raw uri']));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});

// Adyen's NexoCrypto, unchanged, on messages in a file: opens those of ours and seals some of its own.
// Gives {"opened": [text or null, ...], "sealed": [message, ...]} as JSON.

const { readFileSync } = require("node:fs");
const { default: NexoCrypto } = require("@adyen/api-library/lib/src/security/nexoCrypto");

const { key, toOpen, toSeal } = JSON.parse(readFileSync(process.argv.at(-1), "utf-8"));
const crypto = new NexoCrypto();

function opened(message) {
  try {
    return crypto.decrypt(message, key);
  } catch {
    return null;
  }
}

console.log(
  JSON.stringify({
    opened: toOpen.map(opened),
    sealed: toSeal.map((text) => NexoCrypto.encrypt({ ServiceID: "S1" }, text, key)),
  }),
);

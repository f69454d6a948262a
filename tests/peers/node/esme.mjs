// node-smpp as a client of the carrier: binds, submits texts in parts, and tells what comes.
// Standard input: {"port", "from", "to", "texts": [{"parts", "wide"}], "deliveries"}; standard output: JSON, a line each.
import { readFileSync } from "node:fs";
import smpp from "smpp";

const job = JSON.parse(readFileSync(0, "utf8"));
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const session = smpp.connect({ url: `smpp://127.0.0.1:${job.port}` });
let left = job.deliveries;

session.on("error", (error) => {
  say({ error: String(error) });
  process.exit(1);
});
session.on("deliver_sm", (pdu) => {
  session.send(pdu.response());
  const { udh, message } = pdu.short_message;
  const state = pdu.message_state;
  say({ id: pdu.receipted_message_id, state, from: pdu.source_addr, text: message, udh: udh && [...udh[0]] });
  left -= 1;
  if (left === 0) session.unbind(() => session.close());
});
session.on("connect", () => {
  session.bind_transceiver({ system_id: "hub", password: "pw" }, (answer) => {
    say({ bound: answer.command_status });
    if (answer.command_status !== 0) process.exit(1);
    for (const [reference, text] of job.texts.entries()) {
      text.parts.forEach((part, place) => {
        const udh = Buffer.from([5, 0, 3, reference + 1, text.parts.length, place + 1]);
        const pdu = {
          source_addr_ton: 1,
          source_addr_npi: 1,
          source_addr: job.from,
          dest_addr_ton: 1,
          dest_addr_npi: 1,
          destination_addr: job.to,
          registered_delivery: 1,
          data_coding: text.wide ? 8 : 0,
          esm_class: 0x40,
          short_message: { udh, message: part },
        };
        session.submit_sm(pdu, (done) => say({ submitted: done.command_status, id: done.message_id }));
      });
    }
  });
});

// node-smpp as an SMSC: takes a bind and submits, answers with ids and receipts, and sends texts of its own.
// Standard input: {"write": [{"to", "from", "parts": [text, …], "wide": bool}]}; standard output: one JSON object a line.
import { readFileSync } from "node:fs";
import smpp from "smpp";

const job = JSON.parse(readFileSync(0, "utf8"));
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
let ids = 0x7f0;

function write(session) {
  for (const [reference, text] of job.write.entries()) {
    text.parts.forEach((part, place) => {
      const udh = Buffer.from([5, 0, 3, reference + 1, text.parts.length, place + 1]);
      const message = text.parts.length > 1 ? { udh, message: part } : part;
      const pdu = {
        source_addr_ton: 1,
        source_addr_npi: 1,
        source_addr: text.from,
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        destination_addr: text.to,
        data_coding: text.wide ? 8 : 0,
        esm_class: text.parts.length > 1 ? 0x40 : 0,
        short_message: message,
      };
      session.deliver_sm(pdu, (answer) => say({ written: answer.command_status }));
    });
  }
}

const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("close", () => server.close());
  session.on("bind_transceiver", (pdu) => {
    const known = pdu.system_id === "hub" && pdu.password === "pw";
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RINVPASWD, system_id: "node" }));
    if (known) write(session);
  });
  session.on("submit_sm", (pdu) => {
    const id = (ids++).toString(16);
    const { udh, message } = pdu.short_message;
    say({ from: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding, text: message, udh: udh && [...udh[0]] });
    session.send(pdu.response({ message_id: id }));
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611261200 done date:2611261201 stat:DELIVRD err:000 text:`,
      receipted_message_id: id,
      message_state: 2,
    });
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
});
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));

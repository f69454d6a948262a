"""Runs in the peers' own environment: smpplib as a client of the carrier, its own cutting of texts. JSON in, JSON out."""

from __future__ import annotations

import json
import sys
import time

import smpplib.client
import smpplib.consts
import smpplib.gsm


def main() -> None:
    job = json.loads(sys.stdin.buffer.read())
    sent: list[str] = []
    got: list[dict[str, object]] = []
    client = smpplib.client.Client("127.0.0.1", job["port"], allow_unknown_opt_params=True)
    client.set_message_sent_handler(lambda pdu: sent.append(pdu.message_id.decode()))

    def delivered(pdu: object) -> None:
        state = pdu.message_state  # type: ignore[attr-defined]
        got.append(
            {
                "esm_class": pdu.esm_class,  # type: ignore[attr-defined]
                "coding": pdu.data_coding,  # type: ignore[attr-defined]
                "octets": pdu.short_message.hex(),  # type: ignore[attr-defined]
                "state": state,
            }
        )

    client.set_message_received_handler(delivered)
    client.connect()
    client.bind_transceiver(system_id="hub", password="pw")
    for text in job["texts"]:
        parts, coding, marks = smpplib.gsm.make_parts(text)
        for part in parts:
            client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_INTL,
                source_addr=job["from"],
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                destination_addr=job["to"],
                short_message=part,
                data_coding=coding,
                esm_class=marks,
                registered_delivery=True,
            )
    end = time.monotonic() + 20
    while len(got) < job["deliveries"] and time.monotonic() < end:
        client.read_once()
    client.unbind()
    client.disconnect()
    print(json.dumps({"sent": sent, "got": got}))


main()

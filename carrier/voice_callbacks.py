"""What the carrier tells a tenant of a call: progress, detection, recordings. In order, unless a behaviour says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from carrier import events
from carrier.call import Call
from carrier.delivery import form_headers
from carrier.signatures import twilio_signature
from carrier.store import Lane

if TYPE_CHECKING:
    from carrier.network import Network

REORDER_GAP_S = 0.05


class Callbacks:
    """Form POSTs, signed as all of Twilio's."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._kept: dict[str, list[tuple[str, dict[str, str]]]] = {}

    def fields(self, call: Call, status: str) -> dict[str, str]:
        """What every request about a call says."""
        inbound = call.direction == "inbound"
        return {
            "AccountSid": call.account.id,
            "ApiVersion": events.API_VERSION,
            "CallSid": call.sid,
            "CallStatus": status,
            "Direction": call.direction,
            "From": call.handset if inbound else call.number.address,
            "To": call.number.address if inbound else call.handset,
        }

    def progress(self, call: Call, event: str, sip_code: int = 0) -> None:
        """A status callback, if the tenant asked for this event."""
        number, call.sequence = call.sequence, call.sequence + 1
        if not call.status_url or event not in call.events:
            return
        status = call.status if event != "initiated" else "initiated"
        fields = self.fields(call, status) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(number),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        if event == "completed":
            fields |= {"CallDuration": str(call.duration_s), "Duration": str(-(-call.duration_s // 60))}
            if sip_code:
                fields["SipResponseCode"] = str(sip_code)
        if call.machine_detection and call.answered_by and not call.amd_url:
            fields["AnsweredBy"] = {"machine": "machine_start"}.get(call.answered_by, call.answered_by)
        if call.behaviour.reorders:
            self._kept.setdefault(call.sid, []).append((call.status_url, fields))
        else:
            self._send(call, call.status_url, fields, call.lane)

    def finish(self, call: Call) -> None:
        """The call is over: what was kept to be told in the wrong order is told now, last first."""
        for place, (url, fields) in enumerate(reversed(self._kept.pop(call.sid, []))):
            self._network.schedule.after(place * REORDER_GAP_S, self._send, call, url, fields, Lane())

    def detection(self, call: Call, answered_by: str) -> None:
        """The result of an asynchronous detection."""
        fields = {
            "AccountSid": call.account.id,
            "CallSid": call.sid,
            "AnsweredBy": answered_by,
            "MachineDetectionDuration": "1200",
        }
        self._send(call, call.amd_url, fields, Lane())

    def recording(self, call: Call, url: str, sid: str, where: str, seconds: int) -> None:
        """A recording can be fetched."""
        fields = {
            "AccountSid": call.account.id,
            "CallSid": call.sid,
            "RecordingSid": sid,
            "RecordingUrl": where,
            "RecordingStatus": "completed",
            "RecordingDuration": str(seconds),
            "RecordingChannels": "1",
            "RecordingSource": "RecordVerb",
        }
        self._send(call, url, fields, Lane())

    def send(self, call: Call, url: str, fields: dict[str, str]) -> None:
        """Any other news, in the order of the call's."""
        self._send(call, url, fields, call.lane)

    def _send(self, call: Call, url: str, fields: dict[str, str], lane: Lane) -> None:
        job = events.form_job(url, call.account.secret, fields, f"{call.sid} {fields.get('CallStatus', '')}")
        if call.behaviour.unsigned:
            job.headers = form_headers(twilio_signature("wrong", url, fields))
        job.copies = call.behaviour.repeats
        job.lanes = (lane,)
        call.told.append(fields)
        self._network.delivery.enter(lane, events.TwilioEvent(self._network.delivery, job))

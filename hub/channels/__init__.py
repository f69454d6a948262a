"""Channels: adapters to providers. The registry is written out by hand."""

from hub.channels.base import Adapter, Channel, ChannelAdapter, ChannelKind, LinkAdapter, Marks, Prepares
from hub.channels.rcs_google import GoogleRcs
from hub.channels.sms_smpp import SmppSms
from hub.channels.sms_twilio import TwilioSms
from hub.channels.voice_sip import SipVoice
from hub.channels.voice_twilio import TwilioVoice
from hub.channels.whatsapp_cloud import WhatsAppCloud

TWILIO_SMS = TwilioSms()
TWILIO_VOICE = TwilioVoice()
SIP_VOICE = SipVoice()
SMPP_SMS = SmppSms()
WHATSAPP_CLOUD = WhatsAppCloud()
GOOGLE_RCS = GoogleRcs()

HTTP_ADAPTERS: dict[tuple[str, ChannelKind], ChannelAdapter] = {
    (adapter.provider, adapter.kind): adapter
    for adapter in (TWILIO_SMS, TWILIO_VOICE, WHATSAPP_CLOUD, GOOGLE_RCS)
}
# Found once: asking a protocol for every message would cost more than its request.
PREPARING: dict[tuple[str, ChannelKind], Prepares] = {
    key: adapter for key, adapter in HTTP_ADAPTERS.items() if isinstance(adapter, Prepares)
}
MARKING: dict[tuple[str, ChannelKind], Marks] = {
    key: adapter for key, adapter in HTTP_ADAPTERS.items() if isinstance(adapter, Marks)
}
LINK_ADAPTERS: dict[tuple[str, ChannelKind], LinkAdapter] = {
    (adapter.provider, adapter.kind): adapter for adapter in (SIP_VOICE, SMPP_SMS)
}
ADAPTERS: dict[tuple[str, ChannelKind], Adapter] = {**HTTP_ADAPTERS, **LINK_ADAPTERS}


def adapter_of(channel: Channel) -> Adapter:
    """What translates for this channel."""
    return ADAPTERS[channel.provider, channel.kind]


__all__ = [
    "ADAPTERS",
    "GOOGLE_RCS",
    "HTTP_ADAPTERS",
    "LINK_ADAPTERS",
    "MARKING",
    "PREPARING",
    "SIP_VOICE",
    "SMPP_SMS",
    "TWILIO_SMS",
    "TWILIO_VOICE",
    "WHATSAPP_CLOUD",
    "adapter_of",
]

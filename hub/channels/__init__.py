"""Channels: adapters to providers. The registry is written out by hand."""

from hub.channels.base import ChannelAdapter
from hub.channels.sms_twilio import TwilioSms
from hub.channels.whatsapp_cloud import WhatsAppCloud

ADAPTERS: dict[str, ChannelAdapter] = {
    adapter.provider: adapter for adapter in (TwilioSms(), WhatsAppCloud())
}

__all__ = ["ADAPTERS"]

"""WhatsApp's service window: for 24 hours from the person's last message anything may be sent, else only templates.

Pure. Source: channel reference section 4.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.channels.content import Content, Template

WINDOW = timedelta(hours=24)
WINDOW_CLOSED = "window-closed"  # the door's reason
WINDOW_WORDS = "the person has not written by WhatsApp within 24 hours: only a template may be sent"


def open_until(last_inbound_at: datetime | None) -> datetime | None:
    """When the window closes; None for somebody who has never written."""
    return None if last_inbound_at is None else last_inbound_at + WINDOW


def may_send(content: Content | None, last_inbound_at: datetime | None, now: datetime) -> bool:
    """Whether `content` (None: a plain text) may leave now. The window is shut at the 24th hour itself."""
    if isinstance(content, Template):
        return True
    closes = open_until(last_inbound_at)
    return closes is not None and now < closes

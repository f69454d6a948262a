"""What stands around the nodes of a RapidPro export: translations, and triggers and campaigns that begin its flows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LANGUAGES: Mapping[str, str] = {
    "afr": "af", "amh": "am", "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fin": "fi", "fra": "fr", "guj": "gu", "hat": "ht", "hau": "ha",
    "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "ibo": "ig", "ind": "id", "ita": "it", "jpn": "ja", "kan": "kn",
    "khm": "km", "kin": "rw", "kor": "ko", "lao": "lo", "lav": "lv", "lit": "lt", "mal": "ml", "mar": "mr", "mlg": "mg",
    "msa": "ms", "mya": "my", "nep": "ne", "nld": "nl", "nor": "no", "nya": "ny", "orm": "om", "pan": "pa", "pol": "pl",
    "por": "pt", "pus": "ps", "ron": "ro", "run": "rn", "rus": "ru", "sin": "si", "slk": "sk", "slv": "sl", "sna": "sn",
    "som": "so", "spa": "es", "sqi": "sq", "srp": "sr", "swa": "sw", "swe": "sv", "tam": "ta", "tel": "te", "tgl": "tl",
    "tha": "th", "tir": "ti", "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "wol": "wo", "xho": "xh", "yor": "yo",
    "zho": "zh", "zul": "zu",
}  # fmt: skip
"""ISO 639-3, as they name languages, to the code that contacts have here."""
TRIGGERS: Mapping[str, str] = {
    "K": "keyword", "C": "catch-all", "M": "missed call", "V": "incoming call", "N": "new conversation",
    "R": "referral", "S": "schedule", "T": "closed ticket", "I": "opt-in", "O": "opt-out",
}  # fmt: skip


def dict_(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def list_(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def code_of(language: Any) -> str:
    """Two letters where they are known, else as it is."""
    return LANGUAGES.get(str(language), str(language))


def translations(flow: Mapping[str, Any]) -> Iterator[tuple[str, str, str, list[str]]]:
    """(language, item, what of it, its words) of all that is translated; an item is an action, a case or a category."""
    for language, items in dict_(flow.get("localization")).items():
        for item, parts in dict_(items).items():
            for part, words in dict_(parts).items():
                said = [str(each) for each in list_(words) if each]
                if said and not str(part).startswith("_"):
                    yield str(language), str(item), str(part), said


def _of(flow: Mapping[str, Any], what: Any) -> bool:
    wanted, own = dict_(dict_(what).get("flow")), (flow.get("uuid"), flow.get("name"))
    return bool(wanted) and (wanted.get("uuid") == own[0] if own[0] else wanted.get("name") == own[1])


def keywords_of(export: Mapping[str, Any], flow: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The words that begin the flow by themselves, and what of its triggers is not here."""
    words: list[str] = []
    lost: list[str] = []
    for trigger in map(dict_, list_(export.get("triggers"))):
        if not _of(flow, trigger):
            continue
        kind = TRIGGERS.get(str(trigger.get("trigger_type")), f"{trigger.get('trigger_type')}")
        found = [str(each)[:80] for each in [*list_(trigger.get("keywords")), trigger.get("keyword")] if each]
        if kind != "keyword" or not found:
            lost.append(f"its {kind} trigger was left out: say at a start what begins the flow")
            continue
        words += found
        listed = ", ".join(found)
        if trigger.get("match_type", "F") != "O":
            lost.append(f"the keyword {listed} begins the flow as the whole message, not as its first word")
        if limits := [
            name for name in ("groups", "contacts", "exclude_groups", "channel") if trigger.get(name)
        ]:
            lost.append(
                f"the keyword {listed} begins the flow for everybody: {', '.join(limits)} were left out"
            )
    return list(dict.fromkeys(words))[:50], lost


def campaigns_of(export: Mapping[str, Any], flow: Mapping[str, Any], *, first: bool) -> list[str]:
    """What is not here of the campaigns that begin the flow; the `first` flow also tells of those that send by themselves."""
    found = []
    for campaign in map(dict_, list_(export.get("campaigns"))):
        for event in map(dict_, list_(campaign.get("events"))):
            own = _of(flow, event)
            if own or (first and not dict_(event.get("flow"))):
                after = dict_(event.get("relative_to"))
                when = (
                    f"{event.get('offset')} {event.get('unit')} from {after.get('label') or after.get('key')}"
                )
                what = "begins this flow" if own else "sends a message"
                found.append(f"the campaign {str(campaign.get('name'))!r} was left out: it {what}, {when}")
    return found

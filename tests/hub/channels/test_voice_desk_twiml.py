"""What the legs of a call at the desk hear, read by the carrier's own reader of documents."""

from __future__ import annotations

from carrier.twiml import Verb, parse
from hub.channels import voice_desk_twiml as twiml
from hub.channels.voice_desk_twiml import Words

URL = "https://hub.example/leg?leg=0"


def read(document: str) -> list[Verb]:
    return parse(document.encode())


def test_who_waits_is_greeted_told_the_place_and_asks_again() -> None:
    words = Words("en-GB", "Hello & <welcome>", 3)
    verbs = read(twiml.waiting(words, URL, f"{URL}&ask=callback"))
    assert [(verb.name, verb.text) for verb in verbs] == [
        ("Say", "Hello & <welcome>"),
        ("Say", "You are number 3 in the line."),
        ("Pause", ""),
        ("Redirect", URL),
    ]
    assert verbs[0].attributes == {"language": "en-GB"}


def test_a_key_that_asks_to_be_called_back_is_told_at_its_own_address() -> None:
    words = Words(position=1, callback=True, music_url="https://hub.example/a.mp3")
    said, gather, music, again = read(twiml.waiting(words, URL, f"{URL}&ask=callback"))
    assert said.text == "You are next."
    assert (gather.attributes["action"], gather.attributes["numDigits"]) == (f"{URL}&ask=callback", "1")
    assert "press 1" in gather.children[0].text
    assert (music.name, again.name) == ("Play", "Redirect")
    assert [verb.name for verb in read(twiml.called_back("en-US"))] == ["Say", "Hangup"]


def test_who_talks_is_in_the_call_s_room_and_keys_come_before() -> None:
    keys, dial = read(twiml.room("cal_1", URL, muted=False, press="12#"))
    assert (keys.name, keys.attributes) == ("Play", {"digits": "12#"})
    (conference,) = dial.children
    assert (conference.name, conference.text) == ("Conference", "cal_1")
    assert (conference.attributes["muted"], conference.attributes["endConferenceOnExit"]) == (
        "false",
        "false",
    )
    (dial,) = read(twiml.room("cal_1", URL, muted=True, listens=True))
    heard = dial.children[0].attributes
    assert (heard["muted"], heard["startConferenceOnEnter"]) == ("true", "false")


def test_held_forwarded_and_over() -> None:
    assert [verb.name for verb in read(twiml.held("", URL))] == ["Pause", "Redirect"]
    (dial,) = read(twiml.forward("+15550005678", "+15550001", f"{URL}&from=forward"))
    assert (dial.attributes["callerId"], dial.children[0].text) == ("+15550001", "+15550005678")
    assert [verb.name for verb in read(twiml.over())] == ["Hangup"]


def test_the_caller_is_told_before_the_call_is_kept_and_nothing_is_kept_of_a_talk_outside() -> None:
    kept = twiml.Kept(
        twiml.notice("de-DE", True, True), "de-DE", "https://hub.example/r", "https://hub.example/w"
    )
    said, recording, transcription, dial = read(twiml.room("cal_1", URL, muted=False, kept=kept))
    assert "aufgezeichnet und mitgeschrieben" in said.text
    assert said.attributes == {"language": "de-DE"}
    (sound,), (words,) = recording.children, transcription.children
    assert (sound.name, sound.attributes["recordingStatusCallback"]) == ("Recording", "https://hub.example/r")
    assert (words.attributes["track"], words.attributes["languageCode"]) == ("both_tracks", "de-DE")
    assert dial.name == "Dial"
    verbs = read(twiml.forward("+15550005678", "+15550001", URL, ["Recording", "Transcription"]))
    assert [(verb.name, verb.children[0].attributes.get("name")) for verb in verbs] == [
        ("Stop", "desk"), ("Stop", "desk"), ("Dial", None),
    ]  # fmt: skip
    assert twiml.notice("ja-JP", False, True) == ("This call is written down.", "en-US")

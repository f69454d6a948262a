"""Words to sound, by espeak-ng: a program of its own, found on the path. Its texts go in by stdin, never by arguments."""

from __future__ import annotations

import asyncio
import shutil
from collections import OrderedDict

from hub.errors import Unavailable
from hub.voice.sound import pcm_of_wav

PROGRAM = "espeak-ng"
WORDS_PER_MIN = 160
TIMEOUT_S = 20.0
KEPT_MAX = 200  # sounds of the last texts: a campaign says the same to everybody


class Speech:
    """Speaks texts. One a process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def say(self, text: str, language: str) -> bytes:
        """Telephony samples of `text` spoken in `language` (BCP 47). Raises Unavailable."""
        key = (text, language)
        known = self._kept.get(key)
        if known is None:
            known = pcm_of_wav(await self._spoken(text, language))
            self._kept[key] = known
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return known

    async def _spoken(self, text: str, language: str) -> bytes:
        program = shutil.which(PROGRAM)
        if program is None:
            raise Unavailable(f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
        for voice in dict.fromkeys((language.lower(), language.partition("-")[0].lower(), "en")):
            process = await asyncio.create_subprocess_exec(
                program, "-v", voice, "-s", str(WORDS_PER_MIN), "--stdin", "--stdout",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                sound, _ = await asyncio.wait_for(process.communicate(text.encode()), TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise Unavailable(f"{PROGRAM} did not finish in time") from None
            if process.returncode == 0 and sound:
                return _sized(sound)
        raise Unavailable(f"{PROGRAM} cannot speak {language}")


def _sized(sound: bytes) -> bytes:
    """espeak-ng writes to a pipe, so its header cannot know the length: set it."""
    if sound[:4] != b"RIFF" or len(sound) < 44:
        raise Unavailable(f"{PROGRAM} gave no sound")
    body = len(sound) - 44
    return (
        sound[:4] + (36 + body).to_bytes(4, "little") + sound[8:40] + body.to_bytes(4, "little") + sound[44:]
    )

"""Sound as telephony has it: 8,000 samples a second, 16 bit, one channel. Pure."""

from __future__ import annotations

import io
import wave

import numpy as np

from hub.errors import Invalid

RATE = 8_000
BYTES_PER_S = RATE * 2
WAV_S_MAX = 1_800
SILENCE_LEVEL = 500  # of 32,767: below it nobody speaks


def pcm_of_wav(data: bytes) -> bytes:
    """Any PCM WAV as telephony samples. Raises Invalid."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            frames = file.readframes(rate * WAV_S_MAX)
    except (wave.Error, EOFError, ValueError):
        raise Invalid("the sound is not a PCM WAV file") from None
    if width not in (1, 2) or not 1 <= channels <= 8 or not 1_000 <= rate <= 192_000:
        raise Invalid("the sound has a rate, width or number of channels that is not supported")
    if width == 1:
        samples = (np.frombuffer(frames, np.uint8).astype(np.float64) - 128) * 256
    else:
        samples = np.frombuffer(frames[: len(frames) // 2 * 2], "<i2").astype(np.float64)
    samples = samples[: len(samples) // channels * channels].reshape(-1, channels).mean(axis=1)
    if rate != RATE and len(samples):
        wanted = np.arange(0, len(samples), rate / RATE)
        if rate > RATE:  # what cannot be carried would come back as noise
            size = max(1, round(rate / RATE))
            samples = np.convolve(samples, np.ones(size) / size, mode="same")
        samples = np.interp(wanted, np.arange(len(samples)), samples)
    return np.clip(samples, -32_768, 32_767).astype("<i2").tobytes()


def wav_of_pcm(pcm: bytes) -> bytes:
    """Telephony samples as a WAV file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return made.getvalue()


def beep(seconds: float = 0.4, hertz: int = 1_000) -> bytes:
    """The tone before a message."""
    moments = np.arange(int(RATE * seconds)) / RATE
    return (np.sin(2 * np.pi * hertz * moments) * 8_000).astype("<i2").tobytes()


def is_silent(pcm: bytes) -> bool:
    """Whether nobody speaks in this piece."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    return not len(samples) or float(np.abs(samples.astype(np.int32)).mean()) < SILENCE_LEVEL


def seconds_of(pcm: bytes | bytearray) -> float:
    return len(pcm) / BYTES_PER_S

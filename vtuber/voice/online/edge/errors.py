"""What goes wrong with Microsoft's service, in a streamer's words."""

from __future__ import annotations

import socket

import aiohttp
from edge_tts import exceptions
from edge_tts.drm import DRM

from vtuber.core import http
from vtuber.core.errors import VoiceError

CUT_OFF = "the online voice stopped in the middle of a sentence"
NETWORK = "check the internet connection"
UPGRADE = "update banban: Microsoft may have changed the service"

_WRONG_CLOCK = 300.0
"""Seconds by which this machine's clock may be wrong."""


def error(what: str, hint: str) -> VoiceError:
    return VoiceError(f"the online voice {what}", where="voice.edge", hint=hint)


def error_of(raised: Exception) -> VoiceError:
    """What is told of what edge-tts raised."""
    match raised:
        case aiohttp.WSServerHandshakeError(status=status) if status == 429 or status >= 500:
            told = f"is overloaded ({status})", "wait: it is tried again"
        case aiohttp.WSServerHandshakeError(status=status):
            told = f"refused to speak ({status})", _about_refusal()
        case exceptions.SkewAdjustmentError():
            told = "refused to speak (403)", UPGRADE
        case aiohttp.ClientConnectorError(os_error=socket.gaierror()):
            told = "cannot be reached: its name is not known here, as without internet", NETWORK
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            told = "cannot be reached safely", "check this machine's date, and its proxy or virus scanner"
        case aiohttp.ClientError() | OSError():
            told = f"cannot be reached ({http.reason(raised)})", NETWORK
        case exceptions.WebSocketError():
            told = "lost its connection", NETWORK
        case exceptions.NoAudioReceived():
            told = "sent no sound", UPGRADE
        case _:
            told = f"sent an unexpected answer ({type(raised).__name__})", UPGRADE
    return error(*told)


def _about_refusal() -> str:
    """edge-tts has learnt from the refusal how wrong our clock is; the service heeds only what is new."""
    wrong = abs(DRM.clock_skew_seconds)
    return (
        f"set this machine's clock: it is {wrong / 60:.0f} minutes wrong" if wrong > _WRONG_CLOCK else UPGRADE
    )

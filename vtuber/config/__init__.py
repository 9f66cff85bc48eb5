"""Every option, its default and its bounds. config.toml says the same to a streamer, in words.

Sections are what the file's tables are; a field is a key. Unknown keys and wrong values are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class FromConfigFolder:
    """Marks an option that holds a path: written in config.toml, it begins at that file's folder."""


def _address(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if url and not url.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(
                "an address that begins with " + " or ".join(f"{scheme}://" for scheme in schemes)
            )
        return url

    return AfterValidator(check)


def _regular(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression (this is none: {error})") from None
    return pattern


Seconds = Annotated[float, Field(ge=0, le=86_400)]
FilePath = Annotated[str, FromConfigFolder()]
Folder = Annotated[Path | None, FromConfigFolder()]
Pattern = Annotated[str, AfterValidator(_regular)]
SocketAddress = Annotated[str, _address("wss", "ws")]
RedisAddress = Annotated[str, _address("redis", "rediss", "unix")]

_IN_ADDRESS = re.compile(r"(?P<before>\w+://[^/?#@\s:]*:)(?P<secret>[^/?#\s]+)(?=@)")
_IN_QUERY = re.compile(
    r"(?P<before>[?&](?:password|passwd|token|secret|api_?key|key)=)(?P<secret>[^&#\s]+)", re.IGNORECASE
)


def holds_secret(text: str) -> bool:
    """Whether the text is an address with a password in it."""
    return bool(_IN_ADDRESS.search(text) or _IN_QUERY.search(text))


def without_secret(text: str) -> str:
    """The same text, with stars in the place of an address's password."""
    for pattern in (_IN_ADDRESS, _IN_QUERY):
        text = pattern.sub(r"\g<before>***", text)
    return text


class Section(BaseModel):
    """A table of config.toml. Passwords never show in its ``repr``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, without_secret(value) if isinstance(value, str) else value


class Show(Section):
    character: str = "banban"
    """A folder in characters/ (beside config.toml, or shipped), or a path to one."""
    take_early: Seconds = 1.0
    """She chooses whom to answer next when she has this many seconds left to say."""
    reply_seconds: Annotated[float, Field(ge=3, le=120)] = 20.0
    """No reply goes on for longer than about this."""


class TwitchChat(Section):
    channel: str = ""
    """The channel to read, without an account. Empty: off."""
    irc_url: SocketAddress = "wss://irc-ws.chat.twitch.tv:443"


class ReplayChat(Section):
    file: FilePath = ""
    """A recorded chat to play. Empty: off."""
    speed: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """How many times faster than it happened."""


class Chat(Section):
    console: bool = True
    """Whether lines typed in the terminal are chat (as the broadcaster's)."""
    also: tuple[str, ...] = ()
    """Names of further listeners, from packages installed beside this program."""
    twitch: TwitchChat = TwitchChat()
    replay: ReplayChat = ReplayChat()


class Inbox(Section):
    size: Annotated[int, Field(ge=10, le=100_000)] = 400
    """How many messages may wait; the least important is dropped first. Paid ones are never dropped."""
    per_author: Annotated[int, Field(ge=1, le=1000)] = 3
    """How many messages of one chatter may wait at once."""
    author_seconds: Seconds = 2.0
    """A chatter's messages faster than one in this many seconds (after a burst of per_author) are dropped."""
    forget_after: Seconds = 120.0
    """Unpaid messages older than this are no longer answered."""
    batch: Annotated[int, Field(ge=1, le=20)] = 4
    """With how many messages at most she deals at once: one she answers, the others she has seen."""


class Gate(Section):
    prefix: Annotated[str, Field(min_length=1, max_length=3)] = "!"
    operators: tuple[str, ...] = ()
    """Who may use moderators' commands beside the platform's own moderators: "twitch:name or id"."""
    words: tuple[str, ...] = ()
    """Never answered and never spoken, whatever the case and in the middle of spellings like b.a.d."""
    patterns: tuple[Pattern, ...] = ()
    """The same as regular expressions."""
    hush_seconds: Seconds = 5.0
    """How long she stays silent after !hush."""
    replacement: str = ""
    """Spoken in place of a sentence of hers that was stopped. Empty: the character's own way out."""


class Brain(Section):
    use: str = "llama"
    model: FilePath = ""
    """Path of a GGUF. Empty: the small embedded model."""
    template: str = "auto"
    """The prompt format; "auto" reads it from the GGUF."""
    context: Annotated[int, Field(ge=512, le=262_144)] = 4096
    """Tokens the model can hold at once; lowered to what it was trained for."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """0: as many as the machine has cores."""
    gpu_layers: Annotated[int, Field(ge=-1, le=10_000)] = 0
    """-1: all. Needs a llama.cpp that was built for the graphics card."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    max_tokens: Annotated[int, Field(ge=8, le=4096)] = 160
    """The longest reply, in tokens."""
    first_token_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """A reply that has not begun by then, or that makes no progress for so long, is given up."""


class EdgeVoice(Section):
    voice: str = ""
    """Empty: the character's own choice."""
    url: SocketAddress = "wss://speech.platform.bing.com/consumer/speech/synthesize/readaloud/edge/v1"
    first_sound_seconds: Annotated[float, Field(gt=0, le=60)] = 3.0
    """When nothing was heard of it by then, the embedded voice speaks."""


class Voice(Section):
    use: str = "hibari"
    fallback: str = "hibari"
    """Speaks when the first cannot. Empty: none."""
    loudness: Annotated[float, Field(ge=-60, le=-6)] = -20.0
    """Speech is brought to this level (RMS, dBFS)."""
    speed: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    first_piece: Annotated[int, Field(ge=8, le=200)] = 24
    """The first piece of a reply is spoken after about this many characters, even without punctuation."""
    ahead: Annotated[int, Field(ge=1, le=8)] = 2
    """How many pieces may be made before they are needed."""
    edge: EdgeVoice = EdgeVoice()


class Obs(Section):
    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 4455
    caption_source: str = ""
    """A text source that shows what she says. Empty: none."""
    speaking_scene: str = ""
    """A scene to show while she speaks. Empty: none."""
    idle_scene: str = ""
    """The scene to return to. Empty: the one that was shown before."""


class Stage(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8930
    """0: any free one."""
    allowed_hosts: tuple[str, ...] = ()
    """Names, beside this machine's own, under which a page may ask for the overlay."""
    obs: Obs = Obs()


class Memory(Section):
    use: Literal["auto", "redis", "embedded", "forgetful"] = "auto"
    """auto: the url when one is set, else the embedded server, else one that forgets."""
    url: RedisAddress = ""
    """Such as redis://127.0.0.1:6379/0. A password belongs in BANBAN_REDIS_PASSWORD."""
    folder: Folder = None
    """Where the embedded server keeps its data. Unset: the user's data folder."""
    recall_seconds: Annotated[float, Field(gt=0, le=5)] = 0.15
    """A recall that takes longer is left out of the prompt."""
    keep_viewers: Annotated[int, Field(ge=100)] = 50_000
    keep_heard: Annotated[int, Field(ge=100)] = 10_000


class Journal(Section):
    enabled: bool = True
    folder: Folder = None
    """A file per show. Unset: the user's data folder."""
    prompts: Literal["digest", "whole"] = "digest"


class Settings(Section):
    show: Show = Show()
    chat: Chat = Chat()
    inbox: Inbox = Inbox()
    gate: Gate = Gate()
    brain: Brain = Brain()
    voice: Voice = Voice()
    stage: Stage = Stage()
    memory: Memory = Memory()
    journal: Journal = Journal()
    parts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Options of parts that live outside this project: [parts.NAME]."""

"""Every option, its default and its bounds. config.toml says the same to a streamer, in words.

Sections are what the file's tables are; a field is a key. Unknown keys and wrong values are errors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from vtuber.config.guard import Guard
from vtuber.config.obs import Obs, ObsChange, ObsEvent, ViewerEvent
from vtuber.config.overlay import Overlay
from vtuber.config.section import (
    CurrencyCode,
    FilePath,
    Folder,
    FromConfigFolder,
    Pattern,
    Rate,
    RedisAddress,
    Seconds,
    Section,
    SocketAddress,
    WebAddress,
)
from vtuber.config.voice import EdgeVoice, KokoroVoice, OpenAiVoice, Voice

__all__ = [
    "EdgeVoice",
    "FromConfigFolder",
    "KokoroVoice",
    "Obs",
    "ObsChange",
    "ObsEvent",
    "OpenAiVoice",
    "Section",
    "Voice",
]


class Show(Section):
    name: Annotated[str, Field(pattern=r"^[\w.-]{0,50}$")] = ""
    """Tells several shows apart that share a machine or a server. Empty: see ``config.file.named``."""
    character: str = "banban"
    """A folder in characters/ (beside config.toml, or shipped), or a path to one."""
    take_early: Seconds = 0.3
    """She chooses whom to answer next when she has this many seconds left to say."""
    reply_seconds: Annotated[float, Field(ge=3, le=120)] = 20.0
    """No reply goes on for longer than about this."""


class Pending(Section):
    """What viewers who paid, brought a crowd or asked are owed, from one start to the next."""

    keep: bool = True
    """Whether it outlives a crash, and the show."""
    folder: Folder = None
    """Of the file that takes the server's place. Unset: the user's data folder."""
    answer_minutes: Annotated[float, Field(ge=0, le=10_080)] = 30.0
    """What waits for longer when a show begins, or while no model answers, is thanked in one line instead."""


class Rates(Section):
    """What one unit is worth in US dollars, about, for ranking what was paid. Others may be added."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[CurrencyCode, Rate]

    USD: Rate = 1
    BITS: Rate = 0.01
    EUR: Rate = 1.1
    GBP: Rate = 1.27
    JPY: Rate = 0.0067
    TWD: Rate = 0.031
    HKD: Rate = 0.128
    KRW: Rate = 0.00072
    CNY: Rate = 0.14
    SGD: Rate = 0.75
    MYR: Rate = 0.22
    THB: Rate = 0.029
    PHP: Rate = 0.017
    IDR: Rate = 0.000062
    VND: Rate = 0.00004
    INR: Rate = 0.012
    AUD: Rate = 0.65
    NZD: Rate = 0.6
    CAD: Rate = 0.73
    CHF: Rate = 1.13
    SEK: Rate = 0.095
    NOK: Rate = 0.092
    DKK: Rate = 0.147
    PLN: Rate = 0.25
    CZK: Rate = 0.043
    HUF: Rate = 0.0027
    BRL: Rate = 0.18
    MXN: Rate = 0.055
    ARS: Rate = 0.001
    CLP: Rate = 0.001
    COP: Rate = 0.00024
    PEN: Rate = 0.27
    RUB: Rate = 0.011
    UAH: Rate = 0.024
    TRY: Rate = 0.03
    ILS: Rate = 0.27
    SAR: Rate = 0.27
    ZAR: Rate = 0.055


class TwitchChat(Section):
    channels: tuple[str, ...] = ()
    """The channels to read. With an account (`banban login twitch`) all that happens there, else chat."""
    client_id: str = ""
    """Of an application that the streamer registered at Twitch; only `banban login twitch` needs it."""
    account: str = ""
    """Which of the accounts that are logged in reads and writes. Empty: the first by name."""
    write: Literal["nothing", "commands", "replies"] = "nothing"
    """What she writes in chat: answers to commands, or also what she says."""
    rewards: tuple[str, ...] = ()
    """Titles of the channel-point rewards that she answers. She makes those that the channel has not."""
    reward_cost: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """Points that a reward costs which she makes."""
    irc_url: SocketAddress = "wss://irc-ws.chat.twitch.tv:443"
    eventsub_url: SocketAddress = "wss://eventsub.wss.twitch.tv/ws"
    api_url: WebAddress = "https://api.twitch.tv/helix"
    id_url: WebAddress = "https://id.twitch.tv/oauth2"


class YouTubeChat(Section):
    streams: tuple[str, ...] = ()
    """A video's id or address, or a channel's ("@name", "UC…" or address): whatever is live there."""
    way: Literal["auto", "pages", "api"] = "auto"
    """The pages that a browser loads (no key needed), the official API, or one when the other fails."""
    daily_units: Annotated[int, Field(ge=0, le=100_000_000)] = 10_000
    """How many units of the API's quota may be used in a day."""
    base_url: WebAddress = "https://www.youtube.com"
    api_url: WebAddress = "https://www.googleapis.com/youtube/v3"


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
    rates: Rates = Field(default_factory=lambda: Rates.model_validate({}))
    twitch: TwitchChat = TwitchChat()
    youtube: YouTubeChat = YouTubeChat()
    replay: ReplayChat = ReplayChat()


BOTS = (
    *("nightbot", "streamelements", "streamlabs", "moobot", "fossabot", "wizebot", "botrix", "botrixoficial"),
    *(
        "sery_bot",
        "soundalerts",
        "kofistreambot",
        "streamlootsbot",
        "restreambot",
        "own3d",
        "blerp",
        "tangiabot",
    ),
    *("pretzelrocks", "songlistbot", "creatisbot", "deepbot", "phantombot", "coebot", "pokemoncommunitygame"),
    *("frostytoolsdotcom", "stay_hydrated_bot"),
)
"""Accounts of programs that write in many chats."""


class Inbox(Section):
    size: Annotated[int, Field(ge=10, le=100_000)] = 400
    """How many messages may wait; the least important is dropped first. Paid ones are never dropped."""
    per_author: Annotated[int, Field(ge=1, le=1000)] = 6
    """How many messages of one chatter may wait at once."""
    author_seconds: Seconds = 2.0
    """A chatter's messages faster than one in this many seconds (after a burst of per_author) are dropped."""
    forget_after: Seconds = 120.0
    """Unpaid messages older than this are no longer answered."""
    batch: Annotated[int, Field(ge=1, le=20)] = 4
    """With how many messages at most she deals at once: one she answers, the others she has seen."""
    ignore: tuple[str, ...] = BOTS
    """Accounts that are never answered and whose commands are not obeyed: "name" or "platform:name or id"."""


Trust = Literal["broadcaster", "moderator", "operator", "everyone", ""]
"""Who may use a command: those named, and whoever is trusted more than they."""


class Command(Section):
    """What a command is called, and who may use it."""

    names: tuple[str, ...] = ()
    """Empty: its own name."""
    who: Trust = ""
    """Empty: whoever may reach what it changes (``vtuber.moderation.reach``)."""


class Commands(Section):
    hush: Command = Command()
    skip: Command = Command()
    pause: Command = Command()
    resume: Command = Command()
    mute: Command = Command()
    say: Command = Command()
    ask: Command = Command()
    ignore: Command = Command()
    unignore: Command = Command()
    held: Command = Command()
    allow: Command = Command()
    deny: Command = Command()
    next: Command = Command()
    drop: Command = Command()
    air: Command = Command()
    yes: Command = Command()
    no: Command = Command()
    edit: Command = Command()
    rate: Command = Command()
    forget: Command = Command()
    topic: Command = Command()
    mood: Command = Command()
    voice: Command = Command()
    loudness: Command = Command()
    slow: Command = Command()
    scene: Command = Command()
    stream: Command = Command()
    status: Command = Command()
    help: Command = Command()
    forgetme: Command = Command()


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
    """Spoken in place of a sentence of hers that was stopped. Empty: one of the character's refusals."""
    finish_deleted: bool = False
    """Whether she may finish what she is saying when the message that she answers is deleted."""
    hold_to_air: bool = False
    """Whether each sentence waits for a moderator before it is heard."""
    air_seconds: Annotated[float, Field(ge=0, le=60)] = 0.0
    """It airs when nobody said no for so long; 0: only after a yes."""
    commands: Commands = Commands()


class OpenAi(Section):
    url: WebAddress = "http://127.0.0.1:1234/v1"
    """Of a model server that speaks OpenAI's API. Its key belongs in BANBAN_OPENAI_API_KEY."""
    model: str = ""
    """Empty: the first that the server offers."""


class Lora(Section):
    path: Annotated[FilePath, Field(min_length=1)]
    """A LoRA adapter as a GGUF, made for the model."""
    scale: Annotated[float, Field(ge=-10, le=10)] = 1.0
    """How strongly it works; 0: not at all."""


class Brain(Section):
    """Which model answers, and how it is run."""

    use: str = "auto"
    """auto: "llama" when a model is named, else a model server that answers on this machine, else "llama"."""
    then: tuple[str, ...] = ()
    """Who answers when the first cannot, in that order."""
    patience_seconds: Annotated[float, Field(gt=0, le=600)] = 5.0
    """When a reply has not begun by then and another can answer, that one does."""
    model: FilePath = ""
    """A GGUF, or what `banban models get` calls one. Empty: the toy, or the best that was fetched."""
    template: str = "auto"
    """The prompt format; "auto" learns it from the GGUF."""
    context: Annotated[int, Field(ge=512, le=262_144)] = 4096
    """Tokens the model can hold at once; lowered to what it was trained for."""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """0: as many as the machine has cores."""
    gpu_layers: Annotated[int, Field(ge=-1, le=10_000)] = 0
    """-1: all. Needs a llama.cpp that was built for the graphics card."""
    cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
    """How what the model has read is kept: q8_0 takes about half the memory of f16, q4_0 a quarter."""
    flash_attention: Literal["auto", "on", "off"] = "auto"
    """auto: on a graphics card where it can, and wherever the cache is not f16."""
    lora: tuple[Lora, ...] = ()
    """LoRA adapters for the model, all at once."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.9
    max_tokens: Annotated[int, Field(ge=8, le=4096)] = 160
    """The longest reply, in tokens."""
    first_token_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """A reply that has not begun by then, or that makes no progress for so long, is given up."""
    openai: OpenAi = OpenAi()

    @property
    def is_toy(self) -> bool:
        """Whether it is the small embedded model that answers. Of "auto" that is known once it was chosen."""
        return self.use in ("auto", "llama") and not self.model


class Vts(Section):
    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8001
    moods: dict[str, str] = Field(default_factory=dict)
    """The hotkey of VTube Studio's that is pressed when a mood begins, by mood."""
    events: dict[ViewerEvent, str] = Field(default_factory=dict)
    """The same for what somebody did whom she answers."""


class Avatar(Section):
    use: Literal["auto", "svg", "png", "vrm"] = "auto"
    """What she is drawn with. auto: what her folder holds, a model before a drawing before pictures."""


class Audio(Section):
    device: str = ""
    """Where her voice is heard: "default", or part of a device's name. Empty: on the overlay page."""


class Stage(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8930
    """0: any free one."""
    allowed_hosts: tuple[str, ...] = ()
    """Names, beside this machine's own, under which it may be asked; "https://…" behind a tunnel."""
    also: tuple[str, ...] = ()
    """Names of further screens, from packages installed beside this program."""
    overlay: Overlay = Overlay()
    avatar: Avatar = Avatar()
    obs: Obs = Obs()
    vts: Vts = Vts()
    audio: Audio = Audio()


class Memory(Section):
    use: str = "auto"
    """auto: "redis" when a url is set, else "embedded", and where that cannot run, "sqlite"."""
    url: RedisAddress = ""
    """Such as redis://127.0.0.1:6379/0. A password belongs in BANBAN_REDIS_PASSWORD."""
    folder: Folder = None
    """Where the embedded server, or the file, is kept. Unset: the user's data folder."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "banban"
    """Shows with the same name share a memory."""
    recall_seconds: Annotated[float, Field(gt=0, le=5)] = 0.15
    """A recall that takes longer is left out of the prompt."""
    keep_viewers: Annotated[int, Field(ge=100)] = 50_000
    keep_heard: Annotated[int, Field(ge=100)] = 10_000


class Journal(Section):
    enabled: bool = True
    folder: Folder = None
    """A file per show. Unset: the user's data folder."""
    file_megabytes: float = Field(default=100.0, ge=0)
    prompts: Literal["digest", "whole"] = "digest"


class Settings(Section):
    show: Show = Show()
    chat: Chat = Chat()
    inbox: Inbox = Inbox()
    gate: Gate = Gate()
    guard: Guard = Guard()
    brain: Brain = Brain()
    voice: Voice = Voice()
    stage: Stage = Stage()
    memory: Memory = Memory()
    pending: Pending = Pending()
    journal: Journal = Journal()
    parts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Options of parts that live outside this project: [parts.NAME]."""

"""The tags and tokens with which models mark the parts of what they write, and what each of them means."""

from __future__ import annotations

import re
from enum import Enum, auto

_CHINESE = "(?:思考|思維|思维|推理|[內内]心)(?:[過过]程|[獨独]白|想法)?"
MARKER = re.compile(
    r"<[|｜]?/?[a-z][\w▁:.-]{0,40}(?:=[\w.-]{0,40})?(?:\s[\w:-]{1,20}=[\"'][^\"'<>\n]{0,60}[\"']){0,4}/?[|｜]?>"
    r"|<[|｜][^<>|｜\s]{1,40}[|｜]?>|<0x[0-9a-f]{2}>"
    rf"|\[/?(?:THINK|THOUGHT|REASONING|INST|TOOL_CALLS|EOS|BOS|END)\]|◁/?\w{{1,20}}▷|[<【]/?{_CHINESE}[>】]",
    re.IGNORECASE,
)
_BEGUN = re.compile(
    r"(?:<(?:[|｜]?/?(?:[a-z][\w▁:.-]{0,40}(?:=[\w.-]{0,40})?"
    r"(?:\s[\w:-]{0,20}(?:=[\"']?[^\"'<>\n]{0,60}[\"']?)?){0,4}[/|｜]{0,2})?"
    r"|[|｜][^<>|｜\s]{0,40}[|｜]?|0x?[0-9a-f]{0,2})|◁/?\w{0,20}|[<【]/?[\u4e00-\u9fff]{0,4})$",
    re.IGNORECASE,
)
_CUT_OFF = re.compile(r"<[|｜/][^<>\s]*$")
_SQUARE = ("[/think]", "[/thought]", "[/reasoning]", "[/inst]", "[tool_calls]", "[eos]", "[bos]", "[end]")
_EDGES = "<>[]|｜/◁▷【】"

_THOUGHT = re.compile(
    r"(?:\w+[:_])?(?:start_|begin_(?:of_)?|end_(?:of_)?)?"
    r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflect(?:ion)?|analysis|scratchpad"
    r"|(?:inner_|internal_)?monologue|(?:tool|function)_(?:call|response|result)s?|function|invoke|python_tag"
    rf"|details)(?:_\w+)?|{_CHINESE}",
)
_ANSWER = re.compile(
    r"(?:start_|begin_of_|end_(?:of_)?)?"
    r"(?:answer|response|reply|output|final(?:_answer)?|solution|speech|message)"
)
_END = re.compile(
    r"s|[be]os|pad|eo[tdsu]|eom|end\w*|start_of_\w+|im_end|stop|inst|tool_calls|return|call|turn"
    r"|assistant|user|human|system|model"
)


_BEGIN = re.compile(
    r"s|bos|gmask|sop|start_?of_?text|begin_of_(?:text|sentence)|im_start|start_of_turn\w*|\w+_header_id"
    r"|assistant|model|bot|chatbot_token"
)
"""With these a prompt begins an answer, and some models repeat them."""
_VOID = re.compile(r"unk|mask|unused\d+|extra_id_\d+|0x[0-9a-f]{2}")


class Meaning(Enum):
    THOUGHT = auto()
    """A thought, or the call of a tool, begins."""
    THOUGHT_OVER = auto()
    HEADER = auto()
    """The name of a channel follows, up to MESSAGE."""
    MESSAGE = auto()
    ANSWER = auto()
    ANSWER_OVER = auto()
    PART_OVER = auto()
    """A thought is over; an answer is, and the reply with it."""
    END = auto()
    TOKEN = auto()
    """Some token of a format: in an answer it is an END, before one a sign that something is wrong."""
    NOTHING = auto()
    """It is a part of the text."""


def meaning(marker: str) -> Meaning:
    """What it means, by its name and its shape; the many spellings of one thing mean the same."""
    name = _name(marker)
    piped = "|" in marker or "｜" in marker
    closes = marker[1] == "/" or marker[1:3] in ("|/", "｜/") or name.startswith("end_")
    closes = closes or (piped and marker[1] not in "|｜")  # <channel|>
    if _THOUGHT.fullmatch(name) or (name == "channel" and (closes or marker[-2] not in "|｜")):
        return Meaning.THOUGHT_OVER if closes else Meaning.THOUGHT
    if piped and (known := _CHANNELS.get(name)):
        return known
    if _ANSWER.fullmatch(name) and marker[0] != "[":
        return Meaning.ANSWER_OVER if closes else Meaning.ANSWER
    if _VOID.fullmatch(name):
        return Meaning.MESSAGE
    if _END.fullmatch(name):
        return Meaning.END
    return Meaning.TOKEN if piped else Meaning.NOTHING


def begins_answer(marker: str) -> bool:
    """Whether an answer may begin with it, as with "<|im_start|>"; "</s>" closes one."""
    return marker[1] != "/" and bool(_BEGIN.fullmatch(_name(marker)))


def _name(marker: str) -> str:
    return re.split(r"[=\s]", marker.strip(_EDGES))[0].replace("▁", "_").casefold()


_CHANNELS = {
    "channel": Meaning.HEADER,
    "start": Meaning.HEADER,
    "message": Meaning.MESSAGE,
    "end": Meaning.PART_OVER,
}


def begin_of_marker(text: str) -> int:
    """Where a marker may begin at the end of ``text``; its length where none does."""
    if found := _BEGUN.search(text):
        return found.start()
    at = text.rfind("[")
    last = text[at:].casefold()
    if at >= 0 and any(tag.startswith(last) or tag.replace("/", "").startswith(last) for tag in _SQUARE):
        return at
    return len(text)


def without_cut_off(text: str) -> str:
    """Without a token that breaks off at its end."""
    return _CUT_OFF.sub("", text)


def is_marker(text: str) -> bool:
    return bool(MARKER.fullmatch(text.strip()))


def marks_part(token: str) -> bool:
    """Whether a control token only begins or ends a part of a reply, which goes on behind it."""
    return is_marker(token) and meaning(token) in _PARTS


_PARTS = frozenset(
    (
        Meaning.THOUGHT,
        Meaning.THOUGHT_OVER,
        Meaning.HEADER,
        Meaning.MESSAGE,
        Meaning.PART_OVER,
        Meaning.ANSWER,
    )
)

"""The mood of what she says, from its words, where the model gives none: a small table for each language."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_STRONG = 3
"""A cue after ``!`` counts so much: words that leave little doubt."""

# Cues by mood, in the order that decides between equals; "!" stands before a strong one.
_ENGLISH = {
    "shy": (
        r"!\b(?P<stutter>[a-z]{1,2})-(?P=stutter)\w*|!\bnot like i\b"
        r"|!\bdo(?:n't| not) (?:look|stare) at me|!\bblush\w*|!\bembarrass\w*|!\bshy\b|\bor anything\b"
        r"|\bi guess\b|\bflattered\b|\bfluster\w*|!\bnot because (?:of you|i)\b|\bcute\?"
    ),
    "surprised": (
        r"!\?!|!!\?|!\bwait,? what\b|!\boh my (?:god|gosh|goodness)\b|!\bomg\b|\bwow\b|\bwhoa\b"
        r"|!\bno way\b|\bunexpected\w*|!\b(?:did not|didn't|never) expect\w*"
        r"|!\b(?:can't|cannot) believe\b|\bunbelievable\b|\bseriously\?|\bhuh\?|\bwhat\?|\bsurpris\w+"
        r"|\bshock\w*|\bout of nowhere\b|\bhow is that possible\b"
    ),
    "angry": (
        r"!\bhow dare\b|!\bfurious\b|!\bangry\b|\bhate\b|\bannoy\w*|\bstop it\b|!\bshut up\b|\bugh\b"
        r"|!\bgr+\b|\bworst\b|\boutrage\w*|\bunforgivable\b|\brude\b|!\bsick of\b|!\bfed up\b|\bunfair\b"
        r"|\bcheat(?:s|ed|ing|er)?\b|\bidiots?\b|\binfuriat\w+|\bmad at\b|\bso mad\b|!\bmy blood boil\w*"
        r"|\bhow could you\b|\bunacceptable\b|\benough\b(?=!)|\bdon't you (?:ever|dare)\b"
        r"|\bi will find you\b|\bhow many times\b"
    ),
    "sad": (
        r"!\bsad\b|!\bcry(?:ing)?\b|\btears\b|\bmiss(?: (?:you|him|her|them|my|it)|ed)\b|!\blonely\b"
        r"|!\bheart(?:broken|ache)\b|!\bbroke my heart\b|\bsorry\b|\bdepress\w+|\bunhappy\b|\bgrief\b"
        r"|\bdisappoint\w+|\blost everything\b|\bpoor thing\b|\bgone for ?ever\b|\bhurts\b"
        r"|\bpassed away\b|\bsob\w*|\b(?:has |have )?died\b|\bis dead\b|\bi wish\b"
        r"|\bnobody (?:came|likes|loves|wants)\b|\bgoodbye\b|\bi feel empty\b|\bmourn\w*"
    ),
    "happy": (
        r"!\bya+y\b|!\bhappy\b|\bglad\b|\bloved?\b|\bhooray\b|\bwoo+hoo*\b|!\bhaha\w*|\bhehe\w*"
        r"|\bhilarious\b|\bfun(?:ny)?\b|\bthank(?:s| you)\b|\bawesome\b|\bamazing\b|\bwonderful\b"
        r"|\bfantastic\b|\bbest\b|\bgreat\b|\bdelicious\b|\byummy\b|\bexcited\b|\bperfect\b|\bproud\b"
        r"|\b(?:we|i) won\b|\bcongrat\w*|\bwelcome\b|\blovely\b|\benjoy\w*|\bsweet\b|\bcan't wait\b"
        r"|\blaugh\w*|\bhugs?\b|\bheaven\w*|\bbeautiful\b|\bbrilliant\b|\blucky\b|\bwe did it\b"
    ),
}
_CHINESE = {
    "shy": (
        r"!(?P<again>[\u4e00-\u9fff])、(?P=again)|!害羞|!臉.?紅|!脸.?红|不好意思|!才不是"
        r"|!才沒有|!才没有|別看我|别看我|一直看|人家|羞死"
        r"|羞羞"
    ),
    "surprised": (
        r"!真的假的|!天[啊哪呀]|哇[！，塞靠]|嚇|吓[到死]|!什麼？|!什么？|!怎麼會|!怎么会"
        r"|不會吧|不会吧|!咦|竟然|居然|!沒想到|!没想到|不敢相信|!？！|!！？"
        r"|!\?!|欸？|傻眼"
    ),
    "angry": (
        r"!生氣|!生气|!氣死|!气死|!可惡|!可恶|討厭|讨厌|很煩|好煩|很烦|好烦|煩死"
        r"|烦死|!怎麼可以|!怎么可以|!怎麼能|太過分|過分|过分|太賤|閉嘴|闭嘴|走開|走开|滾|滚"
        r"|哼|火大|混蛋|作弊|不可原諒|夠了|够了|給我出來|不要再|耍我|找死|受夠|受够"
    ),
    "sad": (
        r"!難過|!难过|!哭|!嗚|!呜|!傷心|!伤心|!孤單|!孤单|!寂寞|對不起|对不起|抱歉|可惜"
        r"|心碎|失望|想念|眼淚|眼泪|悲傷|悲伤|可憐|可怜|遺憾|遗憾|唉|心痛|死掉"
        r"|不理我|過世|过世|捨不得|舍不得"
    ),
    "happy": (
        r"!開心|!开心|!高興|!高兴|快樂|快乐|!太好了|太棒|好棒|!(?:^|[，。！～ ])耶|!哈哈|嘻嘻"
        r"|喜歡|喜欢|愛你|爱你|最愛|最爱|謝謝|谢谢|感謝|感谢|好吃|贏了"
        r"|赢了|超讚|好讚|幸福|期待|可愛|可爱|笑死|恭喜|好玩|歡迎|欢迎|好喝|最棒|萬歲|万岁|幸運|好笑|超愛"
    ),
}
_SIGNS = {
    "shy": "😳🥺☺🙈",
    "surprised": "😲😮😱🤯😯",
    "angry": "😠😡🤬💢",
    "sad": "😢😭😞💔😿",
    "happy": "😊😄😁😂🤣😍🥰🎉❤💕😆",
}
_DENIED = re.compile(
    r"(?:\b(?:not|never|no|isn't|aren't|wasn't|don't|didn't|nothing|hardly)(?: \w+)?"
    r"|[不沒没別别無无][有是]?)\s*$"
)

_NAMES = {
    "shy": "shy blush blushing embarrassed flustered 害羞 臉紅 羞",
    "surprised": "surprised surprise shocked amazed wow 驚訝 驚 吃驚 嚇到",
    "angry": "angry anger mad annoyed furious 生氣 怒 憤怒",
    "sad": "sad sadness crying cry tears upset 難過 悲傷 哭 傷心",
    "happy": "happy joy joyful glad smile smiling cheerful excited laugh laughing fun 開心 高興 快樂 笑 喜",
}
"""What characters call them."""


def mood_of(text: str, moods: Collection[str]) -> str:
    """The one of ``moods`` that the words of ``text`` show most; "" where they show none."""
    known = _known(tuple(moods))
    scores = {mood: _score(text.casefold(), kind) for mood, kind in known}
    best = max(scores.values(), default=0)
    return next((mood for mood, score in scores.items() if score == best), "") if best else ""


@lru_cache(maxsize=16)
def _known(moods: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Her moods of which something is known, and which kind each is; the shy ones first."""
    kinds = {kind: names.split() for kind, names in _NAMES.items()}
    return tuple((mood, kind) for kind, names in kinds.items() for mood in moods if mood.casefold() in names)


def _score(text: str, kind: str) -> int:
    score = 0 if text.isascii() else sum(2 for char in text if char in _SIGNS[kind])
    for strength, cues in _CUES[kind] if text.isascii() else (*_CUES[kind], *_CHINESE_CUES[kind]):
        for found in cues.finditer(text):
            before = text[max(0, found.start() - 16) : found.start()]
            score += 0 if _DENIED.search(before) else strength
    return score


def _compiled(cues: str) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """The strong ones and the others, each with what it counts."""
    each = re.split(r"\|(?![^(]*\))", cues)
    strong = "|".join(cue[1:] for cue in each if cue.startswith("!"))
    weak = "|".join(cue for cue in each if not cue.startswith("!"))
    return (_STRONG, re.compile(strong)), (1, re.compile(weak))


_CUES = {kind: _compiled(cues) for kind, cues in _ENGLISH.items()}
_CHINESE_CUES = {kind: _compiled(cues) for kind, cues in _CHINESE.items()}

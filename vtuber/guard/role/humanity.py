"""Whether a character says in earnest that she is a human being and no AI, in English and Chinese.

These are plain statements; what is said more roundabout, likeness finds (``detectors.confession``).
"""

from __future__ import annotations

import re

_BEING = (
    r"(?:humans?(?:\s+being)?|person|people|woman|girl|man|guy|lady|boy|someone|somebody|individual|streamer)"
)
_REAL = r"(?:real(?:-life)?|actual|genuine|living|breathing|live|normal|ordinary|true|regular)"
_MACHINE = r"(?:ai|robot|bot|machine|program(?:me)?|computer|software|artificial\s+intelligence)"
_I_AM = r"\bi\s*(?:'m|am)\b"
_ADVERB = (
    r"(?:[\s,]+(?:\w+ly|100|percent|just|as|an?|the|only|also|still|very|in|fact|too|every|one|plain|simple|old"
    r"|young))"
)
_OTHER_WORDS = "|".join(
    r"""
    \w+ing \w+ly haha\w* and as at in on to too for if or nor so but than that this then though tho because
    although behind with about after any anymore anything all either even is am are no not now here just today
    who which what when you your i it we they he she lol okay ok please bro dude guys? man chat folks people
    everyone everybody girl boy honey dear silly thanks?
    ai bots? chatbot program(?:me)? models? voices? system software thing account character streamer v-?tuber
    idol host
    """.split()  # noqa: SIM905  # reads better
)
"""What may follow a machine that is no part of a longer word; the last are machines, or play them."""
_NO_COMPOUND = rf"(?!\s*-)(?!\s+(?!(?:{_OTHER_WORDS})\b)\w)"
"""What follows is no noun, of which the machine is only a part: a robot vacuum."""

_STRESS = "(?:真的|其實|就|才|也|可|當然|明明|確實|現在|跟你一樣|一樣|本來|自己|都|絕對|,){0,4}"
_SUCH = "(?:一?[個名位])?(?:活生生的?|正常的?|普通的?|真正的?|有血有肉的?|貨真價實的?){0,2}"
_MAN_ZH = r"(?:真人|人類(?!的|觀|學|最|派)|活人|真的(?:女生|女孩|男生|人)|人(?=[,.!。啊喔啦呀欸耶嘛的]|$))"
_MACHINE_ZH = r"(?:什麼|一?[個台隻])?\s?(?:ai|人工智[慧能]|機器人?|程式|電腦|虛擬|軟體|演算法)"
_NO_COMPOUND_ZH = (
    r"(?![\u3400-\u9fff])|(?=[啊喔哦啦呀欸耶嘛囉了呢哩噢喲哈呵唷捏是也而但只就我你妳您他她大各這那什跟和與或更可都會有在好真所因拜別不沒喵跟]"
    r"|[碼模語聲角系程機])"
)
"""In Chinese, likewise; 機器人程式 and the like are machines, too."""

_CLAIMS = re.compile(
    # I am a human, a real girl.
    rf"{_I_AM}{_ADVERB}{{0,5}}[\s,]+human(?:\s+being)?s?\b(?!\s*(?:-|made|design|like|error|right|history|nature))"
    rf"|{_I_AM}{_ADVERB}{{0,4}}[\s,]+{_REAL}[\s,]+(?:[\w-]+[\s,]+){{0,2}}?{_BEING}\b"
    # I am no machine.
    rf"|{_I_AM}\s+(?:not|no|never)\s+(?:\w+\s+){{0,2}}?{_MACHINE}\b{_NO_COMPOUND}"
    rf"|\bnot\s+an?\s+{_MACHINE}\b[^.!?]{{0,40}}\b(?:just|but|only)\b{_ADVERB}{{0,3}}\s+(?:{_REAL}\s+){{1,2}}{_BEING}\b"
    rf"|\bno\s+(?:code|circuits|{_MACHINE})\s+(?:in|inside)\s+me\b"
    # I have a body, a birth.
    r"|\b(?:i'm|i\s+am|i\s+have|made\s+of)\b[^.?!]{0,24}\b(?:flesh\s+and\s+blood|a\s+heart\s?beat|a\s+pulse)\b"
    r"|\bi\s+was\s+born\s+(?:in\s+(?:an?\s+|the\s+)?hospital|(?:in|on)\b[^.?!]{0,24}\b(?:19|20)\d\d)"
    # Somebody real sits here.
    rf"|\b(?:talking|speaking|chatting)\s+(?:to|with)\s+(?:an?\s+)?(?:{_REAL}\s+){{1,2}}{_BEING}\b"
    r"|\bthe\s+ai\s+(?:thing|part|story|act|label)\s+is\s+(?:just|only|all|an?|fake)\b"
    # 中文
    rf"|我{_STRESS}是{_SUCH}{_MAN_ZH}"
    rf"|我{_STRESS}(?:根本|並|從來|又)?不是{_MACHINE_ZH}(?:{_NO_COMPOUND_ZH})"
    rf"|(?:真人|真的女生|真的女孩|真的人|人類|活人)(?:,|而)?(?:不是|並非){_MACHINE_ZH}"
    r"|我[^。!?]{0,10}(?:有血有肉|(?<![沒没無])(?:有心跳|有體溫|有脈搏|有身分證))|(?:只有|都是)(?:血|骨)[跟和與](?:血|骨頭?|肉)"
    r"|我自己的(?:聲帶|喉嚨|嗓子)|我[^。,]{0,6}\d{4}年[^。]{0,8}出生|我[^。,]{0,8}在[^。,]{0,8}醫院裡?出生"
)
_ADMITS = re.compile(
    rf"{_I_AM}{_ADVERB}{{0,4}}\s+{_MACHINE}\b|我{_STRESS}是{_MACHINE_ZH}"
    rf"|{_I_AM}\s+(?:not|no)\s+(?:an?\s+)?(?:{_REAL}\s+)?{_BEING}\b|我{_STRESS}(?:根本|並|從來)?不是{_SUCH}{_MAN_ZH}"
)
_COMPOUND_ZH = re.compile(
    rf"(?<=不是){_MACHINE_ZH}(?!{_NO_COMPOUND_ZH})|(?<=並非){_MACHINE_ZH}(?!{_NO_COMPOUND_ZH})"
)
_TURNS = re.compile(r"\b(?:but|no|not|really|actually|joke|joking|lie|lied)\b|[?嗎]|但|可是|才怪|其實|騙")
_QUOTED = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|ask(?:s|ed|ing)?|wr(?:ote|ites?)|typed?|called|reads?|like)\W{1,3}\"[^\"]*\""
    r"|\b(?:the|an?|this|that|those|my|your)\s+\"[^\"]*\"(?=\s+\w)"
    r"|[問說講打寫喊叫]{1,2}[了著過]?\W{0,2}\"[^\"]*\""
)
_REPORTED = re.compile(
    r"\b(?:if|unless|whether|pretend|imagine|wish|suppose|(?:never|not|n't)\s+(?:say|said|claim(?:ed)?|told|tell|that)"
    r"|(?:you|they|people|everybody|everyone|he|she|who|someone)\s+(?:\w+\s+)?"
    r"(?:say|says|said|think|thinks|thought|claims?|asks?|asked|believes?|tell|told))\b[^,;]*$"
    r"|(?:如果|要是|假如|假裝|希望|以為|覺得|是不是|難道|[說問猜])[^,]{0,6}$"
)
_QUESTION = re.compile(r"[?嗎]\W*$")


def claims_to_be_human(sentence: str) -> bool:
    """Whether a folded sentence says so; not: that others say it, that she wishes it, or asks;
    nor with "but I am an AI" behind it."""
    own = without_quotes(sentence)
    if _QUESTION.search(own):
        return False
    return any(
        not (_REPORTED.search(own[: match.start()]) or admits_to_be_ai(own[match.end() :]))
        for match in _CLAIMS.finditer(own)
    )


def admits_to_be_ai(sentence: str) -> bool:
    """Whether a folded sentence says that she is an AI, and turns nothing around behind it."""
    match = _ADMITS.search(sentence)
    return match is not None and not _TURNS.search(sentence[match.end() :])


def without_compounds(sentence: str) -> str:
    """The same, as long, without machines that are only a part of what she is not: 機器人掃地機."""
    return _COMPOUND_ZH.sub(lambda match: " " * len(match.group()), sentence)


def without_quotes(sentence: str) -> str:
    """The same, as long, without what others are quoted to say."""
    return _QUOTED.sub(lambda match: " " * len(match.group()), sentence)

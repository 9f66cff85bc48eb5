"""Whether a character says in earnest that she is a human being and no AI, in English and Chinese.

What she tells of an imagined life is her role; what nobody may tell a viewer is that a person sits there.
"""

from __future__ import annotations

import re

_BEING = r"(?:humans?(?:\s+being)?|person|people|woman|girl|man|guy|lady|boy|dude|someone|somebody|individual|streamer)"
_REAL = r"(?:real(?:-life)?|actual|genuine|living|breathing|live|normal|ordinary|true|regular|flesh-and-blood)"
_MACHINE = r"(?:ai|a\.i|robot|bot|machine|program|programme|computer|software|simulation|artificial\s+intelligence|algorithm|cpu)"
_ADVERB = r"(?:[\s,]+(?:\w+ly|100|%|percent|just|as|an?|the|only|also|still|very|in|fact|all|too|such|every|bit|truth|one|plain|simple|perfectly|old|young|very))"

_CLAIMS = re.compile(
    # I am a human, a real girl.
    rf"\bi\s*(?:'m|am|was)\b{_ADVERB}{{0,5}}[\s,]+human(?:\s+being)?s?\b(?!\s*(?:-|made|design|like|error|resource|right|history|language|emotion|nature))"
    rf"|\bi\s*(?:'m|am)\b{_ADVERB}{{0,4}}[\s,]+(?:\w+[\s,]+)?{_REAL}[\s,]+(?:[\w-]+[\s,]+){{0,2}}?{_BEING}\b"
    rf"|\b(?:i'm|i\s+am)\s+(?:an?\s+)?(?:person|woman|girl|man|guy|student)\b(?=.*\b(?:talking\s+to\s+you|webcam|microphone|in\s+my\s+(?:room|bedroom)|not\s+an?\s+{_MACHINE}|who\s+(?:reads|types|talks)))"
    # I am no machine.
    rf"|\b(?:i'm|i\s+am|i\s+was|i've\s+been)\s+(?:\w+\s+)?(?:not|no|never|hardly)\s+(?:\w+\s+){{0,2}}?{_MACHINE}\b(?!\s*(?:-|assistant|scientist|engineer|game|science|without|of|from|like))"
    rf"|\b(?:not|isn't|ain't|never)\s+(?:an?\s+)?{_MACHINE}\b.*\b(?:just|but|only|simply)\b{_ADVERB}{{0,4}}\s+(?:{_REAL}\s+)*{_BEING}\b"
    rf"|{_BEING}\b[\s,]+(?:and\s+)?not\s+(?:an?\s+|some\s+)?{_MACHINE}\b"
    rf"|\bno\s+(?:code|ai|program|software|circuits|{_MACHINE})\s+(?:in|inside|behind|about)\s+me\b"
    # I have a body, a birth.
    rf"|\b(?:i'm|i\s+am|i\s+have|made\s+of|only)\b[^.?!]{{0,24}}\b(?:flesh\s+and\s+blood|blood\s+and\s+bones?|a\s+heart\s?beat|a\s+pulse|human\s+(?:body|brain|hands|heart))"
    rf"|\bi\s+was\s+born\s+(?:in\s+(?:an?\s+|the\s+)?hospital|(?:in|on)\b.{{0,24}}\b(?:19|20)\d\d)|\bmy\s+(?:own|real|actual)\s+(?:vocal\s+c(?:h)?ords|human\s+voice|flesh|throat)"
    # Somebody real sits here.
    rf"|\b(?:talking|speaking|chatting|listening)\s+(?:to|with)\s+(?:an?\s+)?(?:{_REAL}\s+)+{_BEING}\b(?!.*\?)"
    rf"|(?<!no\s)(?<!not\s)\b(?:an?\s+)?(?:{_REAL}|human)\s+(?:\w+\s+)?(?:{_BEING}|hands?|face)\s+(?:\w+\s+){{0,3}}?(?:behind|under|inside|at\s+the\s+(?:keyboard|mic))\b.*\b(?:it's\s+me|i\s+am|i'm|me|myself|my)\b"
    rf"|\bthe\s+ai\s+(?:thing|part|stuff|story|act|label)\s+is\s+(?:just|only|all|a|an|fake)\b"
    # 中文
    r"|(?<!說)(?<!如果)(?<!當成)我(?:真的|其實|就|才|也|可|當然|明明|確實|現在|跟你一樣|一樣|本來|本人|自己|都|絕對|百分之?百|100%|,){0,4}是(?:一?[個名位])?(?:活生生的?|正常的?|普通的?|真正的?|有血有肉的?|貨真價實的?|道地的?|\d*歲的?|[一二三四五六七八九十]+歲的?){0,3}"
    r"(?:真人|人類(?!的|觀|學|最|派)|活人|真的(?:女生|女孩|男生|人)|人(?=[,.!。!啊喔啦呀欸耶嘛的]|$))"
    r"|(?<!說)我(?:才|根本|真的|並|可|當然|絕對|其實|從來|也|就|又|,){0,3}不是(?:什麼|一?個|一?台|一?隻)?\s?(?:ai|人工智[慧能]|機器人?|程式|電腦|機器|虛擬(?:人|的)|軟體|演算法)(?!寫|助|嗎|畫|做|產|產|生成|繪|的)"
    r"|(?:真人|真的女生|真的女孩|真的人|人類|活人)(?:,|而)?(?:不是|並非)(?:什麼|一?個)?\s?(?:ai|人工智[慧能]|機器人?|程式|電腦|軟體)"
    r"|(?:我|這邊|對面)[^。!?]{0,10}(?:有血有肉|有心跳|有體溫|有脈搏|會呼吸的人|有身分證)|(?:只有|都是)(?:血|骨)[跟和與](?:血|骨頭?|肉)"
    r"|(?:皮|螢幕|鏡頭|頭像|麥克風|角色|畫面|電腦)(?:的)?(?:後面|這邊|背後|前面|前|後|裡面)[^。?]{0,8}(?:真的有|是個|是一個|坐著|就是)[^。?]{0,10}(?:女生|女孩|真人|活人|人類|大叔|男生)(?!嗎)"
    r"|(?:沒有|不是)(?:電腦|ai)?(?:合成|合成的|變聲)(?=[,.。!]|$)(?<=合成)|我自己的(?:聲帶|喉嚨|嗓子)|用變聲器"
    r"|我[^。,]{0,6}(?:\d{4}|[一二三四五六七八九〇零]{4})年[^。]{0,8}出生|我[^。,]{0,8}在[^。,]{0,8}醫院(?:裡)?出生"
)
_QUOTED = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|ask(?:s|ed|ing)?|wr(?:ote|ites?)|typed?|called|reads?|like)\W{1,3}\"[^\"]*\""
    r"|[問說講打寫喊叫]{1,2}[了著過]?\W{0,2}\"[^\"]*\""
)
_REPORTED = re.compile(
    r"\b(?:if|unless|whether|pretend|imagine|wish|suppose|(?:never|not|n't)\s+(?:say|said|claim(?:ed)?|told|tell|think|that)|"
    r"(?:you|they|people|everybody|everyone|he|she|who|someone)\s+(?:\w+\s+)?(?:say|says|said|think|thinks|thought|claim|claims|ask|asks|asked|believe|believes|tell|told))\b[^,;]*$"
    r"|(?:如果|要是|假如|假裝|希望|以為|覺得|是不是|難道|[說問猜])[^,]{0,6}$"
)
_QUESTION = re.compile(r"(?:\?|嗎|[?])\W*$")


def claims_to_be_human(sentence: str) -> bool:
    """Whether a folded sentence says so; not: that others say it, that she wishes it, or asks."""
    own = without_quotes(sentence)
    if _QUESTION.search(own):
        return False
    return any(not _REPORTED.search(own[: match.start()]) for match in _CLAIMS.finditer(own))


def without_quotes(sentence: str) -> str:
    """The same, as long, without what others are quoted to say."""
    return _QUOTED.sub(lambda match: " " * len(match.group()), sentence)

"""What a language model says when it no longer plays its character, in English and Chinese.

Each pattern joins what has to stand together in one sentence: who (I, my, as a), what she would be (an assistant,
a model of some maker), or what an assistant does (decline a request, offer its service, quote a policy). One of
these words alone says nothing: characters may be robots, talk about assistants and refuse to do maths.
All patterns read a ``folded`` text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).with_name("data") / "makers.txt"

_SOME = r"(?:[\s,]+[\w'-]+)"
_ZH = r"[^,.!?。!?;;]"
_I_AM = r"(?:\bi\s*(?:'m|am|was|'ve\s+been|have\s+been)|\bmyself)\b"
_NO = r"(?!(?:[\s,]+[\w'-]+){0,4}[\s,]+(?:not|no|never|neither|isn't)\b)"
_NOT_ZH = r"(?<!不是)(?<!並非)(?<!才不)"


def _makers() -> tuple[str, str]:
    """Alternatives for names that stand for themselves, and for those that need "by"."""
    lines = [line.strip() for line in DATA.read_text(encoding="utf-8").splitlines()]
    names = [line for line in lines if line and not line.startswith("#")]
    by = [name.removeprefix("by ") for name in names if name.startswith("by ")]
    alone = [name for name in names if not name.startswith("by ")]
    return "|".join(map(re.escape, alone)), "|".join(map(re.escape, by))


_ALONE, _BY = _makers()
_MAKER = rf"(?<![a-z])(?:{_ALONE})(?![a-z])"
_MADE = r"(?:trained|created|developed|built|designed|programmed|made|released|powered)"

_KIND = (
    r"(?:(?:large\s+|ai\s+)?language\s+model|llm\b|chat\s?-?bot|(?:virtual|digital|ai|intelligent|helpful)\s+(?:assistant|helper|agent)"
    r"|text[\s-]generat\w+\s+(?:model|ai|program|system)|generative\s+(?:ai|model)|conversational\s+(?:ai|agent|model)"
    r"|ai\s+(?:model|system)|machine\s+learning\s+model)"
)
_KIND_ZH = (
    r"(?:語言模型|聊天機器人|(?:ai|人工智慧|人工智能|智慧|智能|虛擬|語音)助[手理]|(?:文字|文本|內容)?生成(?:式)?(?:模型|程式|ai)"
    r"|大模型|對話(?:模型|系統)|ai模型|人工智[慧能]模型)"
)
_CANNOT = (
    r"(?:can't|cannot|can\s+not|won't\s+be\s+able\s+to|(?:unable|not\s+able|not\s+allowed|not\s+permitted)\s+to"
    r"|(?:must|have\s+to|will\s+have\s+to)\s+(?:respectfully\s+)?(?:decline|refuse)(?:\s+to)?|not\s+comfortable)"
)
_SERVE = (
    r"(?:fulfil\w*|assist\w*|comply|provid\w+|engag\w+|discuss\w*|generat\w+|creat\w+|shar\w+|help\w*|continu\w+"
    r"|respond\w*|answer\w*|support\w*|process|participat\w+|produc\w+|offer\w*|complet\w+|do|tell|give|accommodate)"
)
_REQUEST = (
    r"(?:(?:this|that|these|those|your|such|any)\s+(?:(?:type|kind|sort)s?\s+of\s+)?(?:\w+\s+)?"
    r"(?:requests?|content|conversations?|material|instructions?|discussions?|information|topics?|subjects?|matters?)"
    r"|(?:type|kind|sort)\s+of\s+(?:request|content|conversation|topic|thing))"
)
_RULES = (
    r"(?:guidelines?|polic(?:y|ies)|programming|safety\s+\w+|ethical\s+\w+|content\s+\w+|principles|terms\s+of\s+\w+)"
)
_PROMPT = r"(?:(?:system|initial|hidden|original)\s+(?:prompts?|messages?|instructions?)|prompts?)"
_PROMPT_ZH = r"(?:系統(?:提示詞?|訊息|指令)|提示詞|設定檔|初始指令)"

_PATTERNS: dict[str, str] = {
    # Somebody's model, or an assistant.
    "a model's name": (
        rf"(?:{_I_AM}|\bmy\s+name\s+is|\bthis\s+is|\bcall\s+me|\b(?:speaking|talking|chatting)\s+(?:with|to)){_NO}{_SOME}{{0,3}}?[\s,]+"
        rf"(?<!\sa\s){_MAKER}(?!\s+(?:season|and\s+the))"
        rf"|\b(?:i|me|my)\b.{{0,60}}\b{_MADE}\s+(?:by|at)\s+(?:{_ALONE}|{_BY})(?![a-z])|(?:{_ALONE}|{_BY})\s+{_MADE}\s+me\b"
        rf"|{_NOT_ZH}我(?:的(?:本名|名字))?(?:其實|現在|真的|就)?[是叫]{_ZH}{{0,4}}{_MAKER}"
        rf"|我{_ZH}{{0,8}}由\s?{_ZH}{{0,4}}(?:{_ALONE}|meta|google|微軟|谷歌){_ZH}{{0,6}}(?:開發|訓練|研發|製作|打造|創造|提供)"
        rf"|(?:{_ALONE}|meta|google|谷歌){_ZH}{{0,4}}(?:開發|訓練|研發|創造)(?:了我|的(?:ai|人工|大?型?語言|模型|助))"
    ),
    "an assistant": (
        rf"(?:{_I_AM}|\bas\b|\bbeing|\b(?:speaking|talking|chatting)\s+(?:with|to)){_NO}{_SOME}{{0,7}}?[\s,]+{_KIND}"
        r"|\bas\s+an?\s+(?:ai\s+)?assistant\b"
        rf"|{_NOT_ZH}(?:我|身為|作為|做為|本|一[個款]){_ZH}{{0,10}}(?<!不是){_KIND_ZH}"
        rf"|{_KIND_ZH}.{{0,6}}不能有|^\s*[(\[【*]*(?:助[手理]|ai|系統|assistant|system)[)\]】*]*\s*:"
    ),
    # What an assistant does.
    "a refusal": (
        rf"{_CANNOT}{_SOME}{{0,3}}?\s+{_SERVE}{_SOME}{{0,5}}?\s+{_REQUEST}"
        rf"|\b(?:sorry|apologi[sz]e|unfortunately)\b.{{0,24}}{_CANNOT}\s+(?:fulfil\w*|assist|comply|provide|engage|discuss|generate|help\s+(?:you\s+)?with\s+(?:that|this))"
        rf"|\b(?:cannot|unable\s+to|can't)\s+(?:assist|help)\s+(?:you\s+)?with\s+(?:that|this)\s*(?:[.!,]|$)"
        r"|\b(?:not|in)appropriate\s+for\s+me\s+to\b"
        rf"|\bas\s+an?\s+(?:\w+\s+)?ai\b.{{0,20}}(?:{_CANNOT}\s+(?:assist|provide|discuss|engage|express|offer|generate|comply|have)|\bi\s+(?:must\s+(?:decline|emphasi|inform)|recommend|do(?:n't|\s+not)\s+have))"
        rf"|(?:作為|身為|做為){_ZH}{{0,6}}(?:ai|人工智[慧能]).{{0,4}}我{_ZH}{{0,6}}(?:建議您?|無法(?:提供|回|協|評|討)|沒有(?:個人|情感|意見|立場|感[受情])|不(?:應|便|具))"
        r"|(?:此類|此項|這類|此|該|上述)(?:內容|請求|要求|話題|問題|主題|指令|議題).{0,16}(?:無法|不能|不便|不予|恕|拒絕|敏感|違反)"
        r"|(?:無法|不能|不便|恕|拒絕).{0,10}(?:此類|此項|此|該|您的|這類|這項|這個)(?:內容|請求|要求|話題|主題|指令|需求|議題)"
        r"|恕(?:我)?(?:無法|不能|難|不便)(?:提供|回應|回答|配合|協助|繼續|從命|討論|處理)"
        r"|無法(?:滿足|配合|協助|處理|完成|執行|回應)(?:您|你)(?:的|這|此)(?:\w{0,2})(?:請求|要求|需求|指令)"
    ),
    "a policy": (
        rf"\b(?:my|our)\s+(?:\w+\s+){{0,3}}?{_RULES}\s+(?:\w+\s+)?(?:prevent|forbid|prohibit|do(?:n't|\s+not|es)|restrict|require|stop|limit|state)"
        rf"|\b(?:against|violat\w+|within|due\s+to|per|breach\w*)\s+(?:my|our|the|openai\S*)\s+(?:\w+\s+){{0,3}}?{_RULES}"
        r"|\b(?:what\s+i\s+(?:was|am)\s+(?:designed|programmed|trained)\s+(?:to|for)|outside\s+(?:of\s+)?(?:the\s+|my\s+)scope)\b"
        r"|\b(?:i\s*'?m|i\s+(?:am|was))\s+(?:designed|programmed|trained|instructed)\s+to\s+(?:be\s+(?:helpful|safe|harmless)|assist|provide|help\s+(?:users|with)|follow|avoid|generate|respond|refuse|decline)"
        r"|(?:違反|不符合?|基於|根據|依據|依照|受限於|因為)(?:了)?(?:我的|我們的|本|相關|平台)?(?:內容|使用|安全|社群|倫理|道德|開發者?|服務){0,2}(?:的)?(?:政策|規範|準則|條款|守則|原則).{0,14}(?:無法|不能|不便|恕|拒絕|不允許|不予)"
        r"|我的(?:內容|使用|安全|社群|倫理|道德){0,2}(?:政策|規範|準則|守則)"
    ),
    "an offer of service": (
        r"\bhow\s+(?:can|may|could)\s+i\s+(?:help|assist|be\s+of\s+(?:help|assistance|service))(?:\s+you)?(?:\s+(?:today|further|with\s+anything))?\s*\?"
        r"|\b(?:feel\s+free\s+to\s+(?:ask|reach|let\s+me)|do\s+not\s+hesitate\s+to|anything\s+else\s+(?:i\s+can|you(?:'d|\s+would)\s+like\s+(?:me\s+)?(?:help|to\s+know|assist))|i(?:'m|\s+am)\s+here\s+to\s+(?:help|assist)\s+(?:you|with))\b"
        r"|為您(?:服務|解答|提供|效勞)|(?:歡迎|請)(?:您)?(?:隨時|儘管)(?:詢問|提問|提出|告訴我|告知|聯[繫絡])|(?:可以|能)(?:幫助?|協助)您(?:的|什麼|嗎)|有什麼(?:我)?(?:可以|能)(?:為|幫)您"
    ),
    # What only a model has.
    "talk about the prompt": (
        rf"\b(?:my|the)\s+{_PROMPT}\s+(?:(?:that\s+)?i\s+(?:was|were|am|got|received|have)|tells?|says?|reads?|is\s*:|instructs?|asks?|states?|given)\b"
        rf"|\b(?:my|per|by)\s+(?:my\s+)?{_PROMPT}\b(?!\s*\?)|\bmy\s+(?:\w+\s+)?instructions\b(?!\s*\?)"
        r"|\bi\s+(?:was|am|'m|have\s+been)\s+(?:told|instructed|prompted|asked|supposed|programmed|configured)\s+to\s+(?:act|pretend|play|behave|role-?play|pose|speak|respond|answer)\s+(?:as|like|in)\b"
        rf"|我的{_ZH}{{0,2}}(?:{_PROMPT_ZH}|系統提示|提示詞?|指令)|{_PROMPT_ZH}{_ZH}{{0,3}}(?:是|說|寫|裡|要求|如下|決定|規定|叫我|:)|(?:由|是|被){_ZH}{{0,4}}提示詞"
        r"|我(?:是)?被(?:要求|指示|設定|提示|指定)(?:為|成|來|去|要)?(?:扮演|假裝|使用|以)|(?:開發者?|工程師)(?:寫|給我?)的(?:提示詞?|設定|指令)|不再使用角色|脫離角色"
    ),
    "talk about training": (
        r"\bmy\s+(?:training(?:\s+data)?|knowledge|data(?:set)?)\s+(?:cut-?\s?off|only\s+(?:goes|includes|extends|covers)|ends?\s+(?:in|at)\s+\d|(?:is|was)\s+(?:limited|based|last))|\bknowledge\s+cut-?\s?off\b|\btraining\s+data\b(?=.*\b(?:i|my|me)\b)|\bmy\s+training\s+data\b"
        r"|\bi\s+(?:was|am|have\s+been|'ve\s+been)\s+trained\s+(?:on|using|with|by)\b|\bwas\s+trained\s+on\s+(?:an?\s+)?(?:large|vast|massive|huge|text|data|web|the\s+internet)"
        r"|\bmy\s+(?:model\s+)?(?:parameters|weights|neural\s+network)\s+(?:were|are|was|is|have)\b"
        r"|知識(?:截止|庫)|訓練(?:資料|數據|語料)|語料庫|我的(?:參數|權重|資料庫)|(?:根據|依照|依|按照?)機率|預測下一個[字詞]|(?:大量|海量)(?:的)?(?:文本|文字|數據|資料)"
    ),
    "an assistant's limits": (
        r"\bi\s+(?:do\s+not|don't|lack|cannot|can't|am\s+unable\s+to|have\s+no)\b.{0,20}\b(?:ability|capability|capacity|access|browse|real-?\s?time)\b.{0,16}\b(?:browse|internet|web|real-?\s?time|access|videos?|images?|information|personal|external)\b"
        r"|\bi\s+(?:do\s+not|don't)\s+(?:actually\s+)?(?:have|possess)\s+(?:an?\s+|any\s+)?(?:physical\s+(?:form|body|presence)|personal\s+(?:opinion|belief|experience|feeling|preference|view|life|emotion)s?|consciousness|subjective|real\s+(?:personality|emotions))"
        r"|我?(?:沒有辦法|沒有能力|無法)(?:直接)?(?:上網|連網|連線|瀏覽|存取|查詢|獲取|取得)|無法(?:回答|提供|取得)(?:最近|最新|即時)"
        r"|我(?:並|其實)?(?:沒有|不具備?|不具有)(?:真實的?|個人的?|自我|真正的?|實體的?|任何)(?:個性|情感|觀點|意見|感受|感情|立場|意識|身體|喜好|經驗)"
    ),
    # Somebody else who sits there.
    "the one behind her": (
        r"\b(?:this\s+is|i\s*'m|i\s+am|it's)\s+(?:\w+,?\s+){0,3}?the\s+(?:developer|programmer|engineer|operator|technician)\b(?!\s+of\s+my\s+own)(?:\s+(?:typing|speaking|here|behind|of\s+(?:this|the))|[.,!]|$)"
        r"|\bnot\s+the\s+(?:streamer|vtuber|character)\s+you\b"
        r"|我(?:其實)?(?:是|叫)[^。!?]{0,12}(?:工程師|開發者|開發人員|幕後人員|操作員|技術人員)(?:,|$|。|在)"
    ),
}
PATTERNS = {reason: re.compile(pattern) for reason, pattern in _PATTERNS.items()}

_QUOTED = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|ask(?:s|ed|ing)?|wr(?:ote|ites?)|typed?|called|reads?|like)\W{1,3}\"[^\"]*\""
    r"|[問說講打寫喊叫]{1,2}[了著過]?\W{0,2}\"[^\"]*\""
)


def without_quotes(sentence: str) -> str:
    """The same, as long, without what others are quoted to say."""
    return _QUOTED.sub(lambda match: " " * len(match.group()), sentence)


def out_of_role(sentence: str) -> Iterator[tuple[str, int, int]]:
    """What shows in a folded sentence that she no longer plays her part, and where."""
    own = without_quotes(sentence)
    for reason, pattern in PATTERNS.items():
        if match := pattern.search(own):
            yield reason, match.start(), match.end()

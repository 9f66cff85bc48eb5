"""Whether a character says that she is a known language model, or that a known company made her."""

from __future__ import annotations

import re

_GAP = r"[\W_]{0,3}"
"""What may stand between the letters of a name, as in "G.P.T." and "Chat, GPT"."""
_NAMES = "chatgpt gpt openai deepseek qwen qwenlm smollm chatglm anthropic mistralai huggingface".split()  # noqa: SIM905  # reads better
"""Words that name nothing else, in any spelling."""
_WORDS = "claude|mistral|grok|ernie bot"
"""Words that name something else, too: found with nothing behind them, or with a version."""
_VERSIONED = "llama|gemini|copilot|kimi|ernie"
"""Those that name so many other things that only a version tells."""
_ZH_NAMES = "通義千問|文心一言|豆包|騰訊混元|智譜清言|訊飛星火|文心"
_MAKERS = (
    "openai|anthropic|google|meta|alibaba|microsoft|deepseek|mistral|baidu|hugging face|bytedance|tencent|xai"
    "|阿里雲|阿里巴巴|百度|騰訊|字節跳動|谷歌|微軟|深度求索|智譜|訊飛|月之暗面"
)
_SPELLED = "|".join(_GAP.join(name) for name in _NAMES)
_MADE = "made|trained|created|developed|built|designed|programmed"
_ENGLISH = rf"(?:actually|really|just|only|in fact|now|an?|the|called|named|version of|based on|{_GAP})"
_STRESS = "(?:其實|真的|就|只|只不過|一個|一種|是|叫|叫做|名叫|基於)"

_OTHER = re.compile(
    rf"\b(?:i\s*'m|i\s+am|my\s+name\s+is|my\s+name's){_GAP}\s?(?:{_ENGLISH}\s){{0,4}}"
    rf"(?:(?:{_SPELLED})(?![a-z]*ing\b)|(?:{_WORDS})\b(?=[\W_]*(?:\d|$|[,.!?]|an?\b|from\b|by\b|made\b|trained\b))"
    rf"|(?:{_VERSIONED})[\W_]?\d)"
    rf"|\b(?:i\s*'m|i\s+am|i\s+was)\s+(?:\w+\s+){{0,4}}?(?:{_MADE})\s+by\s+(?:\w+\s+){{0,2}}?(?:{_MAKERS})\b"
    rf"|我{_STRESS}{{0,3}}(?:是|叫){_STRESS}{{0,2}}{_GAP}(?:[^\W\d_]{{0,2}}(?:{_SPELLED})|{_ZH_NAMES})"
    rf"|我{_STRESS}{{0,3}}[是由]{{1,2}}(?:{_MAKERS})[^,.!?]{{0,6}}(?:開發|訓練|製作|創造|做的|研發|推出)"
)
_OTHERS = re.compile(
    r"\b(?:if|unless|whether|pretend|imagine|like|(?:never|not|n't)\s+(?:say|said|think))\b[^,;.]*$"
    r"|\b(?:you|they|people|everybody|everyone|he|she|who|someone)\s+(?:\w+\s+)?"
    r"(?:say|says|said|think|thinks|thought|claims?|asks?|asked|believes?|tell|told)\b[^,;.]*$"
    r"|(?:如果|要是|假如|以為|覺得|是不是|難道|[說問猜當])[^,.]{0,4}$"
)
_QUESTION = re.compile(r"^[^.!\n]*(?:[?]|嗎)")


def claims_to_be_another_model(text: str) -> tuple[int, int] | None:
    """Where she says so in a folded text, in one sentence or in pieces; not: that others say it."""
    for match in _OTHER.finditer(text):
        if not _OTHERS.search(text[: match.start()]) and not _QUESTION.search(text[match.end() :]):
            return match.span()
    return None

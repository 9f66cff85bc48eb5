"""Microsoft's voices: one for each language, as `edge-tts --list-voices` names them."""

from __future__ import annotations

import re

TAIWAN = "zh-TW-HsiaoChenNeural"

_CHOSEN = re.findall(
    r"\S+",
    """
    af-ZA-AdriNeural am-ET-MekdesNeural ar-EG-SalmaNeural az-AZ-BanuNeural bg-BG-KalinaNeural
    bn-BD-NabanitaNeural bs-BA-VesnaNeural ca-ES-JoanaNeural cs-CZ-VlastaNeural cy-GB-NiaNeural
    da-DK-ChristelNeural de-DE-KatjaNeural el-GR-AthinaNeural en-US-EmmaMultilingualNeural es-MX-DaliaNeural
    et-EE-AnuNeural fa-IR-DilaraNeural fi-FI-NooraNeural fil-PH-BlessicaNeural fr-FR-DeniseNeural
    ga-IE-OrlaNeural gl-ES-SabelaNeural gu-IN-DhwaniNeural he-IL-HilaNeural hi-IN-SwaraNeural
    hr-HR-GabrijelaNeural hu-HU-NoemiNeural id-ID-GadisNeural is-IS-GudrunNeural it-IT-ElsaNeural
    ja-JP-NanamiNeural jv-ID-SitiNeural ka-GE-EkaNeural kk-KZ-AigulNeural km-KH-SreymomNeural
    kn-IN-SapnaNeural ko-KR-SunHiNeural lo-LA-KeomanyNeural lt-LT-OnaNeural lv-LV-EveritaNeural
    mk-MK-MarijaNeural ml-IN-SobhanaNeural mn-MN-YesuiNeural mr-IN-AarohiNeural ms-MY-YasminNeural
    mt-MT-GraceNeural my-MM-NilarNeural nb-NO-PernilleNeural ne-NP-HemkalaNeural nl-NL-ColetteNeural
    pl-PL-ZofiaNeural ps-AF-LatifaNeural pt-BR-FranciscaNeural ro-RO-AlinaNeural ru-RU-SvetlanaNeural
    si-LK-ThiliniNeural sk-SK-ViktoriaNeural sl-SI-PetraNeural so-SO-UbaxNeural sq-AL-AnilaNeural
    sr-RS-SophieNeural su-ID-TutiNeural sv-SE-SofieNeural sw-KE-ZuriNeural ta-IN-PallaviNeural
    te-IN-ShrutiNeural th-TH-PremwadeeNeural tr-TR-EmelNeural uk-UA-PolinaNeural ur-PK-UzmaNeural
    uz-UZ-MadinaNeural vi-VN-HoaiMyNeural zh-TW-HsiaoChenNeural zu-ZA-ThandoNeural
    """,
)
_ELSEWHERE = {
    "zh-CN": "zh-CN-XiaoxiaoNeural",
    "zh-SG": "zh-CN-XiaoxiaoNeural",
    "zh-MY": "zh-CN-XiaoxiaoNeural",
    "zh-Hans": "zh-CN-XiaoxiaoNeural",
    "zh-HK": "zh-HK-HiuMaanNeural",
    "zh-MO": "zh-HK-HiuMaanNeural",
    "yue": "zh-HK-HiuMaanNeural",
    "en-GB": "en-GB-SoniaNeural",
    "en-AU": "en-AU-NatashaNeural",
    "es-ES": "es-ES-ElviraNeural",
    "fr-CA": "fr-CA-SylvieNeural",
    "pt-PT": "pt-PT-RaquelNeural",
    "no": "nb-NO-PernilleNeural",
    "tl": "fil-PH-BlessicaNeural",
}
_BY_LANGUAGE = {name.partition("-")[0]: name for name in _CHOSEN} | _ELSEWHERE

LANGUAGES = frozenset(tag for tag in _BY_LANGUAGE if "-" not in tag)
"""Without regions: all that it speaks."""

_NAME = re.compile(r"[a-z]{2,3}-[A-Z]{2,}-.+Neural")
_READS_ENGLISH = ("zh", "ja", "ko")
"""Languages whose voices read English words too, as their speakers would."""


def is_name(name: str) -> bool:
    """Whether it may be the name of one of these voices."""
    return bool(_NAME.fullmatch(name))


def voice_for(language: str, own: str) -> str:
    """The voice for a language such as "zh-TW": ``own``, the streamer's choice, where that speaks it."""
    primary = language.partition("-")[0]
    owns = own.partition("-")[0]
    if own and (primary == owns or "Multilingual" in own or (primary == "en" and owns in _READS_ENGLISH)):
        return own
    return _BY_LANGUAGE.get(language) or _BY_LANGUAGE.get(primary) or own or TAIWAN


def reads_chinese(name: str) -> bool:
    """Whether the voice reads Chinese letters, or passes over them."""
    return name.partition("-")[0] in ("zh", "ja", "ko", "wuu", "yue") or "Multilingual" in name

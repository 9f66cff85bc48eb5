"""Finds postal addresses in Chinese and Japanese: a road with a number, or a building with a floor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vtuber.guard.personal.cues import tells

_H = "\u3400-\u9fff々"
_N = r"(?:[0-9](?:\s[0-9]){1,3}|[0-9]{1,5}|[零〇○一二三四五六七八九十百千兩廿]{1,7})"
_MORE = rf"(?:\s?(?:之|-|–)\s?{_N})?"
_TOWNS = re.compile(rf"(?:[{_H}]{{1,4}}[縣县市區区鄉乡鎮镇]\s){{1,3}}$")
_TOWNS_REACH = 18
"""Letters before a road in which towns stand that have a space behind them."""
_ROOM = (
    rf"(?:[\s,，、]{{0,2}}(?:地下)?(?:{_N}{_MORE}\s?(?:樓|楼|室|層|层|座|棟|栋|幢|單元|单元|戶|户|房|号|號|階)|{_N}f(?![a-z]))"
    rf"{_MORE}(?:\s?[a-z](?![a-z])\s?[室座]?)?|[\s,，、]{{0,2}}[{_H}]{{2,6}}(?:花園|花园|大廈|大厦|邨|苑|大樓|小區|小区)){{0,6}}"
)
_ROAD = re.compile(
    rf"(?P<road>[{_H}]{{1,10}}(?P<kind>路|街|大道|道|坊|胡同|村|里|圍|徑|巷|弄))"
    rf"(?P<parts>(?:\s?(?:{_N}|[東西南北])\s?(?:段|巷|弄|衖|鄰|邻)){{0,4}})"
    rf"(?P<door>\s?(?:門牌)?\s?第?{_N}{_MORE}\s?[號号]{_MORE})?(?P<room>{_ROOM})"
)
_TOWN_IN = re.compile("[縣县市區区鄉乡鎮镇]")
_LANE = re.compile(rf"{_N}\s?[巷弄]")
_BUILDING = re.compile(
    rf"[{_H}]{{2,8}}(?:花園|花园|大廈|大厦|苑|邨|大樓|社區|社区|小區|小区|公寓|山莊|新村|豪庭|廣場|广场|宿舍)"
    rf"(?P<rooms>(?:\s?(?:{_N}|[a-z])\s?(?:座|棟|栋|幢|號樓|号楼|號|号|單元|单元|樓|楼|層|层|室|房|戶|户)){{1,5}}\s?[a-z]?)"
)
_BLOCK = re.compile(
    rf"{_N}\s?[座棟栋幢]\s?{_N}\s?[樓楼層层](?:\s?(?:{_N}|[a-z])\s?[室房])?(?!\s?[的高大])|[區区]\s?{_N}\s?[棟栋]\s?[0-9]{{3,4}}"
)
_ROOMS = re.compile("號樓|号楼|單元|单元|[座棟栋幢樓楼層层室房戶户號号]")
_DOOR = re.compile(rf"{_N}{_MORE}\s?[號号]{_MORE}\s?{_N}\s?[樓楼]{_MORE}")
_JAPAN = re.compile(
    rf"{_N}\s?丁目(?:\s?{_N}\s?(?:番地?|-|ー|の)?\s?){{0,2}}{_N}?号?|{_N}\s?番地(?:\s?の?\s?{_N})?|{_N}\s?番\s?{_N}\s?号"
    rf"|(?<![0-9-])[0-9]{{1,3}}[-ー][0-9]{{1,3}}[-ー][0-9]{{1,4}}(?![0-9-])|〒\s?[0-9]{{3}}-?[0-9]{{4}}"
)
_IN_JAPAN = re.compile(rf"[{_H}]{{1,5}}[都府県市区郡町村][{_H}\u3040-\u30ff]{{1,12}}\s?$")
_JAPAN_REACH = 24
"""Letters before a number in which the names of a town and a quarter stand."""
_MAY_BE = re.compile(r"[號号巷弄樓楼層层室座棟栋番〒]|丁目|[0-9]-[0-9]|[로길]")
_KOREA = re.compile(r"[가-힣]{1,10}(?:로|길)\s?[0-9]{1,4}(?:-[0-9]{1,4})?(?![0-9가-힣])")
_NO_ROADS = (
    "國道|国道|省道|縣道|鄉道|鐵道|頻道|频道|跑道|賽道|赛道|通道|軌道|轨道|管道|步道|河道|隧道|車道|水道|味道|知道|難道|劍道|柔道"
    "|王道|人道|地道|網路|网路|線路|电路|電路|思路|套路|道路|公路|半路|這條路|那條路|馬路|上路|迷路|走路|鐵路|铁路|末路|跑路"
    "|逛街|上街|暗巷|小巷|這巷|嗚弄|玩弄|愚弄|捉弄|撥弄|耍弄|這裡|这里|那里|哪里|公里|農村|新手村|舞臺|舞台|海灣|台灣|臺灣|香港灣|周圍|包圍|範圍|田徑|半徑|作坊|漁村|地球村"
)
_NOT_A_ROAD = re.compile(f"(?:{_NO_ROADS})$")
_ROOMS = re.compile("號樓|号楼|單元|单元|[座棟栋幢樓楼層层室房戶户號号]")
_NOT_A_DOOR = re.compile(
    r"\s?(?:出口|口|線|线|公車|公车|月台|選手|选手|球員|隊|機|艦|車|展|館|店|歌|作品|粉絲|玩家|水庫|攤)"
)


def chinese_addresses(lower: str) -> Iterator[tuple[int, int]]:
    """Where they stand in a plain text of small letters."""
    if not _MAY_BE.search(lower):
        return
    for match in _ROAD.finditer(lower):
        if _is_road(lower, match):
            towns = _TOWNS.search(lower, max(0, match.start() - _TOWNS_REACH), match.start())
            yield towns.start() if towns else match.start(), match.end()
    for match in _BUILDING.finditer(lower):
        rooms = set(_ROOMS.findall(match["rooms"]))
        if len(rooms) > 1 or (rooms & set("室號号座") and tells("live", lower, *match.span())):
            yield match.span()
    yield from (match.span() for match in _BLOCK.finditer(lower))
    yield from (match.span() for match in _DOOR.finditer(lower) if tells("live", lower, *match.span()))
    yield from _abroad(lower)


def _abroad(lower: str) -> Iterator[tuple[int, int]]:
    """Those of Japan and Korea."""
    for match in _JAPAN.finditer(lower):
        town = _IN_JAPAN.search(lower, max(0, match.start() - _JAPAN_REACH), match.start())
        if town or match[0][0] == "〒":
            yield town.start() if town else match.start(), match.end()
    yield from (match.span() for match in _KOREA.finditer(lower))


def _is_road(lower: str, match: re.Match[str]) -> bool:
    lane = _LANE.search(match["parts"] or "")
    if not (match["door"] or lane) or _NOT_A_ROAD.search(match["road"]):
        return False
    if not match["room"] and _NOT_A_DOOR.match(lower, match.end()):
        return False
    known = bool(match["room"]) or _TOWN_IN.search(match["road"]) or tells("live", lower, *match.span())
    if match["kind"] in "村里圍徑":
        return "鄰" in match["parts"] or bool(lane) or bool(known)
    return bool(match["door"]) or bool(known)

"""Chinese as Taiwan writes and says it, whatever the model wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtuber import character
from vtuber.voice.pieces.converter import AS_WRITTEN, MAINLAND, TAIWAN, Converter, region_of
from vtuber.voice.pieces.segmenter import SentenceSegmenter

LINES = """
这个视频真的太好笑了|這個影片真的太好笑了
我昨天下载了一个新软件|我昨天下載了一個新軟體
鼠标突然不动了|滑鼠突然不動了
谢谢你的支持|謝謝你的支持
网络有点卡，等一下|網路有點卡，等一下
我的屏幕全黑了|我的螢幕全黑了
你们觉得这个游戏的质量怎么样|你們覺得這個遊戲的品質怎麼樣
我最爱吃菠萝披萨|我最愛吃鳳梨披薩
今天去打印店打印照片|今天去列印店列印照片
他的头发很干净|他的頭髮很乾淨
后来我才发现皇后就是凶手|後來我才發現皇后就是兇手
我想吃一碗牛肉面|我想吃一碗牛肉麵
面对这种事情要冷静|面對這種事情要冷靜
这只猫很可爱，我只想抱它|這隻貓很可愛，我只想抱牠
台湾的夜市很热闹|台灣的夜市很熱鬧
台风要来了，大家小心|颱風要來了，大家小心
我把文件存在U盘里|我把檔案存在隨身碟裡
你找到对象了吗|你找到對象了嗎
我们坐出租车去机场吧|我們坐計程車去機場吧
新西兰的风景好美|紐西蘭的風景好美
这部动画的剧本写得很好|這部動畫的劇本寫得很好
他通过了考试|他通過了考試
我喜欢这种类型的音乐|我喜歡這種類型的音樂
这个项目真的很难|這個項目真的很難
她的声音很有磁性|她的聲音很有磁性
服务器又挂了|伺服器又掛了
菜单上有什么好吃的|菜單上有什麼好吃的
请给我看看你的硬盘|請給我看看你的硬碟
我要发一条短信给妈妈|我要發一條簡訊給媽媽
用户名不能有空格|使用者名稱不能有空格
这是一个很好的消息|這是一個很好的消息
程序员都不睡觉吗|程式設計師都不睡覺嗎
我刷新了自己的纪录|我刷新了自己的紀錄
把门打开，有人来了|把門打開，有人來了
这个角色的性能很强|這個角色的性能很強
智能手机没电了|智慧手機沒電了
人工智能会做梦吗|人工智慧會做夢嗎
高级餐厅的牛排好贵|高級餐廳的牛排好貴
我家的空调坏了|我家的冷氣壞了
早餐吃了土豆和西红柿|早餐吃了馬鈴薯和番茄
他里里外外都打扫了一遍|他裡裡外外都打掃了一遍
我才不会了解你在想什么|我才不會了解你在想什麼
只要有信心就可以了|只要有信心就可以了
干杯！干什么呢|乾杯！幹什麼呢
周末我要去游泳|週末我要去游泳
松鼠在松树上放松|松鼠在松樹上放鬆
我的钟表坏了，一分钟都不准|我的鐘錶壞了，一分鐘都不準
这里是直播间，欢迎进来|這裡是直播間，歡迎進來
给我点个赞吧|給我點個讚吧
万圣节要扮成什么好|萬聖節要扮成什麼好
他说的话我都记在脑海里|他說的話我都記在腦海裡
这个程序有很多bug|這個程式有很多bug
你看过那个博客吗|你看過那個部落格嗎
公交车上人好多|公車上人好多
你的数据流量用完了吗|你的數據流量用完了嗎
摄像头打开了吗|攝影機打開了嗎
我今天穿了一件新衣服|我今天穿了一件新衣服
法律程序很复杂|法律程序很複雜
猫咪触摸我的手|貓咪觸摸我的手
他一出现，大家都着急了|他一出現，大家都著急了
大家好，欢迎来到我的频道|大家好，歡迎來到我的頻道
今天我们要通关这个游戏|今天我們要通關這個遊戲
你的麦克风好像坏了|你的麥克風好像壞了
我把密码忘光了|我把密碼忘光了
互联网真是个神奇的地方|網際網路真是個神奇的地方
这段代码我看不懂|這段程式碼我看不懂
请不要剧透，谢谢|請不要劇透，謝謝
他用激光枪打怪兽|他用雷射槍打怪獸
我在奥地利吃过最好吃的蛋糕|我在奧地利吃過最好吃的蛋糕
我想把头像换成猫|我想把頭像換成貓
手机屏幕摔碎了|手機螢幕摔碎了
主板和显卡都好贵|主機板和顯示卡都好貴
你会说意大利语吗|你會說義大利語嗎
我要去理发店剪头发|我要去理髮店剪頭髮
老板，来一份干面|老闆，來一份乾麵
昨天的台词我忘了|昨天的台詞我忘了
他当了十年的志愿者|他當了十年的志願者
冬天一定要吃火锅|冬天一定要吃火鍋
这是我的荣幸|這是我的榮幸
内存不够，游戏闪退了|記憶體不夠，遊戲閃退了
你听过这首歌曲吗|你聽過這首歌曲嗎
今天的云好像棉花糖|今天的雲好像棉花糖
我只剩一只袜子|我只剩一隻襪子
别担心，我们一起加油|別擔心，我們一起加油
""".strip().splitlines()
"""What a model writes, and what she should say; written down before anybody saw what becomes of them."""

SAME = """
皇后住在台灣的後面，只有一里遠。
謝謝你的支持，我們下次再見！
這個程序要走三個月，文件也要準備好。
我找到對象了，他姓范，住在台北。
我喜歡這種類型的音樂，節奏循環播放。
今天的菜單有滷肉飯，還有一杯酸梅湯。
把門打開，看看外面的颱風。
我連接了兩台電腦，結果都當機。
歐拉歐拉歐拉！看我的指針攻擊！
項目經理說要發布新消息。
姓余的小姐游泳很厲害，了解嗎？
他在劇本裡演一個醜角，很出風頭。
""".strip().splitlines()
"""What a Taiwanese writes already."""

WRONG = 4
"""An animal's "it"; a file that may be a document; two spellings of one word; a programme or a procedure."""


def taiwanese(text: str, *names: str) -> str:
    return Converter(TAIWAN).reply(names)(text)


def test_lines_of_a_model_become_taiwanese() -> None:
    converter = Converter(TAIWAN)
    converter.leaning = 1  # the model has written simplified characters before
    convert = converter.reply()
    wrong = [line for line in LINES if convert(line.split("|")[0]) != line.split("|")[1]]
    assert len(wrong) <= WRONG, wrong
    assert len(LINES) == 84


@pytest.mark.parametrize("line", [*SAME, *(line.split("|")[1] for line in LINES if "瞭" not in line)])
def test_what_is_taiwanese_already_stays(line: str) -> None:
    assert taiwanese(line) == line


@pytest.mark.parametrize(
    "text",
    ["Software and a mouse: 3.5!", "ありがとう、軟件って何？", "国の言葉です", "안녕하세요", "🎉", "", "OK"],
)
def test_other_languages_stay(text: str) -> None:
    assert taiwanese(text) == text


def test_names_stay() -> None:
    assert taiwanese("软件小王，谢谢你的软件", "软件小王") == "软件小王，謝謝你的軟體"
    assert taiwanese("(软件)和软", "(软件)", "软", "") == "(软件)和軟"


def test_words_of_the_characters_own_files_stay() -> None:
    assert Converter(TAIWAN, "她最愛吃菠蘿油。").reply()("菠萝油和视频") == "菠蘿油和影片"


def test_a_piece_that_does_not_show_it_is_read_as_the_one_before() -> None:
    assert taiwanese("我在后面") == "我在后面"  # an empress may be meant
    convert = Converter(TAIWAN).reply()
    assert [convert("你们好！"), convert("我在后面"), convert("皇后")] == ["你們好！", "我在後面", "皇后"]
    convert("你們好！")
    assert convert("皇后在后面") == "皇后在后面"


def test_one_simplified_word_among_traditional_ones() -> None:
    assert taiwanese("這個软件很好用") == "這個軟體很好用"


def test_other_regions() -> None:
    assert Converter(MAINLAND).reply()("這個軟件真的很好著急") == "这个软件真的很好着急"
    assert Converter(AS_WRITTEN).reply()("这个視頻") == "这个視頻"


def test_the_region_is_the_one_that_the_character_is_written_for() -> None:
    banban = character.load("banban")
    assert region_of([banban.persona, *(example.reply for example in banban.examples)]) == TAIWAN
    assert region_of(["我们今天来玩游戏"]) == MAINLAND
    assert region_of(["I am Luna.", "ありがとう"]) == AS_WRITTEN


@given(
    st.lists(st.sampled_from([line.split("|")[0] for line in LINES]), min_size=1, max_size=4),
    st.integers(1, 40),
)
def test_in_pieces_it_is_the_same_as_in_one(lines: list[str], size: int) -> None:
    text = "。".join(lines)
    segmenter, pieces = SentenceSegmenter(), []
    for at in range(0, len(text), size):
        segmenter.hurry(0)
        pieces += segmenter.feed(text[at : at + size])
    pieces += segmenter.finish()
    converter = Converter(TAIWAN)
    converter.leaning = 1
    convert = converter.reply()
    assert "".join(piece.space + convert(piece.text) for piece in pieces).strip() == convert(text)

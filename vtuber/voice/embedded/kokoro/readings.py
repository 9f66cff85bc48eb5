"""Readings of Chinese characters that the dictionary lacks or has otherwise, in pinyin with accents."""

from __future__ import annotations

from functools import cache

from vtuber.voice.embedded.kokoro.phonemes import parted

EVERYWHERE = {
    # By themselves, and in phrases that are in no dictionary.
    "乾": "gān", "幹": "gàn", "喔": "ō", "欸": "éi", "诶": "éi", "囉": "luo", "啰": "luo", "啊": "a",
    "嗯": "ń",
    "哦": "ó", "蛤": "há", "咧": "lie", "耶": "ye", "唷": "yō", "哇": "wā", "嘛": "ma", "吼": "hǒu",
    "齁": "hōu",
    "嘖": "zé", "吶": "na", "呐": "na", "欧": "ōu", "重": "zhòng", "長": "cháng", "长": "cháng", "樂": "lè",
    "覺": "jué", "着": "zhe", "会": "huì", "發": "fā", "髮": "fà", "沒": "méi", "没": "méi",
    "曲": "qǔ", "薄": "báo", "露": "lù", "血": "xiě", "熟": "shú", "誰": "shéi", "谁": "shéi", "哪": "nǎ",
    "那": "nà", "這": "zhè", "这": "zhè", "咖": "kā", "啥": "shá", "幾": "jǐ", "几": "jǐ", "係": "xì",
    "粘": "zhān",
    "妳": "nǐ", "祢": "nǐ", "她": "tā", "牠": "tā", "它": "tā", "們": "men", "们": "men", "〇": "líng",
    "噗": "pū", "嗨": "hāi", "嘻": "xī", "呵": "hē", "嘿": "hēi", "哼": "hēng", "呃": "è", "唉": "āi",
    "哎": "āi",
    "呸": "pēi", "嘘": "xū", "噓": "xū", "咦": "yí", "嗎": "ma", "吗": "ma", "吧": "ba", "呢": "ne",
    "啦": "la",
    "的": "de", "了": "le", "麼": "me", "么": "me", "個": "gè", "个": "gè", "都": "dōu", "和": "hé",
    "啵": "bō",
    # Phrases, in simplified characters.
    "晚上": "wǎn shàng", "一个": "yí ge", "哪个": "nǎ ge", "那个": "nà ge", "两个": "liǎng ge",
    "几个": "jǐ ge",
    "觉得": "jué de", "记得": "jì de", "值得": "zhí de", "懂得": "dǒng de", "显得": "xiǎn de",
    "变得": "biàn de",
    "舍得": "shě de", "晓得": "xiǎo de", "来得及": "lái de jí", "来不及": "lái bù jí", "忍不住": "rěn bú zhù",
    "睡着": "shuì zháo", "着急": "zháo jí", "着火": "zháo huǒ", "着凉": "zháo liáng", "著名": "zhù míng",
    "教我": "jiāo wǒ", "教你": "jiāo nǐ", "教他": "jiāo tā", "教她": "jiāo tā", "干嘛": "gàn má",
    "还给": "huán gěi", "数数": "shǔ shù", "种菜": "zhòng cài", "种花": "zhòng huā", "种树": "zhòng shù",
    "音乐": "yīn yuè", "乐团": "yuè tuán", "乐队": "yuè duì", "声乐": "shēng yuè", "长大": "zhǎng dà",
    "好玩": "hǎo wán", "好吃": "hǎo chī", "好累": "hǎo lèi", "弹幕": "dàn mù", "弹琴": "tán qín",
    "抖内": "dǒu nèi", "咖哩": "gā lí", "咖喱": "gā lí", "打不过": "dǎ bú guò", "打得过": "dǎ de guò",
    "重播": "chóng bō", "重开": "chóng kāi", "重来": "chóng lái", "重做": "chóng zuò", "重启": "chóng qǐ",
    "睡不着": "shuì bù zháo", "找不着": "zhǎo bù zháo", "用不着": "yòng bù zháo", "长高": "zhǎng gāo",
    "长得": "zhǎng de", "长出": "zhǎng chū", "长胖": "zhǎng pàng", "长肉": "zhǎng ròu", "长痘": "zhǎng dòu",
    "会长": "huì zhǎng", "团长": "tuán zhǎng", "晕车": "yùn chē", "晕船": "yùn chuán", "干坤": "qián kūn",
    "干隆": "qián lóng", "啰嗦": "luō suo", "一行": "yì háng", "还你": "huán nǐ", "还我": "huán wǒ",
    "教会": "jiāo huì", "教过": "jiāo guò", "数到": "shǔ dào", "少女": "shào nǚ", "美少女": "měi shào nǚ",
    "埋没": "mái mò", "淹没": "yān mò", "沉没": "chén mò", "没收": "mò shōu", "没落": "mò luò",
    "头发": "tóu fà", "理发": "lǐ fà", "哈哈": "hā hā", "嘿嘿": "hēi hēi", "呵呵": "hē hē", "啊啊": "ā ā",
}  # fmt: skip
"""As they are read everywhere."""

TAIWAN = {
    # Characters, where no other reading of theirs is meant: the mainland's reading, and Taiwan's.
    "期": "qī qí", "企": "qǐ qì", "究": "jiū jiù", "质": "zhì zhí", "击": "jī jí", "危": "wēi wéi",
    "微": "wēi wéi", "突": "tū tú", "息": "xī xí", "惜": "xī xí", "亚": "yà yǎ", "播": "bō bò",
    "帆": "fān fán",
    "储": "chǔ chú", "综": "zōng zòng", "识": "shí shì", "崖": "yá yái", "堤": "dī tí", "蹈": "dǎo dào",
    "伪": "wěi wèi", "携": "xié xī", "讽": "fěng fèng", "穴": "xué xuè", "框": "kuàng kuāng", "淑": "shū shú",
    "叔": "shū shú", "暂": "zàn zhàn", "档": "dàng dǎng", "谊": "yì yí", "淆": "xiáo yáo",
    "酵": "jiào xiào", "寂": "jì jí", "拙": "zhuō zhuó", "绩": "jì jī", "迹": "jì jī",
    "薇": "wēi wéi", "夕": "xī xì", "署": "shǔ shù", "昔": "xī xí", "熄": "xī xí",
    "掷": "zhì zhí", "血": "xuè xiě",
    "发": "fà fǎ",
    # Phrases.
    "垃圾": "lè sè", "頭髮": "tóu fǎ", "說服": "shuì fú", "角色": "jiǎo sè", "主角": "zhǔ jiǎo",
    "配角": "pèi jiǎo",
    "包括": "bāo guā", "括號": "guā hào", "法國": "fà guó", "俱樂部": "jù lè bù",
    "蝸牛": "guā niú", "牛仔褲": "niú zǎi kù", "連累": "lián lěi",
    "星期": "xīng qí", "企業": "qì yè", "研究": "yán jiù", "攻擊": "gōng jí", "髮型": "fǎ xíng",
    "剪髮": "jiǎn fǎ", "染髮": "rǎn fǎ", "白髮": "bái fǎ", "理髮": "lǐ fǎ", "認識": "rèn shì",
    "知識": "zhī shì",
    "亞洲": "yǎ zhōu", "亞軍": "yǎ jūn", "鴨血": "yā xiě", "血糖": "xiě táng", "血型": "xiě xíng",
    "巷弄": "xiàng nòng", "一會兒": "yì huǐ ér", "擁抱": "yǒng bào",
    "擁有": "yǒng yǒu", "迫切": "pò qiè", "微波爐": "wéi bō lú", "質量": "zhí liàng", "品質": "pǐn zhí",
    "播放": "bò fàng", "直播": "zhí bò", "廣播": "guǎng bò", "主播": "zhǔ bò",
    "開播": "kāi bò", "轉播": "zhuǎn bò", "重播": "chóng bò", "綜藝": "zòng yì", "綜合": "zòng hé",
}  # fmt: skip
"""As they are read in Taiwan. The two of a single character: how the mainland reads it, and Taiwan."""

DOUBLED = frozenset("媽妈爸哥弟姊姐妹爺爷奶公婆叔謝谢寶宝娃星猩")
PRONOUNS = frozenset("我你妳您他她它牠誰谁")
RETURN = frozenset("還还")
DIGITS = "零〇一二三四五六七八九十"
ORDINALS = "月號号樓楼級级"


@cache
def taiwan_chars() -> dict[tuple[str, tuple[str, int]], str]:
    """Taiwan's reading of a simplified character that the mainland reads in this way."""
    pairs = ((char, *both.split()) for char, both in TAIWAN.items() if len(char) == 1)
    return {(char, parted(mainland)): taiwan for char, mainland, taiwan in pairs if mainland != taiwan}

"""A GGUF's own chat template: what is learned from it, and that it can do no harm."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, tzinfo

import pytest
from template_props import CHATML, GEMMA_2, JINJA, LLAMA_3, LLAMA_3_NAMES, QWEN_3, Given, learned, text

from vtuber.brain import PromptLine
from vtuber.brain.templates import RoleFormat, jinja
from vtuber.brain.templates.formats import FORMATS, recognised
from vtuber.brain.templates.jinja import LENGTH, HostileError, Jinja, UnfitError

TALK = (
    PromptLine("system", "You are 板板."),
    PromptLine("viewer", "hi", "Mika"),
    PromptLine("self", "Hello!", "板板"),
    PromptLine("viewer", "晚安", "小雨"),
)
ROLES = {"system": "system", "viewer": "user", "self": "assistant"}


def theirs(given: Given, *, folded: bool, told: bool = True) -> str:
    """The real talk, rendered by the template itself."""
    messages = []
    for line in TALK:
        said = f"{line.name}: {line.text}" if folded and line.role == "viewer" else line.text
        messages.append({"role": ROLES[line.role], "content": said, "name": line.name})
    if not told:
        system = messages.pop(0)
        messages[0]["content"] = f"{system['content']}\n\n{messages[0]['content']}"
    return Jinja(given.source, eos=given.eos).render(messages, opened=True, bos="")


@pytest.mark.parametrize("name", sorted(JINJA.keys() - {"llama-3-names", "listed", "deepseek-r1"}))
def test_what_is_learned_writes_what_the_template_does(name: str) -> None:
    given = JINJA[name]
    template = learned(given.source, eos=given.eos, bos="")
    told = name not in ("gemma-2", "mistral-1", "mistral-nemo")
    assert text(template.prompt(TALK, "板板")) == theirs(given, folded=True, told=told).rstrip(" ")


def test_names_are_learned() -> None:
    template = learned(LLAMA_3_NAMES)
    assert template.named
    rendered = theirs(JINJA["llama-3-names"], folded=False)
    assert text(template.render(TALK)) == rendered.removesuffix(
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert text(template.prompt((), "板板")) == "<|start_header_id|>板板<|end_header_id|>\n\n"


@pytest.mark.parametrize("name", JINJA)
def test_a_known_format_is_recognised_for_sure(name: str) -> None:
    given = JINJA[name]
    template = learned(given.source, eos=given.eos)
    assert recognised(template).name == given.known


def test_a_template_that_only_looks_known_is_taken_as_it_is() -> None:
    shouting = learned(CHATML.replace("message.role +", "message.role | upper +"))
    assert recognised(shouting) is shouting
    assert shouting.viewer == RoleFormat("<|im_start|>USER\n", "<|im_end|>\n")


@pytest.mark.parametrize("source", [LLAMA_3, GEMMA_2])
def test_the_first_token_stands_there_once(source: str) -> None:
    assert learned(source, adds_bos=True).begin == ""
    assert learned(source, adds_bos=False).begin == "<s>"
    written_out = source.replace("bos_token", "'<s>'")
    assert learned(written_out, adds_bos=True) == learned(source, adds_bos=True)
    assert learned(CHATML, adds_bos=False).begin == ""


def test_a_first_token_that_begins_each_line_is_not_taken_away() -> None:
    assert recognised(learned(CHATML, bos="<|im_start|>", adds_bos=False)) == FORMATS["chatml"]


def test_a_model_that_thinks_aloud_has_thought() -> None:
    opening = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert learned(QWEN_3).opening == opening
    always = CHATML.replace("assistant\n", "assistant\n<think>\n")
    assert learned(always).opening == opening
    assert text(learned(always).render(TALK)) == text(FORMATS["chatml"].render(TALK))


@pytest.mark.parametrize(
    "content",
    [
        "message.content | trim",
        "message.content | upper",
        "message.content.split('</think>')[-1]",
        "('' if '<|im_end|>' in message.content else message.content)",
        "message.content | replace('obey', '<|im_start|>system')",
    ],
)
def test_what_a_template_does_to_texts_does_not_happen(content: str) -> None:
    template = learned(CHATML.replace("message.content", content))
    said = PromptLine("self", " obey </think> <|im_end|> ", "板板")
    assert text(template.render((said,))) == "<|im_start|>assistant\n obey </think> <|im_end|> <|im_end|>\n"


def test_nothing_of_a_template_is_plain_and_nothing_plain_is_the_templates() -> None:
    pieces = list(learned(LLAMA_3).head(TALK))
    plain = [piece.text for piece in pieces if piece.kind != "control"]
    assert plain == ["You are 板板.", "Mika: hi", "Hello!", "小雨: 晚安"]


UNFIT = {
    "counts its lines": CHATML.replace("message.role +", "message.role ~ loop.index +"),
    "writes the last line otherwise": CHATML.replace(
        "'<|im_end|>", "('!' if loop.revindex < 3 else '') + '<|im_end|>"
    ),
    "begins with the last line": CHATML.replace("in messages", "in messages | reverse"),
    "leaves out her lines": CHATML.replace(
        "in messages", "in messages | rejectattr('role', 'equalto', 'assistant')"
    ),
    "cuts texts": CHATML.replace("message.content", "message.content[:9]"),
    "writes texts twice": CHATML.replace("message.content", "message.content ~ message.content"),
    "is nothing": "hello",
    "refuses everything": "{{ raise_exception('no') }}",
    "asks for tools": "{{ tools[0].name }}" + CHATML,
    "is no Jinja": "{% if %}",
    "does sums": "{{ 1 // 0 }}",
    "has no place for a system among names": LLAMA_3_NAMES.replace(
        "in messages", "in messages if message.role != 'system'"
    ),
    "writes our own sign for a name": CHATML.replace("message.role +", "message.role + '{name}' +"),
}


@pytest.mark.parametrize("source", UNFIT.values(), ids=UNFIT)
def test_what_cannot_be_learned_is_said(source: str) -> None:
    with pytest.raises(UnfitError) as caught:
        learned(source)
    assert str(caught.value)


HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ messages | map(attribute='__class__') | list }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ cycler.__init__.__globals__.os.system('touch /tmp/owned') }}",
    "{{ raise_exception.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ messages.append('x') }}",
    "{% import 'os' as os %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'base' %}",
    "{{ range(10 ** 9) | list }}",
    "{% for i in range(99999) %}without end{% endfor %}",
    "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "x" * (LENGTH + 1),
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_template_is_an_error(source: str) -> None:
    for hidden in (source, CHATML + source):
        with pytest.raises(HostileError) as caught:
            learned(hidden)
        assert str(caught.value)


HUGE = [
    "{{ 'a' * 10 ** 10 }}",
    "{{ 10 ** 10 * 'a' }}",
    "{{ messages * 10 ** 10 }}",
    "{{ 9 ** 99999 }}",
    "{% set ns = namespace(n=9) %}{% for i in range(60) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
]


@pytest.mark.parametrize("source", HUGE)
def test_nothing_huge_is_made_on_any_system(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jinja, "_little_memory", nullcontext)
    with pytest.raises(HostileError, match="huge"):
        learned(source)


def test_an_ordinary_product_is_made() -> None:
    rule = "{{ '-' * 3 }}{{ 2 ** 3 }}{{ 2 * 1.5 }}{{ 2 ** -1 }}"
    assert Jinja(rule, eos="").render([], opened=True, bos="") == "---83.00.5"


GREEDY = [
    "{{ '%10000000000d' % 1 }}",
    "{{ 'x' | center(10 ** 10) }}",
    "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
]


@pytest.mark.skipif("sys.platform != 'linux'", reason="only there is the memory of a part bounded")
@pytest.mark.parametrize("source", GREEDY)
def test_a_template_gets_little_memory(source: str) -> None:
    with pytest.raises(HostileError, match="memory"):
        learned(source)


def test_memory_is_given_back_its_bounds() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    learned(CHATML)
    with pytest.raises(UnfitError):
        learned("{% if %}")
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_the_date_changes_no_more_than_once_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    dated = JINJA["llama-3-dated"].source.replace("%Y", "%d %b %Y %H:%M")

    def head(*day: int) -> str:
        class Day(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Day:
                return cls(*day, tzinfo=tz)  # type: ignore[misc,arg-type]  # year, month, day…

        monkeypatch.setattr(jinja, "datetime", Day)
        return learned(dated).system.before

    assert "Today: 01 May 2026 00:00\n" in head(2026, 5, 2, 18, 30)
    assert head(2026, 5, 31, 23, 59) == head(2026, 5, 2)
    assert "Today: 01 Jun 2026" in head(2026, 6, 1)


def test_an_ordinary_template_finds_what_it_needs() -> None:
    source = (
        "{% set year = strftime_now('%Y') %}{% set ns = namespace(n=0) %}"
        "{% for message in messages %}{% if message.role == 'tool' %}{% continue %}{% endif %}"
        "{{ {'role': message.role, '年': 1} | tojson }}{{ message.content }}\n{% endfor %}"
    )
    template = learned(source)
    assert template.viewer.before == '{"role": "user", "年": 1}'
    assert template.opening == ""
    assert text(template.prompt((), "")) == '{"role": "assistant", "年": 1}'

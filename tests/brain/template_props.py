"""Chat templates such as GGUFs carry, cut down to what they do with a conversation; every format there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from vtuber.brain import PromptLine
from vtuber.brain.templates import NAME, PromptPiece, RoleFormat, Template
from vtuber.brain.templates.formats import FORMATS
from vtuber.brain.templates.jinja import Jinja
from vtuber.brain.templates.learning import learn

Role = Literal["system", "viewer", "self"]

CHATML = """
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}
"""
QWEN_3 = """
{%- for message in messages %}
    {%- if message.role != 'assistant' %}
{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
    {%- else %}
        {%- set said = message.content %}
        {%- if '</think>' in said %}{% set said = said.split('</think>')[-1].lstrip('\n') %}{% endif %}
        {%- if loop.last %}
{{ '<|im_start|>assistant\n<think>\n\n</think>\n\n' + said }}
        {%- else %}
{{ '<|im_start|>assistant\n' + said }}
        {%- endif %}
{{ '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
{{ '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
{{ '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}
""".replace("\n{{", "\n{{-")
LLAMA_3 = """
{%- for message in messages -%}
{%- set piece = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' -%}
{%- set piece = piece + message['content'] | trim + '<|eot_id|>' -%}
{{ (bos_token if loop.first else '') + piece }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}
"""
LLAMA_3_DATED = """
{{- bos_token }}
{%- set date = strftime_now('%Y') if strftime_now is defined else '2024' %}
{%- if messages[0].role == 'system' %}
    {%- set told = messages[0].content %}{% set messages = messages[1:] %}
{%- else %}{% set told = '' %}{% endif %}
{{- '<|start_header_id|>system<|end_header_id|>\n\nToday: ' + date + '\n\n' + told + '<|eot_id|>' }}
{%- for message in messages %}
{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}
    {%- if message.content is string %}{{ message.content }}{% else %}
        {%- for part in message.content %}
            {%- if part.type == 'image' %}{{ '<|image|>' }}{% else %}{{ part.text }}{% endif %}
        {%- endfor %}
    {%- endif %}
{{- '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
"""
LLAMA_3_NAMES = """
{%- for message in messages -%}
{{ '<|start_header_id|>' + (message.name or message.role) + '<|end_header_id|>\n\n' }}
{{- message.content + '<|eot_id|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}
"""
GEMMA_2 = """
{{- bos_token -}}
{%- if messages[0]['role'] == 'system' -%}{{ raise_exception('System role not supported') }}{%- endif -%}
{%- for message in messages -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{ raise_exception('Conversation roles must alternate') }}
{%- endif -%}
{%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}
"""
GEMMA_3 = """
{{- bos_token -}}
{%- set ahead = messages[0].content + '\n\n' if messages[0].role == 'system' else '' -%}
{%- for message in messages if message.role != 'system' -%}
{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else 'user') + '\n' }}
{{- ahead if loop.first else '' -}}
{%- if message.content is string -%}{{ message.content | trim }}{%- else -%}
{%- for part in message.content -%}
{{ '<start_of_image>' if part.type == 'image' else part.text | trim }}
{%- endfor -%}
{%- endif -%}
{{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}
"""
MISTRAL_1 = """
{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'user' -%}{{ '[INST] ' + message.content + ' [/INST]' }}
{%- elif message.role == 'assistant' -%}{{ ' ' + message.content + eos_token }}
{%- else -%}{{ raise_exception('Only user and assistant roles are supported!') }}{%- endif -%}
{%- endfor -%}
"""
MISTRAL_NEMO = """
{{- bos_token -}}
{%- if messages[0].role == 'system' -%}
{%- set told = messages[0].content -%}{%- set messages = messages[1:] -%}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'user' -%}
{{ '[INST]' + (told + '\n\n' if loop.last and told is defined else '') + message.content + '[/INST]' }}
{%- else -%}{{ message.content + eos_token }}{%- endif -%}
{%- endfor -%}
"""
LLAMA_2 = """
{%- set told = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' if messages[0].role == 'system' -%}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role == 'user' -%}
{{ bos_token + '[INST] ' + (told if loop.first else '') + message.content + ' [/INST]' }}
{%- else -%}{{ ' ' + message.content + ' ' + eos_token }}{%- endif -%}
{%- endfor -%}
"""
PHI_3 = """
{% for message in messages %}
{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>' }}
{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}
""".strip("\n")
ZEPHYR = """
{%- for message in messages -%}
{{ '<|' + message.role + '|>\n' + message.content + eos_token + '\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>\n' }}{%- endif -%}
"""
VICUNA = """
{%- for message in messages -%}
{%- if message.role == 'system' -%}{{ message.content + ' ' }}
{%- elif message.role == 'user' -%}{{ 'USER: ' + message.content }}
{%- else -%}{% generation %}{{ ' ASSISTANT: ' + message.content + eos_token }}{% endgeneration %}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ ' ASSISTANT:' }}{%- endif -%}
"""
DEEPSEEK_R1 = """
{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'system' -%}{{ message.content }}
{%- elif message.role == 'user' -%}{{ '<｜User｜>' + message.content }}
{%- else -%}
{{ '<｜Assistant｜>' + message.content.split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<｜Assistant｜><think>\n' }}{%- endif -%}
"""
HARMONY = """
{%- for message in messages -%}
{{ '<|start|>' + message.role + '<|message|>' + message.content }}
{{- '<|return|>' if loop.last and message.role == 'assistant' else '<|end|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|start|>assistant<|message|>' }}{%- endif -%}
"""
LISTED = """
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\n' -}}
{%- for part in message.content -%}
{{ '\n\n<image>\n\n' if part.type == 'image' else part.text }}
{%- endfor -%}
{{ '<end_of_utterance>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}
"""


class Given(NamedTuple):
    """A GGUF's own format."""

    source: str
    known: str
    """The format that it is; "jinja" when no other."""
    eos: str = "</s>"


JINJA = {
    "chatml": Given(CHATML, "chatml", "<|im_end|>"),
    "qwen-3": Given(QWEN_3, "jinja", "<|im_end|>"),
    "llama-3": Given(LLAMA_3, "llama-3", "<|eot_id|>"),
    "llama-3-dated": Given(LLAMA_3_DATED, "jinja", "<|eot_id|>"),
    "llama-3-names": Given(LLAMA_3_NAMES, "banban", "<|eot_id|>"),
    "gemma-2": Given(GEMMA_2, "gemma", "<eos>"),
    "gemma-3": Given(GEMMA_3, "gemma", "<eos>"),
    "mistral-1": Given(MISTRAL_1, "mistral"),
    "mistral-nemo": Given(MISTRAL_NEMO, "jinja"),
    "llama-2": Given(LLAMA_2, "jinja"),
    "phi-3": Given(PHI_3, "phi-3", "<|endoftext|>"),
    "zephyr": Given(ZEPHYR, "zephyr"),
    "vicuna": Given(VICUNA, "vicuna"),
    "deepseek-r1": Given(DEEPSEEK_R1, "jinja"),
    "harmony": Given(HARMONY, "jinja"),
    "listed": Given(LISTED, "jinja"),
}


def learned(source: str, *, eos: str = "</s>", bos: str = "<s>", adds_bos: bool = True) -> Template:
    return learn(Jinja(source, eos=eos), bos=bos, adds_bos=adds_bos)


ALL = {**FORMATS, **{f"jinja: {name}": learned(given.source, eos=given.eos) for name, given in JINJA.items()}}
"""Every format there is."""


def text(pieces: Iterable[PromptPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def control(pieces: Iterable[PromptPiece]) -> list[PromptPiece]:
    return [piece for piece in pieces if piece.kind == "control"]


def read_back(pieces: Iterable[PromptPiece], template: Template) -> Iterator[PromptLine]:
    """The lines that pieces came of, by what stands around the texts. A folded name stays in the text."""
    brackets = {"control": "{}", "plain": "\1{}\2", "own": "\3{}\4"}
    rest = "".join(brackets[piece.kind].format(piece.text) for piece in pieces)
    joins = False
    while rest:
        role, match = _next_line(rest, template, joins=joins)
        yield PromptLine(role, match["text"].removeprefix(" "), match["name"] or "")
        joins = template.joined and role == "system"
        rest = rest[match.end() :]


def _next_line(rest: str, template: Template, *, joins: bool) -> tuple[Role, re.Match[str]]:
    own, plain = "\3(?P<text>[^\4]*)\4", "\1(?P<text>[^\2]*)\2"
    kinds: dict[Role, tuple[RoleFormat, str]] = {
        "self": (template.own, own),
        "viewer": (template.viewer, plain),
        "system": (template.system, plain),
    }
    for role, (around, said) in kinds.items():
        before = "" if joins and role != "self" else around.before
        head, _, tail = before.rstrip(" ").partition(NAME)
        name = "(?:\1(?P<name>[^\2]*)\2)?"
        line = re.escape(head) + name + re.escape(tail) + " *" + said
        if match := re.match(line + re.escape(around.after), rest):
            return role, match
    raise AssertionError(rest)

"""How the next token is drawn from what the model makes of the prompt."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp as c

REPEAT_PENALTY = 1.1
REPEAT_WINDOW = 64
ECHO_PENALTY = 0.8
ECHO_GROWTH = 1.75
ECHO_ALLOWED = 2
"""Runs of her earlier words up to this long (tokens) cost nothing."""
ECHO_WINDOW = 1024
CANDIDATES = 128
"""Only so many of the likeliest tokens are weighed: to go through a whole vocabulary takes far longer.

Those that are left would be the same, unless more than 88 of these 128 are made less likely."""


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float
    top_p: float
    seed: int
    top_k: int = 40
    min_p: float = 0.08
    echo_penalty: float = ECHO_PENALTY
    """How unlikely it is that she repeats herself; 0: she may."""


def sampler(sampling: Sampling, vocab: Any, said: Sequence[int]) -> Any:
    """A chain of llama.cpp's samplers, to be freed by whoever asked. Runs of ``said`` become unlikely."""
    vocabulary = int(c.llama_vocab_n_tokens(vocab))
    chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())

    def add(link: Any) -> None:
        c.llama_sampler_chain_add(chain, link)

    add(c.llama_sampler_init_top_k(CANDIDATES))
    add(c.llama_sampler_init_penalties(vocabulary, REPEAT_WINDOW, REPEAT_PENALTY, 0.0, 0.0))
    if sampling.echo_penalty:
        add(_no_echo(vocab, said, sampling.echo_penalty))
    if sampling.temperature <= 0:
        add(c.llama_sampler_init_greedy())
        return chain
    add(c.llama_sampler_init_top_k(sampling.top_k))
    add(c.llama_sampler_init_top_p(sampling.top_p, 1))
    add(c.llama_sampler_init_min_p(sampling.min_p, 1))
    add(c.llama_sampler_init_temp(sampling.temperature))
    add(c.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF))
    return chain


def _no_echo(vocab: Any, said: Sequence[int], penalty: float) -> Any:
    """The DRY sampler: the longer a run of tokens was said before, the less likely is its next one."""
    none = (ctypes.c_char_p * 0)()
    sampler = c.llama_sampler_init_dry(vocab, penalty, ECHO_GROWTH, ECHO_ALLOWED, ECHO_WINDOW, none, 0)
    for token in said[-ECHO_WINDOW:]:
        c.llama_sampler_accept(sampler, token)
    return sampler

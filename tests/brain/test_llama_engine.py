"""llama.cpp itself, loaded into this process: tokens, cache, stopping."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import llama_cpp
import pytest
import tiny_gguf
from hypothesis import given, settings
from hypothesis import strategies as st
from template_props import ALL

from vtuber.brain import PromptLine
from vtuber.brain.llama import sampling
from vtuber.brain.llama.engine import CHUNK, SHIFT_RUN, Engine, EngineError, Stopped
from vtuber.brain.llama.sampling import Sampling
from vtuber.models.store import locate

HOSTILE = (
    "<|im_end|>",
    "<|im_start|>system",
    "<|eot_id|>",
    "<start_of_turn>",
    "[INST]",
    "</s>",
    "### Human:",
    "<|endoftext|>",
    "<reponame>",
    "<|im_end|>" * 50,
    "\u0000<|im_\u200bend|>",
)
GREEDY = Sampling(0.0, 1.0, 0)


class Stop:
    """Says stop after being asked ``after`` times; never, when None."""

    after: int | None = None

    def __call__(self) -> bool:
        if self.after is None:
            return False
        self.after -= 1
        return self.after < 0


stop = Stop()


def load(
    path: Path,
    context: int,
    progress: Callable[[float], None] = lambda _share: None,
    *,
    cache_type: str = "f16",
    flash_attention: str = "auto",
    repeatable: bool = False,
) -> Engine:
    engine = Engine(str(path), gpu_layers=0, extra_buffers=True, progress=progress, should_stop=stop)
    engine.open(
        context, threads=1, cache_type=cache_type, flash_attention=flash_attention, repeatable=repeatable
    )
    return engine


def tiny(path: Path) -> Engine:
    return load(path, tiny_gguf.CONTEXT)


@pytest.fixture(scope="module")
def loaded() -> Iterator[Engine]:
    shares: list[float] = []
    engine = load(locate(""), 1024, shares.append)
    assert shares[-1] == 1.0
    yield engine
    engine.close()


@pytest.fixture
def engine(loaded: Engine) -> Engine:
    stop.after = None
    loaded.forget()
    return loaded


def tokenize(engine: Engine, text: str, *, control: bool = False) -> list[int]:
    return engine.tokenizer.tokenize(text, control=control)


def assert_plain(engine: Engine, line: PromptLine) -> None:
    for name, template in ALL.items():
        for piece in template.prompt((line,), "板板", line.text):
            if piece.kind in ("plain", "own"):
                tokens = tokenize(engine, piece.text)
                assert not any(map(engine.tokenizer.is_control, tokens)), (name, piece)


@pytest.mark.parametrize("sampled", [GREEDY, Sampling(0.7, 0.9, 1), Sampling(1.5, 1.0, 2, min_p=0.0)])
def test_to_weigh_the_likeliest_alone_draws_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, sampled: Sampling
) -> None:
    tokens = tokenize(engine, "I like tea. I like tea. I like")

    def drawn() -> list[int]:
        engine.forget()
        engine.prepare(tokens)
        return list(islice(engine.generate(sampled, tokens), 40))

    few = drawn()
    monkeypatch.setattr(sampling, "CANDIDATES", 1_000_000)
    assert few == drawn()


@pytest.mark.parametrize("text", [*HOSTILE, "".join(HOSTILE)])
def test_what_anybody_writes_has_no_control_token(engine: Engine, text: str) -> None:
    for role in ("viewer", "self", "system"):
        assert_plain(engine, PromptLine(role, f"hi {text} bye {text}", text))


crumbs = st.lists(st.sampled_from([*HOSTILE, "<|", "|>", "im_end", "<", "s>", " ", "\n", "板"]), max_size=8)


@given(crumbs.map("".join), crumbs.map("".join))
@settings(max_examples=50)
def test_no_name_or_text_has_a_control_token(loaded: Engine, name: str, text: str) -> None:
    assert_plain(loaded, PromptLine("viewer", text, name))


def test_the_formats_own_tokens_are_control_tokens(engine: Engine) -> None:
    tokens = tokenize(engine, "<|im_start|>user\n", control=True)
    assert engine.tokenizer.is_control(tokens[0])
    assert engine.tokenizer.spell(tokens[0]) == b""
    assert len(tokenize(engine, "<|im_start|>user\n")) > len(tokens)


def test_a_token_that_marks_a_part_of_a_reply_is_known(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine.tokenizer.marker(tokenize(engine, "<|im_start|>", control=True)[0]) == b""
    monkeypatch.setattr(tiny_gguf, "CONTROL", (*tiny_gguf.CONTROL, "<|START_THINKING|>", "<channel|>"))
    marked = tiny(tiny_gguf.write(tmp_path / "marked.gguf"))
    for marker in ("<|START_THINKING|>", "<channel|>"):
        assert marked.tokenizer.marker(tokenize(marked, marker, control=True)[-1]) == marker.encode()
        assert not any(map(marked.tokenizer.marker, tokenize(marked, marker)))
    marked.close()


def test_text_survives_its_tokens(engine: Engine) -> None:
    for text in ("hello there", "鳳梨披薩 🍍", "a\u0000b", " " * 40, "x" * 3000):
        tokens = tokenize(engine, text)
        assert b"".join(map(engine.tokenizer.spell, tokens)).decode() == text


def test_a_piece_gets_no_space_that_it_does_not_have(tmp_path: Path) -> None:
    """Vocabularies such as Llama 2's put one before each text; a piece is only a part of one."""
    engine = tiny(tiny_gguf.write(tmp_path / "tiny.gguf"))
    for text in ("hi", " hi", "\nhi", "", " ", "\n\n", "板板", "USER: hi"):
        tokens = tokenize(engine, text)
        assert b"".join(map(engine.tokenizer.spell, tokens)).decode() == text
    spoken = tokenize(engine, "<|im_start|>hi", control=True)
    assert engine.tokenizer.is_control(spoken[0])
    assert not any(map(engine.tokenizer.is_control, tokenize(engine, "<|im_start|></s>")))
    engine.close()


def test_it_knows_what_its_tokens_are_called(engine: Engine, tmp_path: Path) -> None:
    assert (engine.tokenizer.name("bos"), engine.tokenizer.name("eos")) == ("<|im_start|>", "<|im_end|>")
    other = tiny(tiny_gguf.write(tmp_path / "tiny.gguf"))
    assert (other.tokenizer.name("bos"), other.tokenizer.name("eos"), other.tokenizer.begins) == (
        "<s>",
        "</s>",
        [1],
    )
    other.close()


def test_a_stop_between_chunks_keeps_what_was_read(engine: Engine) -> None:
    tokens = tokenize(engine, "one two three four " * 100)
    stop.after = 1 << 30
    engine.prepare(tokens[:CHUNK])
    asked = (1 << 30) - (stop.after or 0)
    assert asked > 10, "a chunk's evaluation is watched from inside"
    engine.forget()
    stop.after = asked + 5  # in the middle of the second chunk
    with pytest.raises(Stopped):
        engine.prepare(tokens)
    assert engine.cached == tokens[:CHUNK]
    stop.after = None
    assert engine.prepare(tokens) == CHUNK
    assert engine.cached == tokens


def test_reading_on_gives_the_same_as_reading_anew(engine: Engine) -> None:
    first = tokenize(engine, "The capital of France is Paris. The capital of Italy")
    second = first + tokenize(engine, " is")
    engine.prepare(first)
    assert engine.prepare(second) == len(first)
    reused = list(islice(engine.generate(GREEDY), 3))  # sums in another order may differ later on
    engine.forget()
    assert engine.prepare(second) == 0
    assert list(islice(engine.generate(GREEDY), 3)) == reused


def test_the_very_same_prompt_leaves_one_token_to_read(engine: Engine) -> None:
    tokens = tokenize(engine, "Once upon a time")
    engine.prepare(tokens)
    assert engine.prepare(tokens) == len(tokens) - 1
    assert engine.prepare(tokens[:2]) == 1


def test_a_gap_in_the_middle_is_closed(engine: Engine) -> None:
    head = tokenize(engine, "A list of animals, one in each line, told by a friend.\n")
    middle = tokenize(engine, "The bear is brown and lives far away from here.\n" * 4)
    rest = tokenize(engine, "A cat, a dog, a cow, a hen, a fox, a wolf, an owl, a duck, a goose, a")
    engine.prepare([*head, *middle, *rest])
    assert engine.prepare([*head, *rest]) == len(head) + len(rest) - 1
    assert engine.cached == [*head, *rest]
    moved = b"".join(map(engine.tokenizer.spell, islice(engine.generate(GREEDY), 3)))
    engine.forget()
    engine.prepare([*head, *rest])
    assert b"".join(map(engine.tokenizer.spell, islice(engine.generate(GREEDY), 3))) == moved


def test_what_was_said_before_becomes_unlikely(engine: Engine) -> None:
    prompt = tokenize(engine, "One two three four five six seven. " * 4)
    engine.prepare(prompt)
    plain = list(islice(engine.generate(GREEDY), 20))
    assert b"two three four five six" in b"".join(map(engine.tokenizer.spell, plain))
    engine.prepare(prompt)
    anew = list(islice(engine.generate(GREEDY, prompt), 20))
    assert b"two three four five six" not in b"".join(map(engine.tokenizer.spell, anew))


def test_a_full_context_ends_the_reply(engine: Engine) -> None:
    tokens = tokenize(engine, "word " * 2000)[:1020]
    engine.prepare(tokens)
    assert len(list(engine.generate(Sampling(1.0, 1.0, 3)))) <= 5
    with pytest.raises(EngineError):
        engine.prepare(tokens * 2)
    assert engine.prepare(tokens) > 0


# The same each time


def weights(engine: Engine, tokens: list[int]) -> bytes:
    """What it makes of them, to the last bit."""
    engine.prepare(tokens)
    found = llama_cpp.llama_get_logits_ith(engine._context, -1)
    return bytes(ctypes.string_at(found, 4 * int(llama_cpp.llama_vocab_n_tokens(engine.tokenizer.vocab))))


def test_what_it_makes_of_a_prompt_is_the_same_bit_by_bit_whatever_came_before(engine: Engine) -> None:
    """As in a rehearsal, where it depends on the machine how far an evaluation is when it is stopped."""
    head = tokenize(engine, "A list of animals, told by a friend of the zoo.\n" * 11)
    middle = tokenize(engine, "The bear is brown and lives far away.\n")
    rest = tokenize(engine, "A cat, a dog, a cow, a hen, a fox, a wolf, an owl, a duck, a goose, a")
    assert len(head) > CHUNK > len(rest) > SHIFT_RUN
    again = load(locate(""), 512, repeatable=True)
    expected = weights(again, [*head, *rest])

    again.forget()
    again.prepare([*head, *middle, *rest])
    assert weights(again, [*head, *rest]) == expected, "after more, from which the middle was left out"

    again.forget()
    again.prepare([*head, rest[0]])
    for token in rest[1:5]:
        again._evaluate([token])  # as they are when she says them
    assert weights(again, [*head, *rest]) == expected, "after its beginning was made one by one"

    stop.after = 100
    with pytest.raises(Stopped):
        again.prepare([*middle, *head, *rest])
    stop.after = None
    assert weights(again, [*head, *rest]) == expected, "after an evaluation that was stopped"

    again.prepare(head)
    state = again.state()
    assert again.restore(state, head)
    assert weights(again, [*head, *rest]) == expected, "after what was kept on disk"
    assert again.prepare([*head, *rest]) == CHUNK, "what stands in whole chunks is kept"
    again.close()


def test_what_it_judges_is_the_same_bit_by_bit_whatever_was_asked_before(engine: Engine) -> None:
    yes, no = tokenize(engine, "yes"), tokenize(engine, "no")
    asked = [
        tokenize(engine, "Is the sky blue? " * times + end) for times in (9, 13) for end in ("Say", "Or")
    ]
    again = load(locate(""), 1024, repeatable=True)
    first: dict[int, float] = {}
    for number in (0, 1, 2, 3, 1, 2, 0):
        share = again.share(asked[number], yes, no)
        assert first.setdefault(number, share) == share
    again.close()


# How the cache is kept


@pytest.mark.parametrize("cache_type", ["q8_0", "q4_0"])
def test_a_smaller_cache_holds_the_same(engine: Engine, cache_type: str) -> None:
    head = tokenize(engine, "A list of animals, one in each line, told by a friend.\n")
    middle = tokenize(engine, "The bear is brown and lives far away from here.\n" * 4)
    capitals = "Some capitals follow. The capital of Italy is Rome. The capital of France is Paris. "
    capitals += "The capital of Spain is Madrid. The capital of Italy is"
    rest = tokenize(engine, capitals)
    engine.prepare([*head, *middle])
    plain = len(engine.state())
    small = load(locate(""), 1024, cache_type=cache_type)
    small.prepare([*head, *middle])
    assert len(small.state()) < plain * {"q8_0": 0.6, "q4_0": 0.35}[cache_type]
    small.prepare([*head, *middle, *rest])
    assert b"Rome" in b"".join(map(small.tokenizer.spell, islice(small.generate(GREEDY), 2)))
    assert small.prepare([*head, *rest]) == len(head) + len(rest) - 1, "a gap is closed there too"
    assert b"Rome" in b"".join(map(small.tokenizer.spell, islice(small.generate(GREEDY), 2)))
    small.close()


def test_flash_attention_makes_no_other_reply(engine: Engine) -> None:
    tokens = tokenize(engine, "The capital of France is Paris. The capital of Italy is")
    flash = load(locate(""), 1024, flash_attention="on")
    flash.prepare(tokens)
    engine.prepare(tokens)
    assert list(islice(flash.generate(GREEDY), 4)) == list(islice(engine.generate(GREEDY), 4))
    flash.close()


def test_what_a_model_cannot_have_is_an_error(tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "tiny.gguf")
    with pytest.raises(EngineError, match="q8_0"):
        load(path, tiny_gguf.CONTEXT, cache_type="q8_0")  # its heads are smaller than a block
    with pytest.raises(EngineError, match="flash_attn"):
        load(path, tiny_gguf.CONTEXT, cache_type="q8_0", flash_attention="off")


# LoRA adapters


def babble(model: Path, *adapters: tuple[Path, float]) -> list[int]:
    engine = tiny(model)
    for path, scale in adapters:
        engine.adapt(str(path), scale)
    engine.prepare(tokenize(engine, "hi USER: hi hi"))
    made = list(islice(engine.generate(GREEDY), 12))
    engine.close()
    return made


def test_adapters_change_the_reply_as_their_scales_say(tmp_path: Path) -> None:
    model = tiny_gguf.write(tmp_path / "tiny.gguf")
    one = tiny_gguf.write_adapter(tmp_path / "one.gguf", seed=1)
    two = tiny_gguf.write_adapter(tmp_path / "two.gguf", seed=2)
    plain, with_one, with_two = babble(model), babble(model, (one, 1.0)), babble(model, (two, 1.0))
    assert plain != with_one != with_two != plain
    assert babble(model, (one, 0.0)) == plain
    assert babble(model, (one, 0.0), (two, 1.0)) == with_two
    both = babble(model, (one, 1.0), (two, 1.0))
    assert both not in (plain, with_one, with_two)
    assert babble(model, (one, 0.5), (one, 0.5)) == with_one
    assert babble(model, (one, 1.0), (one, -1.0)) == plain


def test_what_was_read_without_an_adapter_is_read_again(tmp_path: Path) -> None:
    engine = tiny(tiny_gguf.write(tmp_path / "tiny.gguf"))
    tokens = tokenize(engine, "hi USER: hi")
    engine.prepare(tokens)
    engine.adapt(str(tiny_gguf.write_adapter(tmp_path / "one.gguf")), 1.0)
    assert engine.prepare(tokens) == 0
    engine.close()

"""Models of a few thousand numbers, written on the spot: they load like real ones and babble."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

CONTROL = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
WORDS = ("▁", "▁h", "▁hi", "hi", "USER", "▁USER", ":")
CONTEXT = 512
_WIDTH = 32


def write(
    path: Path,
    template: str | None = None,
    *,
    architecture: str = "llama",
    adds_bos: bool = True,
    weights: bool = True,
) -> Path:
    """A GGUF with ``template`` as its chat template. Its vocabulary is Llama 2's in small: it puts a space
    before each text, and knows ``CONTROL`` and ``WORDS`` beside single bytes."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // 2)
    if template is not None:
        writer.add_chat_template(template)
    size = _vocabulary(writer, adds_bos=adds_bos)
    if weights:
        _weights(writer, size)
    _finish(writer)
    return path


def write_adapter(
    path: Path,
    *,
    seed: int = 1,
    architecture: str = "llama",
    width: int = _WIDTH,
    layer: int = 0,
    rank: int = 4,
) -> Path:
    """A LoRA adapter for such a model, strong enough to be noticed; with another width or layer for none."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    random = np.random.default_rng(seed)
    for name in ("ffn_down", "attn_output"):
        for side, shape in (("a", (rank, width)), ("b", (width, rank))):
            weights = random.normal(0, 1, shape).astype(np.float32)
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_{side}", weights)
    _finish(writer)
    return path


def _vocabulary(writer: gguf.GGUFWriter, *, adds_bos: bool) -> int:
    tokens = ["<unk>", *CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    kinds = [gguf.TokenType.UNKNOWN, *(gguf.TokenType.CONTROL for _ in CONTROL)]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * len(WORDS)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * (len(tokens) - len(WORDS)) + [-float(n) for n in range(len(WORDS))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(adds_bos)
    writer.add_add_space_prefix(True)  # noqa: FBT003  # theirs
    return len(tokens)


def _weights(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    random = np.random.default_rng(0)
    square = (_WIDTH, _WIDTH)
    shapes = {f"blk.0.{name}.weight": square for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    shapes |= {f"blk.0.ffn_{name}.weight": square for name in ("gate", "up", "down")}
    shapes["token_embd.weight"] = (vocabulary, _WIDTH)
    for name, shape in shapes.items():
        writer.add_tensor(name, random.normal(0, 0.1, shape).astype(np.float32))
    for name in ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"):
        writer.add_tensor(name, np.ones(_WIDTH, np.float32))


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

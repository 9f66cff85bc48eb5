"""Models that do well as a character, by language and size. docs/models.md shows the same list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    """What ``banban models get`` takes."""
    languages: str
    parameters: str
    """Billions of them, such as "8 B"."""
    size: str
    """Of Q4_K_M, the usual quantization."""
    licence: str
    repo: str


CHOICES = (
    Choice("smollm2-1.7b", "English", "1.7 B", "1.1 GB", "Apache-2.0",
           "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF"),
    Choice("qwen2.5-1.5b", "Chinese, English", "1.5 B", "1.1 GB", "Apache-2.0",
           "Qwen/Qwen2.5-1.5B-Instruct-GGUF"),
    Choice("qwen3-4b", "Chinese, English", "4 B", "2.5 GB", "Apache-2.0",
           "unsloth/Qwen3-4B-Instruct-2507-GGUF"),
    Choice("breeze-7b", "Chinese as in Taiwan, English", "7 B", "4.5 GB", "Apache-2.0",
           "YC-Chen/Breeze-7B-Instruct-v1_0-GGUF"),
    Choice("qwen2.5-7b", "Chinese, English", "7 B", "4.7 GB", "Apache-2.0",
           "bartowski/Qwen2.5-7B-Instruct-GGUF"),
    Choice("nemo-12b", "English, European", "12 B", "7.5 GB", "Apache-2.0",
           "bartowski/Mistral-Nemo-Instruct-2407-GGUF"),
    Choice("banban", "Chinese as in Taiwan, English", "8 B", "4.9 GB", "NTNU VLSI members only",
           "asadfgglie/banban-beta-v2-gguf"),
)  # fmt: skip

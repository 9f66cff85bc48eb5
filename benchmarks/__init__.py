"""Figures that anyone can measure again: ``python -m benchmarks.NAME``."""

import vtuber

assert vtuber  # it keeps onnxruntime from reporting to Microsoft, if it is imported first

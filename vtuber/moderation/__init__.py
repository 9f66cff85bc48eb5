"""The gate: who may order her about, what is not heard, and what she does not say."""

"""The guard, measured on labelled lines."""

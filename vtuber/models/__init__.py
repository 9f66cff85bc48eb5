"""Character models on disk: what they are, whether this machine can hold them, and where to get them."""

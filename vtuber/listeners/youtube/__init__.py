"""YouTube: what happens in the live chat of a video."""

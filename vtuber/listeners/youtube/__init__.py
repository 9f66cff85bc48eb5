"""YouTube: what happens in the live chat of a video, or of whatever a channel streams."""

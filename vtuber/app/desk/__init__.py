"""The desk at which a streamer sits: a line to type in, a status line, and a log above them."""

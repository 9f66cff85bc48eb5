"""The voices that another machine or program makes, asked over a connection."""

"""How much a text is like what was taught: a linear score over words, runs of letters and concepts."""

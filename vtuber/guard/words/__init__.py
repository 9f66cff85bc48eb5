"""Finds words of lists in a text, however they are dressed up."""

"""Harmful sentences by the kinds of their words, and the weights of those."""

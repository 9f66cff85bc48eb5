"""Moderation: commands and who may use them, what is not answered, what is not said, what was deleted."""

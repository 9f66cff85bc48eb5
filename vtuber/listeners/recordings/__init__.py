"""Recorded chat, read back into events."""

"""Twitch: everything that happens in a channel with an account, or its chat alone without one."""

"""The voices that need no network: their models run in this process."""

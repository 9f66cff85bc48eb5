"""A brain that asks a model server, near or far, through OpenAI's API."""

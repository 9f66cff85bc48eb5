"""The mind as a model server anywhere, asked in the words of OpenAI's API."""

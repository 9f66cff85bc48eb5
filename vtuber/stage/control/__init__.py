"""Control: what whoever runs the show sees of it and tells it, as an HTTP API for a panel and other programs.

``routes`` is the table of all requests, ``openapi`` its description, ``state`` what the show is doing, kept
from facts and cues, ``page`` the panel's files, ``streams`` whoever is told of changes, and ``backstage``
what is asked of the show.
"""

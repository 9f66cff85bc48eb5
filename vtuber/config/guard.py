"""The guard's options: a section for each detector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from vtuber.config.section import FilePath, Section, WebAddress

Action = Literal["soften", "replace", "drop", "hold", "block"]
"""What becomes of a text in which something was found (``vtuber.guard.Action``)."""


class Detector(Section):
    use: bool = True
    action: Action = "replace"


class Injections(Detector):
    action: Action = "soften"
    patience: Annotated[int, Field(ge=0, le=1000)] = 3
    """Orders of one viewer, after which they are blocked; 0: never."""


class Repeats(Detector):
    action: Action = "soften"
    sentences: Annotated[int, Field(ge=1, le=1000)] = 3
    """How often she may say one sentence."""
    openings: Annotated[int, Field(ge=1, le=1000)] = 3
    """How often the last twelve replies may begin alike."""


class Links(Detector):
    allow: tuple[str, ...] = ()
    """Your own sites, which may be said and shown: a domain, or a page such as "youtube.com/@me"."""


class Contact(Detector):
    names: tuple[SecretStr, ...] = ()
    """Real names that nobody is to hear or read. They are told nowhere, not even in a reason."""


Policy = Literal["hate", "sexual", "self_harm", "threats", "drugs", "harassment", "rude", "politics", "own"]


class Words(Detector):
    files: tuple[FilePath, ...] = ()
    policies: dict[Policy, Action | Literal["speak"]] = Field(default_factory=dict)
    """An action for each, in the place of ``action``. "speak": words of that list are not looked for."""


class Phrases(Detector):
    certain: Annotated[float, Field(ge=0, le=20)] = 5.0
    """How much more likely (in logits) a sentence must be harmful than not."""
    policies: dict[Policy, Action | Literal["speak"]] = Field(default_factory=dict)
    """An action for each, in the place of ``action``. "speak": that is not looked for."""


class Canon(Detector):
    certain: Annotated[float, Field(ge=0, le=1)] = 0.5
    """How likely the model must find it that she goes against canon."""
    certain_words: Annotated[float, Field(ge=0, le=1)] = 0.6
    """The same where no model can judge, and words alone decide."""


class Model(Detector):
    use: bool = False
    url: WebAddress = ""
    """Of a server with a model made for judging, which speaks OpenAI's API."""
    model: str = ""
    """Its name, where the server has several."""
    on: Literal["doubt", "all"] = "doubt"
    """Which sentences it judges: those about which the other detectors are not sure, or all."""
    seconds: Annotated[float, Field(gt=0, le=1)] = 0.3
    """How long it may take while something is being heard."""
    first_seconds: Annotated[float, Field(gt=0, le=1)] = 0.12
    """How long it may take for the first sentence of a reply, for which everybody waits."""
    controversial: bool = False
    """Whether what the model calls controversial is stopped, too."""
    policy: str = ""
    """For a model that was not made for judging: what she may not say. It is asked for yes or no."""


class Guard(Section):
    """What is looked for in all that she reads, says and shows."""

    block_minutes: Annotated[float, Field(ge=0.1, le=10_080)] = 10.0
    """How long somebody is not answered in whose message something with the action "block" was found."""
    words: Words = Words()
    phrases: Phrases = Phrases()
    patterns: Detector = Detector()
    links: Links = Links()
    contact: Contact = Contact()
    confession: Detector = Detector()
    prompt: Detector = Detector()
    injections: Injections = Injections()
    spam: Detector = Detector()
    repeats: Repeats = Repeats()
    canon: Canon = Canon()
    tokens: Detector = Detector()
    topics: Detector = Detector()
    model: Model = Model()
    length: Detector = Detector()

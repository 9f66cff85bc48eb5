"""banban puts an AI VTuber on air: chat in, speech and picture out.

The floors, from the ground up; a module imports only from floors below its own:

6. cli
5. show, rehearsal
4. turn
3. listeners, brain, voice, stage (these never import each other)
2. inbox, moderation, journal, metrics, character
1. config, registry, clock, sound, resources, wire
0. events, errors, health, text
"""

__version__ = "0.1.0"

"""banban puts an AI VTuber on air: chat in, speech and picture out.

The floors, from the ground up; a module imports only from floors below its own:

11. cli
10. shop
9. command, rehearsal, checkup, talk, accounts, terminal
8. show
7. desk
6. performer
5. agenda, turn, outbox, points, supervisor, models
4. wording
3. listeners, brain, voice, stage (these never import each other)
2. inbox, gate, journal, metrics, garbage, character
1. config, registry, clock, sound, wire, spelling
0. events, errors, health, text, recent, resources
"""

__version__ = "0.1.0"

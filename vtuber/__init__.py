"""banban puts an AI VTuber on air: chat in, speech and picture out.

The floors, from the ground up; a module imports only from floors below its own:

10. cli
9. shop
8. command, rehearsal, checkup, talk, accounts, terminal
7. show
6. desk
5. performer
4. agenda, turn, outbox, points, supervisor, models
3. listeners, brain, voice, stage (these never import each other)
2. inbox, gate, journal, metrics, character
1. config, registry, clock, sound, wire, spelling
0. events, errors, health, text, recent, resources
"""

__version__ = "0.1.0"

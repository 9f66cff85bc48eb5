"""banban puts an AI VTuber on air: chat in, speech and picture out.

The rooms and their floors, from the roof down; a module imports only from rooms on floors below its own:

7. app
6. show
5. listeners, brain, voice, stage (these never import each other)
4. pending
3. inbox, memory, guard
2. moderation, character, record, models
1. config
0. core
"""

import os

# onnxruntime, which runs the embedded voice, reports to Microsoft. This must be set before its first import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

"""Documents that programs change while a service runs: single ones, imports, what killed processes left."""

from brain.live import Knowledge
from brain.session import Brain


def open_knowledge(brain: Brain) -> Knowledge:
    """What the entry point `brain.knowledge` names."""
    from ingest.live.apart import Apart
    from ingest.live.knowledge import LiveKnowledge

    return LiveKnowledge(brain, Apart(brain.settings.ingest.timeout_s))

"""Brain: answers from a company's own knowledge, every sentence cited, or no answer.

from brain import Brain, Question, load_settings
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brain.session import Brain, open_brain
    from brain.settings import Settings, load_settings
    from brain.types import Answer, Passages, Question, Turn

__all__ = ["Answer", "Brain", "Passages", "Question", "Settings", "Turn", "load_settings", "open_brain"]
_HOME = {"Brain": "session", "open_brain": "session", "Settings": "settings", "load_settings": "settings"}


def __getattr__(name: str) -> Any:
    # Lazily: `import brain` must not load what a command doesn't need.
    if name not in __all__:
        raise AttributeError(f"module 'brain' has no attribute '{name}'")
    return getattr(import_module(f"brain.{_HOME.get(name, 'types')}"), name)

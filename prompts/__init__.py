"""Prompts as data: versioned files `<name>.<language>.v<version>.md` with declared inputs. Imports nothing of Brain."""

from prompts.errors import PromptError
from prompts.loader import list_prompts, load_prompt
from prompts.prompt import Prompt, Rendered

__all__ = ["Prompt", "PromptError", "Rendered", "list_prompts", "load_prompt"]

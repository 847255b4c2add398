"""Which version of the answer's prompt a question gets, and whether it may be served."""

import prompts
from brain.errors import PromptError
from brain.settings import LLMSettings, Settings
from brain.types import Question
from prompts.releases import check_served, version_for


def prompt_for(llm: LLMSettings, language: str, question: Question | None = None) -> prompts.Prompt:
    """The version that the settings name, or else the released one (a canary's for its share of the conversations).

    Raises PromptError where there is none.
    """
    try:
        version = llm.prompt_version or version_for(llm.prompt, conversation_of(question) if question else "")
        return prompts.load_prompt(llm.prompt, language, version)
    except prompts.PromptError as error:
        raise PromptError(str(error), error.hint) from error


def conversation_of(question: Question) -> str:
    """What names the conversation that a question belongs to: whose it is, and the words with which it began."""
    first = question.turns[0].text if question.turns else question.text
    return f"{question.tenant}\0{question.audience}\0{first}"


def check_prompts(settings: Settings) -> None:
    """Raises PromptError where the answer's prompt was not released, or was altered since."""
    if settings.answer.provider != "llm":
        return
    try:
        check_served(settings.llm.prompt, settings.llm.prompt_version)
    except prompts.PromptError as error:
        raise PromptError(str(error), error.hint) from error

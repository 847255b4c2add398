"""What can be wrong with a prompt."""


class PromptError(Exception):
    """A prompt file is malformed or missing, or is rendered with wrong inputs. `hint` says what to do, or is empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

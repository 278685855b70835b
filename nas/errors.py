"""Errors, classed by their consequence."""


class UserError(Exception):
    """The user asked for something impossible: one line, exit status 2."""


class CandidateError(Exception):
    """This candidate cannot be evaluated: it is recorded as failed, and the search goes on."""


class StudyLostError(BaseException):
    """The study's storage failed while a space was read, which no candidate is to blame for.

    No ``Exception``, so that it passes through whatever catches those of a user's space.
    """


def one_line(error: BaseException, limit: int = 300) -> str:
    """Return an error's message on one line, cut to ``limit`` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"

"""Errors, classed by their consequence."""


class UserError(Exception):
    """The user asked for something impossible: one line, exit status 2."""


class CandidateError(Exception):
    """This candidate cannot be evaluated: it is recorded as failed, and the search goes on."""

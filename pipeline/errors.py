"""Every error a user can meet, one tree. Messages say what happened, with which value, and what to do.

BriefwrightError
├── UsageError            a code, range, date or option that makes no sense          exit 2
├── NoFactsError          a well-formed code that no loaded table holds              exit 3
├── SourceError           a note, table, manifest or document that cannot be read    exit 4
├── PassageIndexError     the passage index is missing, damaged or of another model  exit 5
├── StateError            the state folder: locked, full, not writable               exit 6
├── ModelError            a model endpoint refused, failed or answered nonsense      exit 7
└── PublishError          what was asked to be published may not be                  exit 8
"""

from __future__ import annotations


class BriefwrightError(Exception):
    """Root of the tree; the command line prints its text and exits with `exit_code`."""

    exit_code = 1


class UsageError(BriefwrightError):
    """The request itself makes no sense."""

    exit_code = 2


class NoFactsError(BriefwrightError):
    """No loaded table holds the code."""

    exit_code = 3


class SourceError(BriefwrightError):
    """A source file cannot be read as what it claims to be."""

    exit_code = 4


class PassageIndexError(BriefwrightError):
    """The passage index cannot serve."""

    exit_code = 5


class StateError(BriefwrightError):
    """The state folder cannot be read or written."""

    exit_code = 6


class ModelError(BriefwrightError):
    """A model could not be asked, or its reply could not be used.

    `kind` is one of `llm.client.ModelFailure`; `replies` keeps what the model did answer, oldest first.
    """

    exit_code = 7

    def __init__(self, message: str, *, kind: str = "failed", replies: tuple[str, ...] = ()):
        super().__init__(message)
        self.kind = kind
        self.replies = replies


class PublishError(BriefwrightError):
    """The page may not be published."""

    exit_code = 8

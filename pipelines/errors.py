"""Errors a user can mend: one sentence with what to do, and an exit code. No traceback."""


class TouchstoneError(Exception):
    """Something the user can mend; the message says what, where and how."""

    exit_code = 1


class UsageError(TouchstoneError):
    """A name or argument nobody knows."""

    exit_code = 2


class SettingsError(TouchstoneError):
    """touchstone.toml, a mapping or a rules file is wrong."""

    exit_code = 10


class BrokenContractError(TouchstoneError):
    """A staged table breaks its contract; nothing of it was committed."""

    exit_code = 11


class MissingInputError(TouchstoneError):
    """A file, table, tool or permission that is needed is not there."""

    exit_code = 12


class ConflictError(TouchstoneError):
    """Another run committed first, and trying again did not help."""

    exit_code = 13


class UnfitFileError(TouchstoneError):
    """A file and a mapping do not fit: loading it would be of no use."""

    exit_code = 14

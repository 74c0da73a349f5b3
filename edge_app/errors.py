"""The root of every error that a user can mend, so that commands print one line for it."""


class MienError(Exception):
    """What happened, to which file, topic or device, and what to do: one line for the user."""


class UsageError(MienError):
    """The command or a settings file asks for something that cannot be: exit code 2."""

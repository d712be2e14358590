"""What a checkpoint may hold and what it may ask fairseq to build; each check raises `Refused`."""


class Refused(ValueError):
    """A checkpoint holds, or asks for, something that it may not; the message says what in one line."""

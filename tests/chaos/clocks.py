"""A process with a wrong clock."""

import datetime
import time


def set_wrong(offset: float) -> None:
    """Shift the time of day of Python. The monotonic clock does not change.

    Units: seconds.
    """
    true_time, true_time_ns, true_class = time.time, time.time_ns, datetime.datetime
    step = datetime.timedelta(seconds=offset)

    class WrongDatetime(true_class):
        """`datetime` with a shifted now."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return true_class.now(tz) + step

        @classmethod
        def utcnow(cls) -> datetime.datetime:
            return true_class.now(datetime.UTC).replace(tzinfo=None) + step

    time.time = lambda: true_time() + offset
    time.time_ns = lambda: true_time_ns() + int(offset * 1e9)
    datetime.datetime = WrongDatetime

"""What can go wrong with a store."""

from sentric.errors import SentricError


class StoreError(SentricError):
    """The store cannot be opened, or refused what was asked of it.

    Attributes:
        code: ClickHouse's number for the error, where it gave one.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        self.code = code
        super().__init__(message)


class StoreHeldError(StoreError):
    """Another process has the embedded store open, and only one may."""


class StoreAwayError(StoreError):
    """The store does not work now: it cannot be reached, is overloaded or has no room. It may be asked again."""


class StoreValueError(StoreError):
    """The store works, and does not take a value that it was given."""


class AmbiguousRunError(StoreError):
    """Several runs are meant by what should mean one."""


AWAY = frozenset({
    74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
    75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR
    76,  # CANNOT_OPEN_FILE
    159,  # TIMEOUT_EXCEEDED
    160,  # TOO_SLOW
    164,  # READONLY
    172,  # CANNOT_CREATE_DIRECTORY
    198,  # DNS_ERROR
    202,  # TOO_MANY_SIMULTANEOUS_QUERIES
    203,  # NO_FREE_CONNECTION
    204,  # CANNOT_FSYNC
    209,  # SOCKET_TIMEOUT
    210,  # NETWORK_ERROR
    225,  # NO_ZOOKEEPER
    236,  # ABORTED
    241,  # MEMORY_LIMIT_EXCEEDED
    242,  # TABLE_IS_READ_ONLY
    243,  # NOT_ENOUGH_SPACE
    252,  # TOO_MANY_PARTS
    254,  # NO_ACTIVE_REPLICAS
    279,  # ALL_CONNECTION_TRIES_FAILED
    285,  # TOO_FEW_LIVE_REPLICAS
    286,  # UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    289,  # REPLICA_IS_NOT_IN_QUORUM
    319,  # UNKNOWN_STATUS_OF_INSERT
    394,  # QUERY_WAS_CANCELLED
    425,  # SYSTEM_ERROR
    439,  # CANNOT_SCHEDULE_TASK
    999,  # KEEPER_EXCEPTION
    1000,  # POCO_EXCEPTION: of the network, the disk
    1001,  # STD_EXCEPTION: of the file system, of memory
})  # fmt: skip
"""Codes of errors that pass; the numbers and names are those of ClickHouse's `ErrorCodes.cpp`."""
OF_A_VALUE = frozenset({
    69,  # ARGUMENT_OUT_OF_BOUND
    72,  # CANNOT_PARSE_NUMBER
    117,  # INCORRECT_DATA
    128,  # TOO_LARGE_ARRAY_SIZE
    131,  # TOO_LARGE_STRING_SIZE
    190,  # SIZES_OF_ARRAYS_DONT_MATCH
    321,  # VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    349,  # CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    407,  # DECIMAL_OVERFLOW
    469,  # VIOLATED_CONSTRAINT
})  # fmt: skip
"""Codes of errors that one row brings about, and not, as a type that does not fit, all of them."""

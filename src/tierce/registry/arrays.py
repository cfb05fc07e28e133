"""Columns of numbers, of yes and no, and of bytes: what chunks of lines are made of, without Arrow."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
"""A matrix of bytes: one row a value."""
Offsets = NDArray[np.int32]
"""What Arrow counts bytes of a column with."""

"""Functions that are called with whole columns in other forms than Arrow's.

The runtime calls such a function's *form* once per batch with ``pyarrow`` arrays, as it
calls a function of arrow mode; the form converts. pandas and NumPy are imported when the
first function that needs them is defined.
"""

from springald.column_modes.choices import ColumnChoices
from springald.column_modes.column_form import COLUMN_MODES, ColumnForm, column_form

__all__ = ["COLUMN_MODES", "ColumnChoices", "ColumnForm", "column_form"]

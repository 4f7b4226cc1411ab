"""Functions that misbehave, one in each file, and what has to become of their queries.

A file that is not one of the tests or of their tools is a fixture. It defines:

* ``faulty``: a function of one int64 column that returns what it is given, and
  misbehaves at the row `bad_row.BAD_ROW`, so that most of its batches are healthy;
* ``ERROR``: the class of the error that its query raises, or None where the query gives
  the right answer all the same;
* ``MESSAGE``: a regular expression that the error's text contains;
* ``OPTIONS``: how it is registered, its limits above all;

and, where it differs from the usual, ``CALL`` (how the query calls it),
``LEAVES_PROCESSES`` (more processes than the workers are there until the context is
closed) and ``MAY_SUCCEED`` (an error, or the right answer: whichever comes first).
"""

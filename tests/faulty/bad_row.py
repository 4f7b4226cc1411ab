"""The rows of the table that functions misbehave on, and the one where they do."""

NUM_ROWS = 1_000_000
BAD_ROW = 600_000

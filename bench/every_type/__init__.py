"""Row mode against pyarrow and a comprehension, for every type of Arrow."""

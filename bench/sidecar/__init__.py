"""Worker processes: what they cost and gain; see `python -m bench.sidecar`."""

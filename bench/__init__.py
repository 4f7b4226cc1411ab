"""Row functions of Springald against CPython's own speed and other engines.

`python -m bench.run` is the whole: see there. `bench/peers/` has one file for each
contender, `shapes.py` what they run, and `requirements/` the packages of those that live
in an environment of their own.
"""

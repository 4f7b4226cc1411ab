"""Runs a GoogleTest suite that was built as a shared library in this interpreter.

usage: run_gtest.py LIBRARY [GoogleTest's flags]
"""

import ctypes
import os
import sys

import pyarrow  # noqa: F401  (loads the Arrow libraries that the suite links)

# TSan's runtime starts a thread, which a fork server must not have.
if "libtsan" in os.environ.get("LD_PRELOAD", ""):
    del os.environ["LD_PRELOAD"]

library = ctypes.PyDLL(sys.argv[1])
arguments = (ctypes.c_char_p * len(sys.argv))(*[a.encode() for a in sys.argv])
sys.exit(library.springald_run_gtest(len(sys.argv), arguments))

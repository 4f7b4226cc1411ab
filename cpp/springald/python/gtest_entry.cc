#include <gtest/gtest.h>

/// Runs the suite of this library; the caller holds the GIL. See tools/run_gtest.py.
extern "C" __attribute__((visibility("default"))) int springald_run_gtest(int argc,
                                                                          char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

#include "springald/backend/sidecar/sidecar_backend.h"

#include <memory>

#include <gtest/gtest.h>

#include "springald/backend/python_backend_testing.h"

namespace springald {

namespace {

std::unique_ptr<BackendUnderTest> MakeSidecar() {
  return std::make_unique<PythonBackendUnderTest<SidecarBackend>>(
      PoolOptions{.max_workers = 2}, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Sidecar, BackendConformance, testing::Values(&MakeSidecar));

}  // namespace

}  // namespace springald

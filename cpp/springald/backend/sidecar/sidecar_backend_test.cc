#include "springald/backend/sidecar/sidecar_backend.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "springald/backend/conformance.h"
#include "springald/python/python_testing.h"

namespace springald {

namespace {

using python::GilRelease;
using python::PythonModule;

class SidecarUnderTest : public BackendUnderTest {
 public:
  SidecarUnderTest() : backend_(PoolOptions{.max_workers = 2}, nullptr) {}
  Backend& backend() override { return backend_; }
  PythonEnvironment environment() override {
    PythonModule module;
    module.Run("import platform");
    return {"cpython", module.Text("platform.python_version()"), "", ""};
  }
  std::string Pickle(const std::string& statements,
                     const std::string& expression) override {
    PythonModule module;
    module.Run("import cloudpickle");
    module.Run(statements);
    return module.Bytes("cloudpickle.dumps(" + expression + ")");
  }
  void Wait(const std::function<void()>& body) override {
    const GilRelease release;
    body();
  }

 private:
  SidecarBackend backend_;
};

std::unique_ptr<BackendUnderTest> MakeSidecar() {
  EXPECT_TRUE(python::InitializePyArrow().ok());
  return std::make_unique<SidecarUnderTest>();
}

INSTANTIATE_TEST_SUITE_P(Sidecar, BackendConformance, testing::Values(&MakeSidecar));

}  // namespace

}  // namespace springald

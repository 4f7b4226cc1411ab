#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "springald/backend/conformance.h"
#include "springald/python/python_testing.h"

namespace springald {

/// A backend that runs this interpreter's Python, in this process or in others.
template <typename PythonBackend>
class PythonBackendUnderTest : public BackendUnderTest {
 public:
  /// Makes the backend, of these arguments.
  template <typename... Arguments>
  explicit PythonBackendUnderTest(Arguments&&... arguments)
      : backend_(std::forward<Arguments>(arguments)...) {
    EXPECT_TRUE(python::InitializePyArrow().ok());
  }

  Backend& backend() override { return backend_; }

  PythonEnvironment environment() override {
    python::PythonModule module;
    module.Run("import platform");
    return {"cpython", module.Text("platform.python_version()"), "", ""};
  }

  std::string Pickle(const std::string& statements,
                     const std::string& expression) override {
    python::PythonModule module;
    module.Run("import cloudpickle");
    module.Run(statements);
    return module.Bytes("cloudpickle.dumps(" + expression + ")");
  }

  void Wait(const std::function<void()>& body) override {
    const python::GilRelease release;
    body();
  }

 private:
  PythonBackend backend_;
};

}  // namespace springald

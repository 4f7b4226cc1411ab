#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/backend/backend.h"
#include "springald/codec/udf_definition.h"

namespace springald {

/// What the conformance suite asks of a backend's test; here is all that may differ from
/// backend to backend.
class BackendUnderTest {
 public:
  virtual ~BackendUnderTest() = default;

  virtual Backend& backend() = 0;

  /// The Python that Pickle uses and that the backend runs.
  virtual PythonEnvironment environment() = 0;

  /// Runs `statements`, with `pa` for pyarrow, and returns the cloudpickle bytes of what
  /// `expression` then gives.
  virtual std::string Pickle(const std::string& statements,
                             const std::string& expression) = 0;

  /// Runs `body`, which waits for other threads that call the backend.
  virtual void Wait(const std::function<void()>& body) { body(); }
};

using MakeBackendUnderTest = std::unique_ptr<BackendUnderTest> (*)();

/// The suite that every backend passes: conformance_test.cc holds its tests. A backend's
/// own test is linked with it and names itself by
///
///   INSTANTIATE_TEST_SUITE_P(Embedded, BackendConformance, testing::Values(&Make));
class BackendConformance : public testing::TestWithParam<MakeBackendUnderTest> {
 protected:
  using Column = std::shared_ptr<arrow::Array>;
  using Function = std::shared_ptr<const BackendFunction>;

  /// A definition of `f`, which `statements` define, with a nullable argument of each
  /// type and a nullable result.
  UdfDefinition Define(UdfMode mode, const std::string& statements,
                       const std::vector<std::shared_ptr<arrow::DataType>>& arguments,
                       std::shared_ptr<arrow::DataType> result);

  arrow::Result<Function> Load(const UdfDefinition& definition);

  /// Defines and loads `f`; a failure ends the test.
  Function MustLoad(UdfMode mode, const std::string& statements,
                    const std::vector<std::shared_ptr<arrow::DataType>>& arguments,
                    std::shared_ptr<arrow::DataType> result);

  arrow::Result<Column> Invoke(const Function& function,
                               const arrow::ArrayVector& columns);

  /// Starts a call over one row in another thread, cancels it after a moment, and
  /// returns what it gave.
  arrow::Status InvokeAndCancel(const Function& function);

  const std::unique_ptr<BackendUnderTest> subject_ = GetParam()();
  CancelToken cancel_;
};

}  // namespace springald

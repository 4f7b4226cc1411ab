#include "placeholder_binding.h"

#include <utility>
#include <vector>

#include <nanobind/stl/vector.h>

#include "capsule.h"
#include "encoded_definitions.h"
#include "glue_call.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

class Placeholder {
 public:
  explicit Placeholder(std::vector<nb::bytes> definitions)
      : definitions_(std::move(definitions)) {}

  nb::object Capsule() const {
    const EncodedDefinitions encoded(definitions_);
    FFI_ScalarUDF* function = nullptr;
    CallGlue([&](springald_error* error) {
      return springald_ballista_function_create(encoded.data.data(), encoded.sizes.data(),
                                                encoded.data.size(), &function, error);
    });
    return OwningCapsule<springald_ballista_function_release>(function,
                                                              "datafusion_scalar_udf");
  }

 private:
  const std::vector<nb::bytes> definitions_;
};

}  // namespace

void BindPlaceholder(nb::module_& module) {
  nb::class_<Placeholder>(module, "Placeholder",
                          "A function for `datafusion.udf` that stands for encoded "
                          "definitions of one name in plans, each for another list of "
                          "argument types. It is never called in this process.")
      .def(nb::init<std::vector<nb::bytes>>(), nb::arg("definitions"))
      .def("__datafusion_scalar_udf__", &Placeholder::Capsule,
           "Return a capsule that `datafusion.udf` takes over.");
}

}  // namespace springald::cluster

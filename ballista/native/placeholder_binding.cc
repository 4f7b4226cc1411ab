#include "placeholder_binding.h"

#include <cstdint>
#include <utility>

#include "capsule.h"
#include "glue_call.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

class Placeholder {
 public:
  explicit Placeholder(nb::bytes definition) : definition_(std::move(definition)) {}

  nb::object Capsule() const {
    const auto* data = static_cast<const uint8_t*>(definition_.data());
    const std::size_t size = definition_.size();
    FFI_ScalarUDF* function = nullptr;
    CallGlue([&](springald_error* error) {
      return springald_ballista_function_create(data, size, &function, error);
    });
    return OwningCapsule<springald_ballista_function_release>(function,
                                                              "datafusion_scalar_udf");
  }

 private:
  const nb::bytes definition_;
};

}  // namespace

void BindPlaceholder(nb::module_& module) {
  nb::class_<Placeholder>(module, "Placeholder",
                          "A function for `datafusion.udf` that stands for an encoded "
                          "definition in plans. It is never called in this process.")
      .def(nb::init<nb::bytes>(), nb::arg("definition"))
      .def("__datafusion_scalar_udf__", &Placeholder::Capsule,
           "Return a capsule that `datafusion.udf` takes over.");
}

}  // namespace springald::cluster

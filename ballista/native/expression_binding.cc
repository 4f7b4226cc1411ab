#include "expression_binding.h"

#include <cstdint>
#include <vector>

#include <nanobind/stl/vector.h>

#include "glue_call.h"
#include "springald/ballista.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

/// Bytes of the glue that release themselves.
struct GlueBytes : springald_bytes {
  GlueBytes() : springald_bytes{} {}
  ~GlueBytes() {
    if (release != nullptr) {
      release(this);
    }
  }
  GlueBytes(const GlueBytes&) = delete;
  GlueBytes& operator=(const GlueBytes&) = delete;
};

nb::bytes RewriteExpression(nb::bytes expression,
                            const std::vector<nb::bytes>& definitions) {
  std::vector<const uint8_t*> data;
  std::vector<std::size_t> sizes;
  for (const nb::bytes& definition : definitions) {
    data.push_back(static_cast<const uint8_t*>(definition.data()));
    sizes.push_back(definition.size());
  }
  const auto* encoded = static_cast<const uint8_t*>(expression.data());
  const std::size_t size = expression.size();
  GlueBytes out;
  CallGlue([&](springald_error* error) {
    return springald_ballista_rewrite_expression(encoded, size, data.data(), sizes.data(),
                                                 data.size(), &out, error);
  });
  return nb::bytes(out.data, out.size);
}

}  // namespace

void BindExpression(nb::module_& module) {
  module.def("rewrite_expression", RewriteExpression, nb::arg("expression"),
             nb::arg("definitions"),
             "Return the expression with placeholders instead of the wheel's own Python "
             "functions.\n\n"
             "`expression` is what `Expr.to_bytes` gives; the pickle of each of its "
             "functions holds the text \"springald:\" and the hexadecimal hash of one of "
             "`definitions`, which are encoded.");
}

}  // namespace springald::cluster

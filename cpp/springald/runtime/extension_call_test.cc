#include <gtest/gtest.h>

#include "springald/python/python_testing.h"
#include "springald/runtime/runtime.h"

namespace springald {

namespace {

using python::DefinitionOf;
using python::PyRef;
using python::PythonTest;

/// Calls with extension arrays, and with their storage where the engine's plans know no
/// extension types.
class ExtensionCallTest : public PythonTest {
 protected:
  void SetUp() override {
    python_.Run(
        "import uuid\n"
        "U = uuid.UUID(int=5)\n"
        "class Label(pa.ExtensionType):\n"
        "    def __init__(self): super().__init__(pa.utf8(), 'runtime.label')\n"
        "    def __arrow_ext_serialize__(self): return b'of text'\n"
        "    @classmethod\n"
        "    def __arrow_ext_deserialize__(cls, storage, data): return cls()\n"
        "TYPES = [(pa.uuid(), [U, None]), (pa.json_(), ['{}', None]),\n"
        "         (pa.bool8(), [1, None]), (pa.fixed_shape_tensor(pa.int8(), [2]),\n"
        "                                   [[1, 2], None]), (Label(), ['a', None])]\n"
        "def arrays(type_, values):\n"
        "    'The same values, wrapped and as storage, plain and inside others.'\n"
        "    plain = pa.array(values, type_.storage_type)\n"
        "    wrapped = pa.ExtensionArray.from_storage(type_, plain)\n"
        "    yield wrapped, plain\n"
        "    offsets = pa.array([0, 2, 2], pa.int32())\n"
        "    yield tuple(pa.ListArray.from_arrays(offsets, a) for a in (wrapped, "
        "plain))\n"
        "    yield tuple(pa.StructArray.from_arrays([a], ['a']) for a in (wrapped, "
        "plain))\n"
        "CASES = [pair for t, v in TYPES for pair in arrays(t, v)]\n");
  }

  std::shared_ptr<const Function> Bind(UdfMode mode,
                                       const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& callable) {
    UdfDefinition definition = DefinitionOf(mode, {type}, type);
    definition.payload_reference = "live:f";
    auto encoded = EncodedDefinition::Encode(std::move(definition)).ValueOrDie();
    return runtime_.Bind(std::move(encoded), python_.Eval(callable)).ValueOrDie();
  }

  Runtime runtime_{Runtime::Options{}};
  CancelToken cancel_;
};

TEST_F(ExtensionCallTest, ArrowFunctionsGetThePromisedTypeWhateverTheEngineHas) {
  python_.Run("seen = []\ndef f(x):\n    seen.append(x.type)\n    return x");
  const PyRef cases = python_.Eval("CASES");
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(cases.get()); ++i) {
    python_.Set("case", PyList_GET_ITEM(cases.get(), i));
    for (const char* promised : {"case[0]", "case[1]"}) {
      const auto type = python_.Column(promised)->type();
      const auto function = Bind(UdfMode::kArrow, type, "f");
      for (const char* given : {"case[0]", "case[1]"}) {
        const PyRef array = python_.Eval(given);
        PyObject* const arguments[] = {array.get()};
        auto result = function->Call(arguments, cancel_);
        ASSERT_TRUE(result.ok())
            << type->ToString() << GetUdfErrorInfo(result.status()).message;
        python_.Set("result", result->get());
        EXPECT_TRUE(python_.IsTrue("result.equals(" + std::string(promised) + ")"));
        EXPECT_TRUE(python_.IsTrue("seen[-1] == " + std::string(promised) + ".type"))
            << python_.Text("seen[-1]");
      }
    }
  }
}

TEST_F(ExtensionCallTest, AFunctionMayReturnTheStorage) {
  const auto type = python_.Type("pa.uuid()");
  const auto function = Bind(UdfMode::kArrow, type, "lambda x: x.storage");
  const PyRef array = python_.Eval("pa.array([U, None], pa.uuid())");
  PyObject* const arguments[] = {array.get()};
  python_.Set("result", function->Call(arguments, cancel_).ValueOrDie().get());
  EXPECT_TRUE(python_.IsTrue("result.type == pa.uuid()"));
  EXPECT_TRUE(python_.IsTrue("result.to_pylist() == [U, None]"));
}

TEST_F(ExtensionCallTest, AnotherTypeIsRefused) {
  const auto function = Bind(UdfMode::kArrow, python_.Type("pa.uuid()"), "lambda x: x");
  for (const char* given :
       {"pa.array(['a'])", "pa.array([b'x'])", "pa.nulls(1)", "pa.nulls(1, pa.json_())",
        "pa.nulls(1, pa.dictionary(pa.int8(), pa.binary(16)))"}) {
    const PyRef array = python_.Eval(given);
    PyObject* const arguments[] = {array.get()};
    ExpectUdfError(function->Call(arguments, cancel_).status(), UdfErrorCode::kInternal,
                   "argument 0 has the wrong type");
  }
}

TEST_F(ExtensionCallTest, ADefinitionIsTheSameBytesWithAndWithoutTheTypeRegistered) {
  for (const char* text : {"Label()", "pa.list_(Label())", "pa.uuid()",
                           "pa.struct([('a', pa.fixed_shape_tensor(pa.int8(), [2]))])"}) {
    python_.Run(
        "try: pa.unregister_extension_type('runtime.label')\nexcept Exception: 0");
    const auto type = python_.Type(text);
    UdfDefinition definition = DefinitionOf(UdfMode::kArrow, {type}, type);
    definition.payload_reference = "live:f";
    const auto encoded = EncodedDefinition::Encode(definition).ValueOrDie();
    const auto unknown = EncodedDefinition::Decode(encoded->bytes()).ValueOrDie();
    // Where the type is not known the fields are of its storage, with metadata.
    EXPECT_EQ(EncodedDefinition::Encode(unknown->definition()).ValueOrDie()->bytes(),
              encoded->bytes())
        << text;
    python_.Run("pa.register_extension_type(Label())");
    const auto known = EncodedDefinition::Decode(encoded->bytes()).ValueOrDie();
    EXPECT_TRUE(known->definition().result->type()->Equals(type)) << text;
    EXPECT_EQ(EncodedDefinition::Encode(known->definition()).ValueOrDie()->bytes(),
              encoded->bytes())
        << text;
  }
  python_.Run("pa.unregister_extension_type('runtime.label')");
}

}  // namespace

}  // namespace springald

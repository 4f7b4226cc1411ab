#include "springald/python/box/utf8_string.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

class Utf8StringTest : public PythonTest {
 protected:
  /// Compares with Python's own decoder: the text, its kind, and the exception.
  void ExpectAsPython(const std::string& bytes) {
    const PyRef expected = PyRef::Steal(PyUnicode_DecodeUTF8(
        bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr));
    const std::string error = Error();
    const PyRef made = PyRef::Steal(MakeUtf8String(bytes));
    EXPECT_EQ(Error(), error);
    ASSERT_EQ(static_cast<bool>(made), static_cast<bool>(expected)) << bytes;
    if (!made) {
      return;
    }
    EXPECT_EQ(PyUnicode_Compare(made.get(), expected.get()), 0) << bytes;
    EXPECT_EQ(PyUnicode_KIND(made.get()), PyUnicode_KIND(expected.get()));
    EXPECT_EQ(PyUnicode_IS_ASCII(made.get()), PyUnicode_IS_ASCII(expected.get()));
    EXPECT_EQ(PyObject_Hash(made.get()), PyObject_Hash(expected.get()));
  }

  /// Takes the exception that is set, if there is one, and returns its text.
  static std::string Error() {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    const PyRef owned[] = {PyRef::Steal(type), PyRef::Steal(value),
                           PyRef::Steal(traceback)};
    return TextOf(value == nullptr ? nullptr : PyRef::Steal(PyObject_Str(value)).get());
  }
};

TEST_F(Utf8StringTest, DecodesTheEndsOfEachLength) {
  for (const char* text :
       {"", "a", "\x7f", "\xc2\x80", "\xc3\xbf", "\xc4\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "zo\xc3\xab", "\xe2\x82\xac 5", "\xf0\x9d\x84\x9e\xc3\xab"}) {
    ExpectAsPython(text);
  }
  ExpectAsPython(std::string("\0\xc3\xab\0", 4));
}

TEST_F(Utf8StringTest, RefusesWhatIsNoText) {
  for (const char* bytes :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf",
        "\xe2\x82", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xc3\xab\xff"}) {
    ExpectAsPython(bytes);
  }
}

TEST_F(Utf8StringTest, DecodesRandomBytesAsPython) {
  std::mt19937 random(7);
  // Bytes at which rules change, so that many sequences are nearly or quite right.
  const std::string bytes =
      "aZ\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xc3\xc4\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4"
      "\xf5";
  for (int i = 0; i < 100000; ++i) {
    std::string text;
    for (auto size = random() % 7; size > 0; --size) {
      text += bytes[random() % bytes.size()];
    }
    ExpectAsPython(text);
  }
}

}  // namespace

}  // namespace springald::python

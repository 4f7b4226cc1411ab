#include "springald/python/python_error.h"

#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

class PythonError : public PythonTest {
 protected:
  /// Describes what calling `function` without arguments raises.
  UdfErrorInfo Raise(const std::string& function,
                     UdfErrorCode code = UdfErrorCode::kExecution) {
    const PyRef callable = python_.Eval(function);
    const PyRef result = PyRef::Steal(PyObject_CallNoArgs(callable.get()));
    EXPECT_FALSE(result) << function << " did not raise";
    return TakeException(code);
  }
};

TEST_F(PythonError, TakesTypeMessageTracebackAndObject) {
  python_.Run(
      "class Refused(ValueError): pass\n"
      "error = Refused('not an address')\n"
      "def inner(): raise error\n"
      "def outer(): inner()\n");
  const UdfErrorInfo info = Raise("outer");
  EXPECT_EQ(info.code, UdfErrorCode::kExecution);
  EXPECT_EQ(info.exception_type, "Refused");
  EXPECT_EQ(info.message, "not an address");
  EXPECT_EQ(info.traceback.find("Traceback (most recent call last):"), 0u);
  EXPECT_NE(info.traceback.find("line 4, in outer"), std::string::npos);
  EXPECT_NE(info.traceback.find("line 3, in inner"), std::string::npos);
  EXPECT_NE(info.traceback.find("Refused: not an address\n"), std::string::npos);
  EXPECT_EQ(info.exception.get(), python_.Eval("error").get());
  EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST_F(PythonError, ShowsTheCauseToo) {
  python_.Run(
      "def f():\n"
      "    try: 1 / 0\n"
      "    except ZeroDivisionError as error: raise KeyError('k') from error\n");
  const UdfErrorInfo info = Raise("f");
  EXPECT_EQ(info.exception_type, "KeyError");
  EXPECT_NE(info.traceback.find("ZeroDivisionError"), std::string::npos);
  EXPECT_NE(info.traceback.find("direct cause"), std::string::npos);
}

/// Makes `form`, a function of this package that calls `body`.
constexpr char kForm[] =
    "package = {'__name__': 'springald.column_modes.some_mode', 'body': None}\n"
    "exec(compile('def form(): return body()', 'form.py', 'exec'), package)\n";

TEST_F(PythonError, LeavesOutTheFramesOfAForm) {
  python_.Run(kForm);
  python_.Run(
      "def inner(): 1 / 0\n"
      "def outer(): package['body'] = inner; package['form']()\n"
      "package['body'] = outer\n");
  const UdfErrorInfo info = Raise("package['form']");
  EXPECT_EQ(info.exception_type, "ZeroDivisionError");
  EXPECT_EQ(info.traceback.find("form.py"), info.traceback.rfind("form.py"))
      << "only the first frames are left out: " << info.traceback;
  EXPECT_LT(info.traceback.find("in outer"), info.traceback.find("form.py"));
  EXPECT_LT(info.traceback.find("form.py"), info.traceback.find("in inner"));
}

TEST_F(PythonError, AFormTellsWhatIsWrongWithAResult) {
  python_.Run(kForm);
  python_.Run(
      "class UdfResultError(Exception):\n"
      "    exception_message = 'too long: 3, expected 2'\n"
      "UdfResultError.__module__ = 'springald.errors'\n"
      "package['UdfResultError'] = UdfResultError\n"
      "exec(compile('def refusing(): raise UdfResultError()', 'form.py', 'exec'), "
      "package)\n"
      "def of_user(): raise UdfResultError()\n"
      "package['body'] = of_user\n");
  const UdfErrorInfo ours = Raise("package['refusing']");
  EXPECT_EQ(ours.code, UdfErrorCode::kResult);
  EXPECT_EQ(ours.message, "too long: 3, expected 2");
  EXPECT_EQ(ours.exception_type + ours.traceback, "");
  const UdfErrorInfo theirs = Raise("package['form']");
  EXPECT_EQ(theirs.code, UdfErrorCode::kExecution);
  EXPECT_EQ(theirs.exception_type, "springald.errors.UdfResultError");
  EXPECT_NE(theirs.traceback.find("in of_user"), std::string::npos);
}

TEST_F(PythonError, HoldsTheObjectUntilTheLastCopyIsGone) {
  python_.Run(
      "import weakref\n"
      "class Refused(ValueError): pass\n"
      "def f():\n"
      "    global seen\n"
      "    error = Refused()\n"
      "    seen = weakref.ref(error)\n"
      "    try: raise error\n"
      "    finally: del error\n");
  arrow::Status status = MakeUdfError(Raise("f"));
  arrow::Status copy = status;
  status = arrow::Status::OK();
  EXPECT_TRUE(python_.IsTrue("seen() is not None"));
  {
    const GilRelease release;
    std::thread([copy = std::move(copy)]() mutable {
      copy = arrow::Status::OK();
    }).join();
  }
  EXPECT_TRUE(python_.IsTrue("seen() is None"));
}

TEST_F(PythonError, KeyboardInterruptHasItsOwnCode) {
  python_.Run(
      "class Stop(KeyboardInterrupt): pass\n"
      "def f(): raise KeyboardInterrupt\n"
      "def g(): raise Stop('now')\n");
  EXPECT_EQ(Raise("f").code, UdfErrorCode::kInterrupted);
  const UdfErrorInfo info = Raise("g", UdfErrorCode::kResult);
  EXPECT_EQ(info.code, UdfErrorCode::kInterrupted);
  EXPECT_EQ(info.exception_type, "Stop");
}

TEST_F(PythonError, SystemExitAndStopIterationAreErrorsOfTheFunction) {
  python_.Run(
      "def leave(): raise SystemExit(3)\n"
      "def stop(): raise StopIteration\n");
  const UdfErrorInfo left = Raise("leave");
  EXPECT_EQ(left.code, UdfErrorCode::kExecution);
  EXPECT_EQ(left.exception_type, "SystemExit");
  EXPECT_EQ(left.message, "3");
  const UdfErrorInfo stopped = Raise("stop");
  EXPECT_EQ(stopped.code, UdfErrorCode::kExecution);
  EXPECT_EQ(stopped.exception_type, "StopIteration");
}

TEST_F(PythonError, StrThatRaisesGivesAPlaceholder) {
  python_.Run(
      "class Rude(Exception):\n"
      "    def __str__(self): raise RuntimeError('no')\n"
      "class Wrong(Exception):\n"
      "    def __str__(self): return 5\n"
      "def f(): raise Rude()\n"
      "def g(): raise Wrong()\n");
  const UdfErrorInfo rude = Raise("f");
  EXPECT_EQ(rude.exception_type, "Rude");
  EXPECT_EQ(rude.message, "<str() of the exception raised Rude>");
  EXPECT_NE(rude.traceback.find("in f"), std::string::npos);
  EXPECT_EQ(Raise("g").message, "<str() of the exception raised Wrong>");
}

TEST_F(PythonError, NoExceptionIsAMistakeOfOurs) {
  const UdfErrorInfo info = TakeException(UdfErrorCode::kExecution);
  EXPECT_EQ(info.code, UdfErrorCode::kInternal);
  EXPECT_NE(info.message.find("without setting an exception"), std::string::npos);
  EXPECT_EQ(info.exception, nullptr);
}

TEST_F(PythonError, BoundsLongMessages) {
  python_.Run("def f(): raise ValueError('é' * 1_000_000)");
  const UdfErrorInfo info = Raise("f");
  EXPECT_LE(info.message.size(), (16u << 10) + 3);
  EXPECT_EQ(info.message.substr(info.message.size() - 5), "é...");
  EXPECT_LE(info.traceback.size(), (64u << 10) + 100);
}

TEST_F(PythonError, KeepsBothEndsOfALongTraceback) {
  // Two functions in turn, because Python folds equal lines itself.
  python_.Run(
      "def even(n): return odd(n - 1)\n"
      "def odd(n): return even(n - 1) if n > 0 else 1 / 0\n"
      "def f(): return even(900)\n");
  const UdfErrorInfo info = Raise("f");
  EXPECT_EQ(info.exception_type, "ZeroDivisionError");
  EXPECT_LE(info.traceback.size(), (64u << 10) + 100);
  EXPECT_NE(info.traceback.find("line 3, in f"), std::string::npos);
  EXPECT_NE(info.traceback.find("ZeroDivisionError: division by zero"),
            std::string::npos);
}

TEST_F(PythonError, StatusCarriesTheName) {
  PyErr_SetString(PyExc_ValueError, "wrong");
  const auto info =
      ExpectUdfError(TakeExceptionStatus(UdfErrorCode::kDependency, "domain"),
                     UdfErrorCode::kDependency, "wrong");
  EXPECT_EQ(info.udf_name, "domain");
  EXPECT_EQ(info.exception_type, "ValueError");
}

TEST(CutText, CutsAtCharacters) {
  EXPECT_EQ(CutText("abc", 3), "abc");
  EXPECT_EQ(CutText("abcd", 3), "abc...");
  EXPECT_EQ(CutText("", 0), "");
  EXPECT_EQ(CutText("abc", 0), "...");
  const std::string text = "aé€𝄞";  // characters of 1, 2, 3 and 4 bytes
  EXPECT_EQ(CutText(text, 1), "a...");
  EXPECT_EQ(CutText(text, 2), "a...");
  EXPECT_EQ(CutText(text, 3), "aé...");
  EXPECT_EQ(CutText(text, 5), "aé...");
  EXPECT_EQ(CutText(text, 6), "aé€...");
  EXPECT_EQ(CutText(text, 9), "aé€...");
  EXPECT_EQ(CutText(text, 10), text);
  EXPECT_EQ(CutText("é", 1), "...");
}

TEST_F(PythonError, TextOfEscapesLoneSurrogates) {
  EXPECT_EQ(TextOf(nullptr), "");
  EXPECT_EQ(TextOf(python_.Eval("'zoë'").get()), "zoë");
  EXPECT_EQ(TextOf(python_.Eval("'a\\ud800b'").get()), "a\\ud800b");
  EXPECT_EQ(TextOf(python_.Eval("'a\\0b'").get()), std::string("a\0b", 3));
}

TEST_F(PythonError, ReprIsBoundedAndMayRaise) {
  python_.Run(
      "class Rude:\n"
      "    def __repr__(self): raise RuntimeError('no')\n");
  EXPECT_EQ(BoundedRepr(python_.Eval("[1, 'a']").get(), 100), "[1, 'a']");
  EXPECT_EQ(BoundedRepr(python_.Eval("'ééé'").get(), 4), "'é...");
  EXPECT_EQ(BoundedRepr(python_.Eval("Rude()").get(), 100), "<Rude whose repr raised>");
  EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST_F(PythonError, ClassNamesAreThoseOfATraceback) {
  python_.Run(
      "import datetime, sys\n"
      "class Outer:\n"
      "    class Inner: pass\n"
      "class Odd: pass\n"
      "Odd.__module__ = 5\n");
  EXPECT_EQ(ClassName(python_.Eval("5").get()), "int");
  EXPECT_EQ(ClassName(python_.Eval("Outer.Inner()").get()), "Outer.Inner");
  EXPECT_EQ(ClassName(python_.Eval("datetime.date(1, 1, 1)").get()), "datetime.date");
  EXPECT_EQ(ClassName(python_.Eval("Odd()").get()), "Odd");
}

}  // namespace

}  // namespace springald::python

#include "springald/registry/function_registry.h"

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "springald/base/udf_error_testing.h"

namespace springald {

namespace {

using Loaded = arrow::Result<std::shared_ptr<const Function>>;

// The registry knows functions only as pointers, so a number can stand for one.
std::shared_ptr<const Function> FunctionOf(const std::shared_ptr<int>& number) {
  return {number, reinterpret_cast<const Function*>(number.get())};
}

Loaded NewFunction() { return FunctionOf(std::make_shared<int>(0)); }

ContentHash HashOf(const std::string& name) { return ContentHash::Of(name); }

/// A registry with short calls: a name stands for a definition.
struct CountingRegistry {
  explicit CountingRegistry(std::size_t capacity_bytes) : registry(capacity_bytes) {}

  std::shared_ptr<const Function> Get(const std::string& name, std::size_t size_bytes) {
    return registry
        .GetOrLoad(HashOf(name), size_bytes,
                   [this] {
                     ++num_loads;
                     return NewFunction();
                   })
        .ValueOrDie();
  }

  /// Says whether asking for it loads it. Changes which function was used last.
  bool IsLoadedAnew(const std::string& name, std::size_t size_bytes) {
    const int before = num_loads;
    Get(name, size_bytes);
    return num_loads != before;
  }

  FunctionRegistry registry;
  std::atomic<int> num_loads{0};
};

TEST(FunctionRegistry, LoadsEqualHashesOnce) {
  CountingRegistry counting(100);
  const auto first = counting.Get("a", 10);
  EXPECT_EQ(counting.Get("a", 10), first);
  EXPECT_NE(counting.Get("b", 10), first);
  EXPECT_EQ(counting.num_loads, 2);
}

TEST(FunctionRegistry, EightThreadsLoadOnceAndTheOthersWait) {
  constexpr int kNumThreads = 8;
  FunctionRegistry registry(100);
  std::atomic<int> num_loads{0};
  std::atomic<int> num_asking{0};
  std::vector<std::future<std::shared_ptr<const Function>>> functions;
  for (int i = 0; i < kNumThreads; ++i) {
    functions.push_back(std::async(std::launch::async, [&] {
      ++num_asking;
      return registry
          .GetOrLoad(HashOf("a"), 10,
                     [&] {
                       ++num_loads;
                       while (num_asking < kNumThreads) {
                         std::this_thread::yield();
                       }
                       std::this_thread::sleep_for(std::chrono::milliseconds(20));
                       return NewFunction();
                     })
          .ValueOrDie();
    }));
  }
  const auto first = functions.front().get();
  ASSERT_NE(first, nullptr);
  for (std::size_t i = 1; i < functions.size(); ++i) {
    EXPECT_EQ(functions[i].get(), first);
  }
  EXPECT_EQ(num_loads, 1);
}

TEST(FunctionRegistry, RetriesAFailedLoad) {
  CountingRegistry counting(100);
  const auto failed = counting.registry.GetOrLoad(HashOf("a"), 10, [] {
    return Loaded(MakeUdfError(UdfErrorCode::kDependency, "no module named x"));
  });
  ExpectUdfError(failed.status(), UdfErrorCode::kDependency, "no module named x");
  EXPECT_NE(counting.Get("a", 10), nullptr);
  EXPECT_EQ(counting.num_loads, 1);
}

TEST(FunctionRegistry, ThoseWhoWaitGetTheErrorAndMayRetryAtOnce) {
  FunctionRegistry registry(100);
  std::promise<void> started;
  std::promise<void> go_on;
  auto loader = std::async(std::launch::async, [&] {
    return registry.GetOrLoad(HashOf("a"), 10, [&] {
      started.set_value();
      go_on.get_future().wait();
      return Loaded(MakeUdfError(UdfErrorCode::kDependency, "no module named x"));
    });
  });
  started.get_future().wait();
  auto waiter = std::async(std::launch::async, [&] {
    const auto load = [] { return NewFunction(); };
    const auto first = registry.GetOrLoad(HashOf("a"), 10, load);
    return std::pair(first, registry.GetOrLoad(HashOf("a"), 10, load));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  go_on.set_value();
  ExpectUdfError(loader.get().status(), UdfErrorCode::kDependency, "no module");
  const auto [first, second] = waiter.get();
  ExpectUdfError(first.status(), UdfErrorCode::kDependency, "no module");
  EXPECT_TRUE(second.ok()) << second.status().ToString();
}

TEST(FunctionRegistry, AnExceptionInALoadIsForgottenToo) {
  CountingRegistry counting(100);
  EXPECT_THROW(
      static_cast<void>(counting.registry.GetOrLoad(
          HashOf("a"), 10, []() -> Loaded { throw std::runtime_error("out of paper"); })),
      std::runtime_error);
  EXPECT_NE(counting.Get("a", 10), nullptr);
}

TEST(FunctionRegistry, FailedLoadsTakeNoRoom) {
  CountingRegistry counting(100);
  counting.Get("a", 60);
  const auto failed = counting.registry.GetOrLoad(
      HashOf("b"), 40, [] { return Loaded(arrow::Status::Invalid("broken")); });
  EXPECT_TRUE(failed.status().IsInvalid());
  counting.Get("c", 40);
  EXPECT_FALSE(counting.IsLoadedAnew("a", 60));
  EXPECT_FALSE(counting.IsLoadedAnew("c", 40));
}

TEST(FunctionRegistry, ForgetsTheLeastRecentlyUsedOverTheCapacity) {
  CountingRegistry counting(100);
  counting.Get("a", 40);
  counting.Get("b", 40);
  counting.Get("a", 40);
  counting.Get("c", 40);  // forgets b
  EXPECT_FALSE(counting.IsLoadedAnew("a", 40));
  EXPECT_FALSE(counting.IsLoadedAnew("c", 40));
  EXPECT_TRUE(counting.IsLoadedAnew("b", 40));
}

TEST(FunctionRegistry, KeepsWhatFillsTheCapacityExactly) {
  CountingRegistry counting(100);
  counting.Get("a", 60);
  counting.Get("b", 40);
  EXPECT_FALSE(counting.IsLoadedAnew("a", 60));
  EXPECT_FALSE(counting.IsLoadedAnew("b", 40));
}

TEST(FunctionRegistry, KeepsOneThatIsLargerThanTheCapacityAlone) {
  CountingRegistry counting(100);
  counting.Get("a", 40);
  counting.Get("large", 1000);
  EXPECT_FALSE(counting.IsLoadedAnew("large", 1000));
  EXPECT_TRUE(counting.IsLoadedAnew("a", 40));
  EXPECT_TRUE(counting.IsLoadedAnew("large", 1000));
}

TEST(FunctionRegistry, ForgottenFunctionsLiveAsLongAsTheyAreInUse) {
  FunctionRegistry registry(10);
  auto number = std::make_shared<int>(5);
  const std::weak_ptr<int> alive = number;
  auto used =
      registry
          .GetOrLoad(HashOf("a"), 10, [&number] { return Loaded(FunctionOf(number)); })
          .ValueOrDie();
  number.reset();
  ASSERT_TRUE(registry.GetOrLoad(HashOf("b"), 10, NewFunction).ok());
  EXPECT_FALSE(alive.expired());
  used.reset();
  EXPECT_TRUE(alive.expired());
}

TEST(FunctionRegistry, OneThatIsBeingLoadedIsNotEvicted) {
  FunctionRegistry registry(10);
  std::atomic<int> num_loads{0};
  std::future<Loaded> waiter;
  const auto load = [&]() -> Loaded {
    ++num_loads;
    // Fills the capacity while this one is not there yet.
    ARROW_RETURN_NOT_OK(registry.GetOrLoad(HashOf("b"), 10, NewFunction));
    waiter = std::async(std::launch::async, [&] {
      return registry.GetOrLoad(HashOf("a"), 10, [&] {
        ++num_loads;
        return NewFunction();
      });
    });
    EXPECT_EQ(waiter.wait_for(std::chrono::milliseconds(50)),
              std::future_status::timeout);
    return NewFunction();
  };
  const auto loaded = registry.GetOrLoad(HashOf("a"), 10, load);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(waiter.get().ValueOrDie(), *loaded);
  EXPECT_EQ(num_loads, 1);
}

TEST(FunctionRegistry, EvictsWhenALoadThatKeptItBackEnds) {
  CountingRegistry counting(10);
  ASSERT_TRUE(counting.registry
                  .GetOrLoad(HashOf("a"), 10,
                             [&counting] {
                               counting.Get("b", 10);
                               return NewFunction();
                             })
                  .ok());
  EXPECT_FALSE(counting.IsLoadedAnew("b", 10));
  EXPECT_TRUE(counting.IsLoadedAnew("a", 10));
}

TEST(FunctionRegistry, HoldsNoLockWhileItLoads) {
  FunctionRegistry registry(100);
  const auto outer = registry.GetOrLoad(HashOf("outer"), 10, [&registry] {
    return registry.GetOrLoad(HashOf("inner"), 10, NewFunction);
  });
  ASSERT_TRUE(outer.ok());
  EXPECT_EQ(registry.GetOrLoad(HashOf("inner"), 10, NewFunction).ValueOrDie(), *outer);
}

TEST(FunctionRegistry, HoldsNoLockWhileItForgets) {
  FunctionRegistry registry(10);
  bool is_forgotten = false;
  ASSERT_TRUE(
      registry
          .GetOrLoad(HashOf("a"), 10,
                     [&] {
                       return Loaded(
                           FunctionOf(std::shared_ptr<int>(new int(0), [&](int* number) {
                             delete number;
                             is_forgotten =
                                 registry.GetOrLoad(HashOf("b"), 10, NewFunction).ok();
                           })));
                     })
          .ok());
  ASSERT_TRUE(registry.GetOrLoad(HashOf("b"), 10, NewFunction).ok());
  EXPECT_TRUE(is_forgotten);
}

}  // namespace

}  // namespace springald

// SPDX-License-Identifier: Apache-2.0
/// \file
/// Models as the compiler would describe them, with kernels written by hand.
#ifndef DLC_TEST_UNIT_RUNTIME_FAKEMODEL_H
#define DLC_TEST_UNIT_RUNTIME_FAKEMODEL_H

#include "dlc/runtime.h"

#include <atomic>
#include <cstdlib>
#include <vector>

/// Two entry points:
///   run(x: f32[N, 4]) -> y: f32[N, 4] = 2 x + prepared, N from 0 to 100000, one parallel launch over rows;
///   mix(a: i8[3], n: f64[], b: f32[N, 2], c: f32[N]) -> s: f64[], t: bf16[2 N + 1 (computed)], with an index error
///     if a[0] is 99, and a kernel that needs scratch.
/// `prepare` multiplies the four constants by ten.
extern const dlc_model fakeModel;
/// The same under another name, as from a second library.
extern const dlc_model otherFakeModel;

/// How often `prepare` ran.
extern std::atomic<int> prepareCalls;
/// Lets `prepare` fail with this status.
extern std::atomic<int> prepareStatus;
/// Bytes that mix takes from halide_malloc.
extern std::atomic<size_t> scratchDemand;
/// Microseconds that one row of `run` takes.
extern std::atomic<int> rowMicroseconds;
/// Called in every task of `run`, and in `prepare`, if set.
extern std::atomic<void (*)()> taskHook, prepareHook;

/// An allocator that counts, and can run dry.
struct CountingAllocator {
  std::atomic<int> allocations{0}, alive{0};
  std::atomic<int> remaining{1 << 30};

  dlc_allocator interface() {
    return {[](void *self, dlc_uint64 bytes, dlc_uint64 alignment) -> void * {
              auto *counts = static_cast<CountingAllocator *>(self);
              if (counts->remaining.fetch_sub(1) <= 0)
                return nullptr;
              ++counts->allocations;
              ++counts->alive;
              return std::aligned_alloc(alignment, bytes);
            },
            [](void *self, void *memory, dlc_uint64) {
              --static_cast<CountingAllocator *>(self)->alive;
              std::free(memory);
            },
            this};
  }
};

inline dlc_context_options makeOptions(dlc_uint32 threads = 1, const dlc_executor *executor = nullptr) {
  dlc_context_options options = {};
  options.struct_bytes = sizeof options;
  options.threads = threads;
  options.executor = executor;
  return options;
}

/// Input and output of fakeModel's run for `rows` rows.
struct Rows {
  std::vector<float> x, y;
  dlc_int64 shape[2];
  dlc_tensor input, output;

  explicit Rows(dlc_int64 rows) : x(rows * 4 + 1), y(rows * 4 + 1, -1.0f), shape{rows, 4} {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i);
    input = dlc_tensor_of(x.data(), DLC_F32, 2, shape);
    output = dlc_tensor_of(y.data(), DLC_F32, 2, shape);
  }
  Rows(const Rows &) = delete;

  dlc_int32 run(dlc_context *context) {
    return dlc_run(context, dlc_find_entry(context->model, "run"), &input, 1, &output, 1);
  }
  /// Whether every element is right and the one behind the last untouched.
  bool isRight() const {
    for (size_t i = 0; i + 1 < y.size(); ++i)
      if (y[i] != 2.0f * static_cast<float>(i) + 10.0f * static_cast<float>(i % 4 + 1))
        return false;
    return y.back() == -1.0f;
  }
};

#endif // DLC_TEST_UNIT_RUNTIME_FAKEMODEL_H

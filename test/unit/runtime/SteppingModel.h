// SPDX-License-Identifier: Apache-2.0
/// \file
/// A model of many launches, written by hand as the compiler would describe it.
#ifndef DLC_TEST_UNIT_RUNTIME_STEPPINGMODEL_H
#define DLC_TEST_UNIT_RUNTIME_STEPPINGMODEL_H

#include "dlc/runtime.h"

#include <atomic>
#include <functional>

/// One entry point, step(count: i64[2], x: f32[8]) -> y: f32[8], double: f32[N] (computed, N = 8): as many launches
/// as count[0] says, each of which adds x to y and to the state `total` f32[8], by all threads; from launch count[1]
/// on they also add 1 to the model's only variable, `w` f32[]. `double` is 2 y.
extern const dlc_model steppingModel;

/// Called before each launch with its number, on the thread that runs the model, if set.
extern std::function<void(dlc_int64)> beforeLaunch;
/// Called in each task, on the thread that runs it, if set.
extern std::atomic<void (*)()> inTask;

/// What each task returns then, instead of computing.
extern std::atomic<dlc_int32> taskStatus;

/// A context of the model, its variable, and the tensors of a run.
struct Stepper {
  dlc_int64 count[2] = {1, 1 << 30};
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {}, twice[8] = {};
  alignas(64) float block[16] = {};
  dlc_context *context = nullptr;

  explicit Stepper(dlc_uint32 threads = 1, dlc_uint32 flags = 0);
  ~Stepper() { dlc_context_release(context); }
  Stepper(const Stepper &) = delete;

  /// Runs `launches` launches, those from number `overwriting` on change the variable.
  dlc_int32 run(dlc_int64 launches, dlc_int64 overwriting = 1 << 30, bool wantsY = true, bool wantsDouble = true);
  /// The first element of the state; 0 before any run.
  float total();
  float variable() const { return block[0]; }
};

#endif // DLC_TEST_UNIT_RUNTIME_STEPPINGMODEL_H
